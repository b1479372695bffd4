// SPDX-License-Identifier: BSD-2-Clause
/// The rules and their thresholds, by family: a file each. The reasons for the thresholds are in the table, table.cpp,
/// which prints the same constants.
#pragma once

#include <cstdint>
#include <optional>

#include "model/findings/subject.hpp"

namespace acceptscope::rules {

using namespace std::chrono_literals;

// ---- queue.cpp: connections wait to be accepted ---------------------------------------------------------------------

inline constexpr Nanoseconds kLongWait = 100ms;
inline constexpr std::uint64_t kFewestWaits = 20;
inline constexpr Nanoseconds kStuckTime = 1s;
inline constexpr Nanoseconds kHangingWait = 3s;
inline constexpr double kRefusedPart = 0.01;  ///< of the new connections
inline constexpr double kOccupiedPart = 0.9;  ///< of the workers
inline constexpr std::uint64_t kFewestLooks = 3;

[[nodiscard]] std::optional<Finding> queue_stuck(const Subject& subject);
[[nodiscard]] std::optional<Finding> clients_refused(const Subject& subject);
[[nodiscard]] std::optional<Finding> accept_queue_saturated(const Subject& subject);

// ---- connections.cpp: who has the connections -----------------------------------------------------------------------

inline constexpr Nanoseconds kLongAge = 1s;
inline constexpr std::int64_t kPartOfRun = 2;        ///< one in two
inline constexpr std::uint64_t kOpenPerClosed = 4;   ///< open, or open at the same time
inline constexpr double kCriticalPart = 0.25;        ///< of the workers
inline constexpr std::uint64_t kHandedOverPart = 2;  ///< one in two

inline constexpr std::size_t kFewestOthers = 3;    ///< that accept evenly, beside one that accepts nothing
inline constexpr std::uint64_t kDrainingPart = 2;  ///< one in two of the open connections

/// The long-lived connections: all of the run, or only the open ones. Empty if none are long-lived.
[[nodiscard]] std::optional<Basis> long_lived(const ServiceRow& service, Nanoseconds duration);

[[nodiscard]] std::optional<Finding> keepalive_pinning(const Subject& subject);
[[nodiscard]] std::optional<Finding> accept_skew(const Subject& subject);
[[nodiscard]] std::optional<Finding> too_few_connections(const Subject& subject);
[[nodiscard]] std::optional<Finding> too_early(const Subject& subject);
[[nodiscard]] std::optional<Finding> handed_over(const Subject& subject);
[[nodiscard]] std::optional<Finding> draining(const Subject& subject);

/// A finding says so: the long-lived connections, or the accepts.
[[nodiscard]] bool connections_are_uneven(const Subject& subject);

// ---- traffic.cpp: who has the work ----------------------------------------------------------------------------------

inline constexpr Nanoseconds kStallTime = 1s;
inline constexpr Nanoseconds kLongStall = 3s;
inline constexpr Nanoseconds kCriticalWait = 1s;
inline constexpr double kBusyPart = 0.5;               ///< of the run
inline constexpr double kAllPart = 0.9;                ///< of the workers
inline constexpr double kTrafficPart = 0.6;            ///< of the workers
inline constexpr std::uint64_t kTrafficVariation = 2;  ///< connections that say as much as one
inline constexpr std::uint64_t kFewestRequests = 100;
inline constexpr std::uint64_t kFewestWindows = 3;

[[nodiscard]] std::optional<Finding> worker_stalled(const Subject& subject);
[[nodiscard]] std::optional<Finding> worker_saturated(const Subject& subject);
[[nodiscard]] std::optional<Finding> all_busy(const Subject& subject);
[[nodiscard]] std::optional<Finding> uneven_traffic(const Subject& subject);

// ---- told.cpp: what was seen at all ---------------------------------------------------------------------------------

inline constexpr double kUntoldPart = 0.05;  ///< of the connections

[[nodiscard]] std::optional<Finding> not_told(const Subject& subject);
[[nodiscard]] std::optional<Finding> no_traffic(const Subject& subject);
/// The state without a finding, with its reason; empty if nothing was seen that speaks for it.
[[nodiscard]] std::optional<Finding> balanced(const Subject& subject);

}  // namespace acceptscope::rules
