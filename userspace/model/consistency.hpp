// SPDX-License-Identifier: BSD-2-Clause
/// Consistency checks between the kernel's counters, its connection map and the records that came through the ring.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/records.hpp"

namespace acceptscope {

/// Sums over everything that was counted, including parts that the user's filters hide.
struct KernelSums {
  ConnectionCounts services;
  ConnectionCounts workers;
  std::uint64_t worker_untracked = 0;
  std::uint64_t lifetimes = 0;  ///< durations in the workers' lifetime histograms
  std::uint64_t open = 0;       ///< accepted and pre-existing connections of known workers in the connection map
  std::uint64_t unattributed_open = 0;  ///< those of no known worker
  Losses losses;

  void add(const ServiceCounters& counters);
  void add(const WorkerCounters& counters);
};

/// Checks that fail while programs run. The counters of one tick are read one after the other while they change, so
/// this only checks relations that hold in any order: a count that the kernel takes first cannot now be less than the
/// counts that followed from it at the `previous` tick. `records_seen` counts the records read before `now`.
[[nodiscard]] std::vector<OutsideText> broken_while_running(const KernelSums& previous, const KernelSums& now,
                                                            std::uint64_t records_seen);

/// Checks that fail after the last tick, when no counter changes any more and the ring is empty. Exact, unless the
/// service map was full: for a service without counters only inequalities hold.
[[nodiscard]] std::vector<OutsideText> broken_at_end(const KernelSums& sums, std::uint64_t records_seen);

}  // namespace acceptscope
