// SPDX-License-Identifier: BSD-2-Clause
/// Compares the program's output with the observations of the workload's processes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "session.hpp"

namespace acceptscope::test {

/// A connection as observed by the server process. Times are CLOCK_MONOTONIC nanoseconds.
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
  std::optional<std::int64_t> closing_ns;  ///< right before close(); nullopt while the connection is open
  std::optional<std::int64_t> close_returned_ns;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::string closed_by;
  int closer_pid = 0;
};

/// Flattens the workload's JSON document.
struct Truth {
  std::vector<TrueConnection> connections;
  std::uint64_t never_accepted = 0;
  std::int64_t realtime_minus_monotonic_ns = 0;
};
[[nodiscard]] Truth truth_of(const json& document);

/// Merges two workloads.
[[nodiscard]] Truth together(const Truth& one, const Truth& other);
/// The connections that a filter selects.
[[nodiscard]] Truth only(Truth truth, const std::function<bool(const TrueConnection&)>& wanted);

struct Expectation {
  bool by_thread = false;    ///< one row per thread
  bool waits_known = true;   ///< every connection entered the accept queue after tracing began
  bool every_record = true;  ///< no detail record is lost: connection list and log are complete
  bool comms_known = true;   ///< false: the comm of a record may be null
};

/// Expects that all output agrees with the ground truth: totals, services, workers, connections, log; no losses.
/// If the kernel skipped programs, expects expect_bounded_truth() instead.
void expect_truth(const Truth& truth, const Traced& traced, const Expectation& expectation = {});

/// Expectations that hold even if the kernel skipped programs: no other losses, at most as many distorted connections
/// as skipped programs, no record with a wrong process, and all open connections present at the end with their owners.
void expect_bounded_truth(const Truth& truth, const Traced& traced);

/// Expects that `actual` is `expected`, plus or minus the programs that were skipped while `dump` was recorded.
void expect_count(const char* what, const json& dump, const json& actual, std::uint64_t expected);

/// Checks totals and services, for runs that lose details on purpose.
void expect_true_totals(const Truth& truth, const json& dump);
/// Expects one row for each worker that accepted, with its totals.
void expect_true_workers(const Truth& truth, const json& dump, const Expectation& expectation = {});
/// Expects that every listed record matches a connection; with `every_record`, that none is missing.
/// `records` come from the dump or from the log.
void expect_true_connections(const Truth& truth, const json& records, const Expectation& expectation = {});
/// Expects that every counter in `losses` is zero, but those `but` names, and that the program found no inconsistency.
void expect_nothing_lost(const json& dump, const std::set<std::string>& but = {});

/// Number of program runs that the kernel skipped (losses.program_skipped).
[[nodiscard]] std::uint64_t programs_skipped(const json& dump);

/// The part of the output that concerns the services of one of several workloads, as if no other had been traced.
/// Losses are those of the whole run.
[[nodiscard]] Traced part_of(const Traced& traced, const json& document);

/// The dump's connections, each with its service instead of the index, as in the log.
[[nodiscard]] json connections_of(const json& dump);

/// Traces a workload and compares all output with the ground truth.
class TruthTest : public BackendTest {
 protected:
  /// Skips the test if the backend is refused. Repeats a run, at most twice, if so many programs were skipped that its
  /// bounds are meaningless.
  void expect_truth_of(const Plan& plan, const Expectation& expectation = {});

  /// Likewise for the SHARED_PLAN of this test.
  void expect_truth_of_shared_plan();
  /// Whether there is a dump without losses. Check this before further expectations.
  [[nodiscard]] bool is_exact() const;

  Outcome outcome_;  ///< of the last plan
};

/// 1 ms + 1 %, the contract's tolerance for lifetimes, times the time factor.
[[nodiscard]] double tolerance_seconds(double seconds);

}  // namespace acceptscope::test
