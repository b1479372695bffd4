// SPDX-License-Identifier: BSD-2-Clause
// Attribution of accepts, for every way in which servers share a listening socket.
#include <cmath>
#include <map>

#include "shared.hpp"

namespace acceptscope::test {
namespace {

class Accepting : public TruthTest {};

TRUTH_TEST(Accepting, EpollWorkersThatShareASocket,
           {.workload = {"--workers", "4", "--connections", "60", "--hold-ms", "0,5,20"}})

TRUTH_TEST(Accepting, EpollWorkersThatEmptyTheQueueAtEachWakeUp,
           {.workload = {"--workers", "4", "--connections", "60", "--drain", "--exclusive", "--gate"}})

SHARED_PLAN(Accepting, WorkersWithASocketEach, {.workload = {"--workers", "4", "--connections", "60", "--reuseport"}});
TEST_P(Accepting, WorkersWithASocketEach) {
  expect_truth_of_shared_plan();
  if (!is_exact()) return;
  ASSERT_EQ(outcome_.traced.dump["services"].size(), 1U) << "SO_REUSEPORT sockets on one address are one service";
  EXPECT_EQ(outcome_.traced.dump["services"][0]["reuseport"], true);
}

TRUTH_TEST(Accepting, WorkersThatBlockInAcceptSinceBeforeTheTracingBegan,
           {.workload = {"--workers", "8", "--connections", "60", "--accept", "blocking"}})

TRUTH_TEST(Accepting, WorkersBornAfterTheTracingBegan,
           {.workload = {"--workers", "4", "--connections", "40", "--late-workers"}})

TRUTH_TEST(Accepting, ThreadsCountForTheirProcess,
           {.workload = {"--workers", "2", "--threads", "3", "--connections", "60"}})

SHARED_PLAN(Accepting, ThreadsAreWorkersWhenAskedFor,
            {.workload = {"--workers", "2", "--threads", "3", "--connections", "60"}, .tracer = {"--by", "thread"}},
            {.by_thread = true});
TEST_P(Accepting, ThreadsAreWorkersWhenAskedFor) {
  expect_truth_of_shared_plan();
  if (!is_exact()) return;
  EXPECT_EQ(outcome_.traced.dump["run"]["by"], "thread");
}

TRUTH_TEST(Accepting, ThreadsThatBlockInAcceptAreTold,
           {.workload = {"--workers", "1", "--threads", "6", "--connections", "40", "--accept", "blocking"},
            .tracer = {"--by", "thread"}},
           {.by_thread = true})

SHARED_PLAN(Accepting, SeveralServicesAtOnce,
            {.workload = {"--services", "4", "--workers", "2", "--connections", "30"}});
TEST_P(Accepting, SeveralServicesAtOnce) {
  expect_truth_of_shared_plan();
  if (!is_exact()) return;
  EXPECT_EQ(outcome_.traced.dump["services"].size(), 4U);
}

TRUTH_TEST(Accepting, WorkersThatServeSeveralServicesHaveARowInEach,
           {.workload = {"--services", "3", "--workers", "2", "--connections", "30", "--share-services"}})

SHARED_PLAN(Accepting, OpenConnectionsAreListedWithTheirBytes,
            {.workload = {"--workers", "3", "--connections", "30", "--end", "hold,peer"}});
TEST_P(Accepting, OpenConnectionsAreListedWithTheirBytes) {
  expect_truth_of_shared_plan();
  if (!is_exact()) return;
  EXPECT_EQ(outcome_.traced.dump["totals"]["open"], 15);
}

SHARED_PLAN(Accepting, TimeInTheAcceptQueueIsMeasured,
            {.workload = {"--workers", "2", "--connections", "12", "--gate", "--gate-ms", "60"}});
TEST_P(Accepting, TimeInTheAcceptQueueIsMeasured) {
  expect_truth_of_shared_plan();
  if (!is_exact()) return;
  const json& service = outcome_.traced.dump["services"][0];
  for (const json& record : outcome_.traced.dump["connections"]) {
    EXPECT_GE(record["accept_wait_seconds"].get<double>(), 0.059);
  }
  EXPECT_GE(service["accept_wait_seconds"]["p50"].get<double>(), 0.05);
  if (backend() == "tracepoint" && kernel_version() < 515) return;  // unknown there, see differences.json
  // The tracepoint backend reads the depth at system call exit: the other worker may have taken a connection by then.
  EXPECT_GE(service["accept_queue"]["depth_max"].get<int>(), backend() == "tracepoint" ? 11 : 12);
}

SHARED_PLAN(Accepting, ConnectionsQueuedBeforeTheTracingBeganHaveAnAcceptButNoWait,
            {.workload = {"--workers", "2", "--connections", "10", "--gate"}, .queued_before = true},
            {.waits_known = false});
TEST_P(Accepting, ConnectionsQueuedBeforeTheTracingBeganHaveAnAcceptButNoWait) {
  expect_truth_of_shared_plan();
  if (!is_exact()) return;
  for (const json& record : outcome_.traced.dump["connections"]) EXPECT_EQ(record["accept_wait_seconds"], nullptr);
}

/// An emulated CPU would take minutes for 20,000 connections.
int many_connections() { return time_factor() > 4 ? 500 : 20000; }

SHARED_PLAN(Accepting, TwentyThousandShortConnectionsOverEightWorkers,
            {.workload = {"--workers", "8", "--connections", std::to_string(many_connections()), "--concurrency",
                          "16"}});
TEST_P(Accepting, TwentyThousandShortConnectionsOverEightWorkers) {
  const int count = many_connections();
  expect_truth_of_shared_plan();
  if (!is_exact()) return;
  EXPECT_EQ(outcome_.traced.dump["totals"]["accepts"], count);
  // From the server's own time stamps, without allowing for the time between the event and the time stamp.
  std::map<int, const TrueConnection*> by_port;
  const Truth truth = truth_of(outcome_.truth);
  for (const TrueConnection& connection : truth.connections) {
    const auto [place, fresh] = by_port.emplace(connection.peer_port, &connection);
    if (!fresh) place->second = nullptr;  // a reused port: skipped here
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
  // The fewer connections an emulated CPU makes in a time slice, the more of them have its end in between.
  EXPECT_LE(off, compared / (time_factor() > 4 ? 25 : 100)) << "of " << compared;
}

/// Processing in userspace, independent of the backend.
class Listing : public Accepting {};

TEST_P(Listing, TheDumpListsNoMoreConnectionsThanAskedFor) {
  const Outcome outcome = undisturbed([&] {
    return trace(backend(), {.workload = {"--connections", "50"}, .tracer = {"--dump-connections", "20"}});
  });
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  const Truth truth = truth_of(outcome.truth);
  const json& dump = outcome.traced.dump;
  if (programs_skipped(dump) == 0) {
    expect_true_totals(truth, dump);
    expect_true_workers(truth, dump);
    expect_true_connections(truth, connections_of(dump), {.every_record = false});
  }
  EXPECT_EQ(dump["connections"].size(), 20U);
  expect_count("connections that are left out", dump, dump["connections_omitted"], 30);
  expect_count("lines of the log", dump, outcome.traced.log.size(), 50);
}

INSTANTIATE_TEST_SUITE_P(, Accepting, all_backends(), backend_name);
INSTANTIATE_TEST_SUITE_P(, Listing, testing::Values("auto"), backend_name);

}  // namespace
}  // namespace acceptscope::test
