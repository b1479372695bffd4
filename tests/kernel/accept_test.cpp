// SPDX-License-Identifier: BSD-2-Clause
// Who accepted: every way in which servers share a listening socket.
#include <cmath>
#include <map>

#include "comparison.hpp"

namespace acceptscope::test {
namespace {

class Accepting : public TruthTest {};

TEST_P(Accepting, EpollWorkersThatShareASocket) {
  expect_truth_of({.workload = {"--workers", "4", "--connections", "60", "--hold-ms", "0,5,20"}});
}

TEST_P(Accepting, EpollWorkersThatEmptyTheQueueAtEachWakeUp) {
  expect_truth_of({.workload = {"--workers", "4", "--connections", "60", "--drain", "--exclusive", "--gate"}});
}

TEST_P(Accepting, WorkersWithASocketEach) {
  expect_truth_of({.workload = {"--workers", "4", "--connections", "60", "--reuseport"}});
  if (IsSkipped() || HasFailure()) return;
  ASSERT_EQ(outcome_.traced.dump["services"].size(), 1U) << "SO_REUSEPORT sockets on one address are one service";
  EXPECT_EQ(outcome_.traced.dump["services"][0]["reuseport"], true);
}

TEST_P(Accepting, WorkersThatBlockInAcceptSinceBeforeTheTracingBegan) {
  expect_truth_of({.workload = {"--workers", "8", "--connections", "60", "--accept", "blocking"}});
}

TEST_P(Accepting, WorkersBornAfterTheTracingBegan) {
  expect_truth_of({.workload = {"--workers", "4", "--connections", "40", "--late-workers"}});
}

TEST_P(Accepting, ThreadsCountForTheirProcess) {
  expect_truth_of({.workload = {"--workers", "2", "--threads", "3", "--connections", "60"}});
}

TEST_P(Accepting, ThreadsAreWorkersWhenAskedFor) {
  expect_truth_of({.workload = {"--workers", "2", "--threads", "3", "--connections", "60"},
                   .tracer = {"--by", "thread"}},
                  {.by_thread = true});
  if (IsSkipped() || HasFailure()) return;
  EXPECT_EQ(outcome_.traced.dump["run"]["by"], "thread");
}

TEST_P(Accepting, ThreadsThatBlockInAcceptAreTold) {
  expect_truth_of({.workload = {"--workers", "1", "--threads", "6", "--connections", "40", "--accept", "blocking"},
                   .tracer = {"--by", "thread"}},
                  {.by_thread = true});
}

TEST_P(Accepting, SeveralServicesAtOnce) {
  expect_truth_of({.workload = {"--services", "4", "--workers", "2", "--connections", "30"}});
  if (IsSkipped() || HasFailure()) return;
  EXPECT_EQ(outcome_.traced.dump["services"].size(), 4U);
}

TEST_P(Accepting, WorkersThatServeSeveralServicesHaveARowInEach) {
  expect_truth_of({.workload = {"--services", "3", "--workers", "2", "--connections", "30", "--share-services"}});
}

TEST_P(Accepting, OpenConnectionsAreListedWithTheirBytes) {
  expect_truth_of({.workload = {"--workers", "3", "--connections", "30", "--end", "hold,peer"}});
  if (IsSkipped() || HasFailure()) return;
  EXPECT_EQ(outcome_.traced.dump["totals"]["open"], 15);
}

TEST_P(Accepting, TimeInTheAcceptQueueIsMeasured) {
  expect_truth_of({.workload = {"--workers", "2", "--connections", "12", "--gate", "--gate-ms", "60"}});
  if (IsSkipped() || HasFailure()) return;
  const json& service = outcome_.traced.dump["services"][0];
  for (const json& record : outcome_.traced.dump["connections"]) {
    EXPECT_GE(record["accept_wait_seconds"].get<double>(), 0.059);
  }
  EXPECT_GE(service["accept_wait_seconds"]["p50"].get<double>(), 0.05);
  // The tracepoint backend reads the depth when the system call ends: the other worker may have taken one more by then.
  EXPECT_GE(service["accept_queue"]["depth_max"].get<int>(), backend() == "tracepoint" ? 11 : 12);
}

TEST_P(Accepting, ConnectionsQueuedBeforeTheTracingBeganHaveAnAcceptButNoWait) {
  Workload workload({"--workers", "2", "--connections", "10", "--gate"});
  ASSERT_EQ(workload.proceed()["phase"], "queued");
  Tracer tracer(backend(), {"--port", workload.ports()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  workload.make_traffic();
  const Traced traced = tracer.stop();
  expect_truth(truth_of(workload.finish()), traced, {.waits_known = false});
  if (HasFailure()) return;
  for (const json& record : traced.dump["connections"]) EXPECT_EQ(record["accept_wait_seconds"], nullptr);
}

TEST_P(Accepting, ConnectionsAcceptedBeforeTheTracingBeganAreNobodysAccept) {
  Workload workload({"--workers", "2", "--connections", "10", "--end", "hold"});
  workload.make_traffic();
  Tracer tracer(backend(), {"--port", workload.ports()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  workload.finish();
  const Traced traced = tracer.stop();
  ASSERT_FALSE(traced.dump.is_null()) << traced.errors;
  EXPECT_EQ(traced.dump["totals"]["accepts"], 0);
  EXPECT_EQ(traced.dump["totals"]["closes"], 0);
  for (const json& record : traced.dump["connections"]) EXPECT_EQ(record["accepted_at"], nullptr) << record;
}

TEST_P(Accepting, TwentyThousandShortConnectionsOverEightWorkers) {
  const int count = time_factor() > 4 ? 2000 : 20000;  // an emulated processor takes minutes for all of them
  expect_truth_of(
      {.workload = {"--workers", "8", "--connections", std::to_string(count), "--concurrency", "16"}});
  if (IsSkipped() || HasFailure()) return;
  EXPECT_EQ(outcome_.traced.dump["totals"]["accepts"], count);
  // By the server's own clock readings, without allowing for the moments in which they cannot be taken.
  std::map<int, const TrueConnection*> by_port;
  const Truth truth = truth_of(outcome_.truth);
  for (const TrueConnection& connection : truth.connections) {
    const auto [place, fresh] = by_port.emplace(connection.peer_port, &connection);
    if (!fresh) place->second = nullptr;  // a re-used port: not worth telling apart here
  }
  int compared = 0;
  int off = 0;
  for (const json& record : outcome_.traced.dump["connections"]) {
    const TrueConnection* connection = by_port[record["peer"]["port"].get<int>()];
    if (connection == nullptr) continue;
    const double own = static_cast<double>(*connection->closing_ns - connection->accepted_ns) * 1e-9;
    ++compared;
    off += std::abs(record["lifetime_seconds"].get<double>() - own) > tolerance_seconds(own) ? 1 : 0;
  }
  RecordProperty("lifetimes_compared", compared);
  RecordProperty("lifetimes_off_by_preemption", off);
  EXPECT_GT(compared, count / 4);
  EXPECT_LE(off, compared / 100) << "of " << compared;
}

TEST_P(Accepting, TheDumpListsNoMoreConnectionsThanAskedFor) {
  const Outcome outcome =
      trace(backend(), {.workload = {"--connections", "50"}, .tracer = {"--dump-connections", "20"}});
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  const Truth truth = truth_of(outcome.truth);
  expect_true_totals(truth, outcome.traced.dump);
  expect_true_workers(truth, outcome.traced.dump);
  expect_true_connections(truth, connections_of(outcome.traced.dump), {.every_record = false});
  EXPECT_EQ(outcome.traced.dump["connections"].size(), 20U);
  EXPECT_EQ(outcome.traced.dump["connections_omitted"], 30);
  EXPECT_EQ(outcome.traced.log.size(), 50U);
}

INSTANTIATE_TEST_SUITE_P(, Accepting, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
