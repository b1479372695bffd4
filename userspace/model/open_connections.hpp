// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <functional>
#include <map>
#include <span>

#include "model/owner.hpp"

namespace acceptscope {

/// The open connections of one worker or service at one moment. Their ages are right-censored lifetimes: they appear
/// beside the statistics of closed connections and never enter them.
struct OpenSummary {
  std::uint64_t count = 0;
  std::uint64_t without_counters = 0;  ///< of these: their worker is not counted, because the map was full
  Nanoseconds age_sum{0};
  std::optional<Nanoseconds> age_p50;  ///< exact, at rank ceil(count / 2)
  std::optional<Nanoseconds> age_max;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t active = 0;  ///< with traffic since the tick before
  std::uint64_t unread = 0;  ///< with bytes that the application has not read
  std::uint64_t unread_bytes = 0;
  std::uint64_t handed_over = 0;  ///< held only by a process other than the owner
};

/// The open connections of one tick by owner and by service.
struct OpenSummaries {
  std::map<Owner, OpenSummary> owners;
  std::map<ServiceKey, OpenSummary> services;
};

/// The place of one owner's open connections.
struct OpenPlacement {
  ServiceKey service;   ///< resolved
  bool shown = true;    ///< false: filtered out
  bool counted = true;  ///< false: the kernel has no counters of this worker
};

/// Sums up `open` as of `at`; calls `place` once per owner, as named in the records. One pass, and memory for one
/// number per connection while it runs.
[[nodiscard]] OpenSummaries summarize(std::span<const OpenConnection> open, MonotonicTime at,
                                      const std::function<OpenPlacement(const Owner&)>& place);

}  // namespace acceptscope
