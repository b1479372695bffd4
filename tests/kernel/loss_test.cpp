// SPDX-License-Identifier: BSD-2-Clause
// If a buffer or map is too small, losses are counted and shown, and everything else stays correct. If the kernel skips
// programs in addition, counts may be off by at most the number of skips; attribution must still be right.
#include <map>
#include <set>

#include "comparison.hpp"

namespace acceptscope::test {
namespace {

class Losing : public BackendTest {
 protected:
  /// Whether every figure must be exact. If not, the records that exist must still name the right process.
  static bool is_undisturbed(const Truth& truth, const Traced& traced) {
    if (programs_skipped(traced.dump) == 0) return true;
    std::map<int, std::set<int>> owners;
    for (const TrueConnection& connection : truth.connections) owners[connection.peer_port].insert(connection.pid);
    for (const json& record : traced.dump["connections"]) {
      if (record["pid"].is_null()) continue;
      EXPECT_TRUE(owners[record["peer"]["port"].get<int>()].contains(record["pid"].get<int>())) << record;
    }
    return false;
  }

  static std::uint64_t accepts_of_workers(const json& dump) {
    std::uint64_t accepts = 0;
    for (const json& worker : dump["services"][0]["workers"]) accepts += worker["accepts"].get<std::uint64_t>();
    return accepts;
  }
};

/// One user's connections leave an eighth of the map for others.
constexpr const char* kRoomForSixteen = "18";

TEST_P(Losing, AFullRingBufferLosesDetailsButNoTotal) {
  Workload workload({"--workers", "4", "--connections", "500"});
  Tracer tracer(backend(), {"--port", workload.ports(), "--ring-bytes", "4096"});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  tracer.signal(SIGSTOP);  // stops reading the ring buffer
  const Truth truth = truth_of(workload.make_traffic());
  tracer.signal(SIGCONT);
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  const json& dump = traced.dump;
  if (is_undisturbed(truth, traced)) {
    expect_true_totals(truth, dump);
    expect_true_workers(truth, dump);
    expect_true_connections(truth, connections_of(dump), {.every_record = false});
    expect_true_connections(truth, traced.log, {.every_record = false});
  }
  const std::uint64_t lost = dump["losses"]["ring_full"].get<std::uint64_t>();
  EXPECT_GT(lost, 0U);
  expect_count("accepts", dump, dump["totals"]["accepts"], 500);
  expect_count("closes", dump, dump["totals"]["closes"], 500);
  expect_count("lost and told records", dump, lost + dump["connections"].size(), 500);
  EXPECT_EQ(traced.log.size(), dump["connections"].size());
  EXPECT_EQ(dump["consistency"]["broken"], json::array());
  EXPECT_NE(traced.output.find(std::to_string(lost)), std::string::npos)
      << "the summary does not show the " << lost << " lost records:\n"
      << traced.output;
}

TEST_P(Losing, AFullConnectionMapFollowsFewerConnectionsToTheirEndAndMisattributesNone) {
  const Outcome outcome = trace(backend(), {.workload = {"--workers", "4", "--connections", "64", "--end", "hold"},
                                            .tracer = {"--max-connections", kRoomForSixteen},
                                            .finish_while_traced = true});
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  const Truth truth = truth_of(outcome.truth);
  const Traced& traced = outcome.traced;

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  const json& dump = traced.dump;
  if (is_undisturbed(truth, traced)) {
    expect_true_connections(truth, connections_of(dump), {.waits_known = false, .every_record = false});
  }
  const json& untracked = dump["losses"]["connection_map_full"];
  expect_count("untracked accepts", dump, untracked, 64 - 16);
  expect_count("accepts", dump, dump["totals"]["accepts"], 64);
  expect_count("accepts of workers, tracked or not", dump, accepts_of_workers(dump), 64);
  expect_count("closes", dump, dump["totals"]["closes"], 16);
  expect_count("open", dump, dump["totals"]["open"], 0);
  expect_count("records", dump, dump["connections"].size(), 16);
  EXPECT_EQ(dump["consistency"]["broken"], json::array());
  EXPECT_NE(traced.output.find(std::to_string(untracked.get<int>())), std::string::npos) << traced.output;
}

/// One connection in the accept queue. It makes the program walk once more at its end, to see whether a process holds
/// the connection.
class Waiting {
 public:
  Waiting() : workload_({"--connections", "1", "--gate"}) {}
  [[nodiscard]] std::string ports() const { return workload_.ports(); }
  void enqueue() { workload_.proceed(); }

 private:
  Workload workload_;
};

TEST_P(Losing, AnUntrackedConnectionIsCountedOnceThoughAWalkMeetsItWhenThereIsRoomAgain) {
  Waiting waiting;
  Workload workload({"--workers", "4", "--connections", "64", "--end", "local,hold"});
  Tracer tracer(backend(), {"--port", waiting.ports() + "," + workload.ports(), "--max-connections", kRoomForSixteen});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  waiting.enqueue();
  workload.make_traffic();
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  const json& dump = traced.dump;
  const json& totals = dump["totals"];
  const std::uint64_t untracked = dump["losses"]["connection_map_full"].get<std::uint64_t>();
  EXPECT_GT(untracked, 0U);
  expect_count("accepts", dump, totals["accepts"], 64);
  expect_count("accepts found by a walk", dump, dump["losses"]["missed_accept"], 0);
  expect_count("untracked, closed and open", dump,
               untracked + totals["closes"].get<std::uint64_t>() + totals["open"].get<std::uint64_t>(), 64);
  EXPECT_EQ(dump["consistency"]["broken"], json::array());
}

TEST_P(Losing, PreexistingConnectionsBeyondTheMapAreCountedOnce) {
  Waiting waiting;
  Workload tracked({"--connections", "16", "--end", "hold"});  // walks go by pid: the first processes fill the map
  Workload untracked({"--workers", "4", "--connections", "64", "--end", "hold"});
  tracked.make_traffic();
  untracked.make_traffic();
  Tracer tracer(backend(), {"--port", waiting.ports() + "," + tracked.ports() + "," + untracked.ports(),
                            "--max-connections", kRoomForSixteen});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  tracked.finish();
  waiting.enqueue();
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  const json& dump = traced.dump;
  EXPECT_EQ(dump["totals"]["preexisting"], 16 + 64);
  EXPECT_EQ(dump["totals"]["accepts"], 0);
  EXPECT_EQ(dump["losses"]["connection_map_full"], 64);
  EXPECT_EQ(dump["losses"]["missed_accept"], 0);
  EXPECT_EQ(dump["consistency"]["broken"], json::array());
}

TEST_P(Losing, AFullWorkerMapCountsForTheServiceOnly) {
  const Outcome outcome = trace(backend(), {.workload = {"--workers", "6", "--connections", "120", "--reuseport"},
                                            .tracer = {"--max-workers", "2"}});
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  const Truth truth = truth_of(outcome.truth);
  const Traced& traced = outcome.traced;

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  const json& dump = traced.dump;
  if (is_undisturbed(truth, traced)) {
    expect_true_connections(truth, connections_of(dump), {.comms_known = false});
  }
  const std::uint64_t unattributed = dump["losses"]["worker_map_full"].get<std::uint64_t>();
  EXPECT_GT(unattributed, 0U);
  expect_count("accepts", dump, dump["services"][0]["accepts"], 120);
  expect_count("accepts with and without a row", dump, accepts_of_workers(dump) + unattributed, 120);
}

TEST_P(Losing, AFullServiceMapCountsForTheWorkersOnly) {
  const Outcome outcome = trace(backend(), {.workload = {"--services", "3", "--workers", "2", "--connections", "40"},
                                            .tracer = {"--max-services", "2"}});
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  const Truth truth = truth_of(outcome.truth);
  const Traced& traced = outcome.traced;

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  const json& dump = traced.dump;
  if (is_undisturbed(truth, traced)) {
    expect_true_totals(truth, dump);
    expect_true_workers(truth, dump);
    expect_true_connections(truth, connections_of(dump));
  }
  expect_count("connections without a service's counters", dump, dump["losses"]["service_map_full"], 40);
  expect_count("accepts", dump, dump["totals"]["accepts"], 120);
  EXPECT_EQ(dump["consistency"]["broken"], json::array());
}

INSTANTIATE_TEST_SUITE_P(, Losing, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
