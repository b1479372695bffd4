// SPDX-License-Identifier: BSD-2-Clause
// Connections that were open when tracing began: found once, distinguished from accepts, counted until they end.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>

#include "comparison.hpp"

namespace acceptscope::test {
namespace {

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// Connection records by client port, without ports that were used twice, because their records are ambiguous.
std::map<int, json> records_by_port(const json& dump) {
  std::map<int, json> records;
  std::map<int, int> uses;
  for (const json& record : dump["connections"]) {
    const int port = record["peer"]["port"].get<int>();
    ++uses[port];
    records[port] = record;
  }
  std::erase_if(records, [&](const auto& entry) { return uses[entry.first] > 1; });
  return records;
}

class Preexisting : public BackendTest {};

/// Tolerates as many failed expectations as programs were skipped; reports any beyond that.
class Budget {
 public:
  explicit Budget(const json& dump) : left_(programs_skipped(dump)), is_exact_(left_ == 0) {
    if (is_exact_) expect_nothing_lost(dump);
  }
  [[nodiscard]] bool is_exact() const { return is_exact_; }
  void expect(bool holds, const std::string& what) {
    if (!holds && left_-- == 0) {
      ADD_FAILURE() << what;
      left_ = 0;
    }
  }

 private:
  std::uint64_t left_;
  bool is_exact_;
};

TEST_P(Preexisting, HeldOnesAreFoundWithTheirOwnersAndCountedToTheirEnd) {
  Workload workload({"--workers", "3", "--connections", "30", "--end", "hold"});
  workload.make_traffic();
  Tracer tracer(backend(), {"--port", workload.ports()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const Truth truth = truth_of(workload.finish());
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  Budget budget(traced.dump);
  EXPECT_EQ(traced.dump["totals"]["accepts"], 0);
  EXPECT_EQ(traced.dump["totals"]["closes"], 0);
  EXPECT_EQ(traced.dump["totals"]["preexisting"], 30);
  EXPECT_EQ(traced.dump["totals"]["open"], 0);
  const json& service = traced.dump["services"][0];
  EXPECT_EQ(service["preexisting_closes"], 30);
  EXPECT_EQ(service["lifetime_seconds"]["closed"], 0) << "how long they lived is not known";
  std::map<int, json> records = records_by_port(traced.dump);
  ASSERT_EQ(records.size(), 30U);
  for (const TrueConnection& connection : truth.connections) {
    const json& record = records[connection.peer_port];
    EXPECT_EQ(record["pid"], connection.pid);
    EXPECT_EQ(record["preexisting"], true);
    EXPECT_EQ(record["accepted_at"], nullptr);
    EXPECT_EQ(record["lifetime_seconds"], nullptr);
    budget.expect(record["close_reason"] == connection.closed_by && record["closed_by_pid"] == connection.closer_pid,
                  "wrong close: " + record.dump());
    EXPECT_GE(record["age_seconds_min"].get<double>(), 0.0);
  }
}

TEST_P(Preexisting, NoneIsLostOrCountedTwiceWhileOthersComeAndGo) {
  // The traffic must outlast the start of the program, however long that takes: if it did not, the traffic is doubled.
  const bool slow = time_factor() > 4;
  std::int64_t tracing_began_after = 0;
  std::int64_t tracing_began_before = 0;
  const auto play = [&](int connections) -> Outcome {
    Workload workload({"--workers", "4", "--connections", std::to_string(connections), "--concurrency", "8",
                       "--hold-ms", slow ? "0,20,400" : "0,1,20"});
    workload.begin_traffic();
    Tracer tracer(backend(), {"--port", workload.ports()});
    tracing_began_after = monotonic_ns();
    if (!tracer.starts()) return {.refusal = tracer.refusal()};
    tracing_began_before = monotonic_ns();
    const json truth = workload.make_traffic();
    return {.truth = truth, .traced = tracer.stop()};
  };
  const auto outlasts_the_start = [&](const Outcome& outcome) {
    return outcome.refusal || std::ranges::any_of(truth_of(outcome.truth).connections, [&](const TrueConnection& c) {
             return c.accept_entered_ns > tracing_began_before;
           });
  };
  int connections = slow ? 240 : 3000;
  Outcome outcome = play(connections);
  for (int i = 0; i < 3 && !outlasts_the_start(outcome); ++i) outcome = play(connections *= 2);
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  const Truth truth = truth_of(outcome.truth);
  const Traced& traced = outcome.traced;

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  Budget budget(traced.dump);
  std::map<int, int> uses;
  for (const TrueConnection& connection : truth.connections) ++uses[connection.peer_port];
  std::map<int, json> records = records_by_port(traced.dump);
  int accepts = 0;
  int expected_by_all_means = 0;
  for (const TrueConnection& connection : truth.connections) {
    if (uses[connection.peer_port] > 1) continue;
    const bool seen = records.contains(connection.peer_port);
    const std::string name = fmt::format("peer port {}", connection.peer_port);
    const bool accepted_while_tracing = connection.accept_entered_ns > tracing_began_before;
    const bool open_while_tracing = connection.closing_ns > tracing_began_before;
    accepts += accepted_while_tracing;
    expected_by_all_means += open_while_tracing;
    // One of the two per connection, so that a connection distorted by a skipped program uses the budget only once.
    if (accepted_while_tracing)
      budget.expect(seen && records[connection.peer_port]["preexisting"] == false,
                    name + " was accepted while tracing");
    else if (open_while_tracing)
      budget.expect(seen, name + " was open and was not found");
    if (connection.close_returned_ns < tracing_began_after && seen) ADD_FAILURE() << name << " was closed before";
    if (seen && (budget.is_exact() || !records[connection.peer_port]["pid"].is_null())) {
      EXPECT_EQ(records[connection.peer_port]["pid"], connection.pid) << name;
    }
  }
  EXPECT_GT(accepts, 0) << "the traffic was over before tracing began";
  EXPECT_GE(expected_by_all_means, accepts);
  const json& totals = traced.dump["totals"];
  expect_count("records", traced.dump, traced.dump["connections"].size(),
               totals["accepts"].get<std::size_t>() + totals["preexisting"].get<std::size_t>());
  expect_count("open", traced.dump, totals["open"], 0);
}

INSTANTIATE_TEST_SUITE_P(, Preexisting, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
