// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <functional>
#include <map>
#include <span>

#include "model/histogram.hpp"
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
  Histogram ages{};
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t active = 0;  ///< with traffic since the tick before
  std::uint64_t unread = 0;  ///< with bytes that the application has not read
  std::uint64_t unread_bytes = 0;
  std::uint64_t waiting = 0;  ///< requests that lie unread, where nobody else holds the connection or served it
  /// Of these the oldest, if the arrival of one was seen.
  std::optional<Nanoseconds> oldest_waiting;
  HandedOver given{};  ///< of these, to others: their ages, and bytes so far
  HandedOver taken{};  ///< of others; not in `count`
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

/// Who has an open connection of another worker: who serves it, or is its only holder. Empty: its owner.
using HolderOf = std::function<std::optional<WorkerKey>(const OpenConnection&)>;

[[nodiscard]] inline std::optional<WorkerKey> only_holder(const OpenConnection& connection) {
  return connection.held_by;
}

/// Sums up `open` as of `at`; calls `place` once per owner, as named in the records. One pass, and memory for one
/// number per connection while it runs.
[[nodiscard]] OpenSummaries summarize(std::span<const OpenConnection> open, MonotonicTime at,
                                      const std::function<OpenPlacement(const Owner&)>& place,
                                      const HolderOf& holder_of = &only_holder);

}  // namespace acceptscope
