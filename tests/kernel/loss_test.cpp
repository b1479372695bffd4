// SPDX-License-Identifier: BSD-2-Clause
// When something is too small, what is lost is counted and shown, and what is not lost is true.
#include "comparison.hpp"

namespace acceptscope::test {
namespace {

class Losing : public BackendTest {};

TEST_P(Losing, AFullRingBufferLosesDetailsButNoTotal) {
  const Outcome outcome = undisturbed([&] {
    Workload workload({"--workers", "4", "--connections", "500"});
    Tracer tracer(backend(), {"--port", workload.ports(), "--ring-bytes", "4096"});
    if (!tracer.starts()) return Outcome{.refusal = tracer.refusal()};
    tracer.signal(SIGSTOP);  // nobody reads the ring
    const json truth = workload.make_traffic();
    tracer.signal(SIGCONT);
    return Outcome{.truth = truth, .traced = tracer.stop()};
  });
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  const Truth truth = truth_of(outcome.truth);
  const Traced& traced = outcome.traced;

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  expect_true_totals(truth, traced.dump);
  expect_true_workers(truth, traced.dump);
  expect_true_connections(truth, connections_of(traced.dump), {.every_record = false});
  expect_true_connections(truth, traced.log, {.every_record = false});
  const std::uint64_t lost = traced.dump["losses"]["ring_full"].get<std::uint64_t>();
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(lost + traced.dump["connections"].size(), 500U);
  EXPECT_EQ(traced.log.size(), traced.dump["connections"].size());
  EXPECT_EQ(traced.dump["consistency"]["broken"], json::array());
  EXPECT_NE(traced.output.find(std::to_string(lost)), std::string::npos)
      << "the summary does not show the " << lost << " lost records:\n" << traced.output;
}

TEST_P(Losing, AFullConnectionMapFollowsFewerConnectionsAndMisattributesNone) {
  const Outcome outcome = undisturbed([&] {
    return trace(backend(), {.workload = {"--workers", "4", "--connections", "64", "--end", "hold"},
                             .tracer = {"--max-connections", "16"}});
  });
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  const Truth truth = truth_of(outcome.truth);
  const Traced& traced = outcome.traced;

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  const json& totals = traced.dump["totals"];
  const std::uint64_t untracked = traced.dump["losses"]["connection_map_full"].get<std::uint64_t>();
  EXPECT_EQ(untracked, 64U - 16U);
  EXPECT_EQ(totals["accepts"], 64);
  EXPECT_EQ(totals["closes"], 0);
  EXPECT_EQ(totals["open"].get<std::uint64_t>() + untracked, 64U);
  EXPECT_EQ(traced.dump["connections"].size(), 16U);
  expect_true_connections(truth, connections_of(traced.dump), {.waits_known = false, .every_record = false});
  EXPECT_EQ(traced.dump["consistency"]["broken"], json::array());
  EXPECT_NE(traced.output.find(std::to_string(untracked)), std::string::npos) << traced.output;
}

TEST_P(Losing, AfterAFullConnectionMapClosesAreStillThoseOfTheirConnections) {
  const Outcome outcome = undisturbed([&] {
    return trace(backend(), {.workload = {"--workers", "4", "--connections", "64", "--end", "hold"},
                             .tracer = {"--max-connections", "16"},
                             .finish_while_traced = true});
  });
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  const Truth truth = truth_of(outcome.truth);
  const Traced& traced = outcome.traced;

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  const json& totals = traced.dump["totals"];
  const std::uint64_t untracked = traced.dump["losses"]["connection_map_full"].get<std::uint64_t>();
  EXPECT_EQ(totals["accepts"], 64);
  EXPECT_EQ(totals["closes"].get<std::uint64_t>() + totals["open"].get<std::uint64_t>() + untracked, 64U);
  EXPECT_EQ(totals["open"], 0);
  expect_true_connections(truth, connections_of(traced.dump), {.waits_known = false, .every_record = false});
  std::uint64_t accepts_of_workers = 0;
  for (const json& worker : traced.dump["services"][0]["workers"]) {
    accepts_of_workers += worker["accepts"].get<std::uint64_t>();
  }
  EXPECT_EQ(accepts_of_workers, 64U) << "an accept counts for its worker, tracked or not";
}

TEST_P(Losing, AFullWorkerMapCountsForTheServiceOnly) {
  const Outcome outcome = undisturbed([&] {
    return trace(backend(), {.workload = {"--workers", "6", "--connections", "120", "--reuseport"},
                             .tracer = {"--max-workers", "2"}});
  });
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  const Truth truth = truth_of(outcome.truth);
  const Traced& traced = outcome.traced;

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  EXPECT_EQ(traced.dump["services"][0]["accepts"], 120);
  std::uint64_t accepts_of_workers = 0;
  for (const json& worker : traced.dump["services"][0]["workers"]) {
    accepts_of_workers += worker["accepts"].get<std::uint64_t>();
  }
  EXPECT_EQ(accepts_of_workers + traced.dump["losses"]["worker_map_full"].get<std::uint64_t>(), 120U);
  expect_true_connections(truth, connections_of(traced.dump), {.comms_known = false});
}

INSTANTIATE_TEST_SUITE_P(, Losing, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
