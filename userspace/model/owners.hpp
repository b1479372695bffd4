// SPDX-License-Identifier: BSD-2-Clause
/// Answers at the head of a page: which workers, and since when. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/snapshot.hpp"

namespace acceptscope {

/// The workers of a service without supervisors, in the order of the rows.
[[nodiscard]] std::vector<const WorkerRow*> workers_of(const ServiceRow& service);

/// The time from which on the owners of ServiceRow::spread had nearly (kOfTheirShare) the share of the open connections
/// that they have at the end.
struct OwnedSince {
  Instant at;                ///< beginning of a step of the timeline
  bool from_before = false;  ///< already when tracing began
};

/// Empty without a timeline, or if the owners had no open connection at its end.
[[nodiscard]] std::optional<OwnedSince> owned_since(const ServiceRow& service);

/// The last step in which anything was accepted; empty if nothing was.
[[nodiscard]] std::optional<Instant> last_accept(const TimelineRows& timeline);

/// `list[step]`; 0 where a list of a dump is shorter than its timeline.
[[nodiscard]] std::uint64_t at_step(const std::vector<std::uint64_t>& list, std::size_t step);

}  // namespace acceptscope
