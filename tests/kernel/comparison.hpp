// SPDX-License-Identifier: BSD-2-Clause
/// Holds what the program wrote against what the workload's processes saw.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "session.hpp"

namespace acceptscope::test {

/// A connection as the server's process saw it. Times are CLOCK_MONOTONIC nanoseconds.
struct TrueConnection {
  std::uint64_t netns = 0;
  std::string service_address;
  int service_port = 0;
  int pid = 0;
  int tid = 0;
  std::string comm;
  std::string local_address;
  int local_port = 0;
  std::string peer_address;
  int peer_port = 0;
  std::optional<std::int64_t> connect_started_ns;  ///< by the client
  std::optional<std::int64_t> connected_ns;
  std::int64_t accept_entered_ns = 0;
  std::int64_t accepted_ns = 0;
  std::optional<std::int64_t> closing_ns;  ///< right before close(); none while it is open
  std::optional<std::int64_t> close_returned_ns;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::string closed_by;
  int closer_pid = 0;
};

/// The workload's document, flat.
struct Truth {
  std::vector<TrueConnection> connections;
  std::uint64_t never_accepted = 0;
  std::int64_t realtime_minus_monotonic_ns = 0;
};
[[nodiscard]] Truth truth_of(const json& document);

/// Two workloads as one.
[[nodiscard]] Truth together(const Truth& one, const Truth& other);
/// The connections that a filter lets through.
[[nodiscard]] Truth only(Truth truth, const std::function<bool(const TrueConnection&)>& wanted);

struct Expectation {
  bool by_thread = false;    ///< a row per thread
  bool waits_known = true;   ///< every connection was queued after tracing began
  bool every_record = true;  ///< no detail record is lost: connection list and log are complete
  bool comms_known = true;   ///< else a record's comm may be null
};

/// Everything that the program said agrees with the truth: totals, services, workers, connections, log; nothing lost.
/// Where the kernel skipped programs, expects expect_bounded_truth() instead.
void expect_truth(const Truth& truth, const Traced& traced, const Expectation& expectation = {});

/// What must be true though the kernel skipped programs: nothing else is lost, no more connections are distorted than
/// programs were skipped, no record names a wrong process, and those open at the end are all there with their owners.
void expect_bounded_truth(const Truth& truth, const Traced& traced);

/// `actual` is `expected`, give or take the programs that were skipped while `dump` was made.
void expect_count(const char* what, const json& dump, const json& actual, std::uint64_t expected);

/// Totals and services, for runs that lose details on purpose.
void expect_true_totals(const Truth& truth, const json& dump);
/// One row for each worker that accepted, with its totals.
void expect_true_workers(const Truth& truth, const json& dump, const Expectation& expectation = {});
/// Every record listed belongs to a connection and tells the truth about it; with `every_record`, none is missing.
/// `records` are those of the dump or of the log.
void expect_true_connections(const Truth& truth, const json& records, const Expectation& expectation = {});
/// Everything under `losses` is zero and the program found no contradiction.
void expect_nothing_lost(const json& dump);

/// How many runs of its programs the kernel skipped (losses.program_skipped).
[[nodiscard]] std::uint64_t programs_skipped(const json& dump);

/// What the program said about the services of one workload of several, as if it had traced no other. Losses are those
/// of the whole run.
[[nodiscard]] Traced part_of(const Traced& traced, const json& document);

/// The dump's connections, each with its service in place of the index, as in the log.
[[nodiscard]] json connections_of(const json& dump);

/// Traces a workload and holds all that the program said against the truth.
class TruthTest : public BackendTest {
 protected:
  /// Skips where the backend is refused. A run with so many skips that its bounds say little is repeated, twice at
  /// most.
  void expect_truth_of(const Plan& plan, const Expectation& expectation = {});

  /// The same for the SHARED_PLAN of this test.
  void expect_truth_of_shared_plan();
  /// Whether there is a dump that tells everything: to be asked before more is expected of it.
  [[nodiscard]] bool is_exact() const;

  Outcome outcome_;  ///< of the last plan
};

/// 1 ms + 1 %, the contract's tolerance for lifetimes, times the time factor.
[[nodiscard]] double tolerance_seconds(double seconds);

}  // namespace acceptscope::test
