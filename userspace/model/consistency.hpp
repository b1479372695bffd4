// SPDX-License-Identifier: BSD-2-Clause
/// What must add up between the kernel's counters, its map of connections and the records that came through the ring.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/records.hpp"

namespace acceptscope {

/// Sums over everything that was counted, whatever the user filters out of the view.
struct KernelSums {
  ConnectionCounts services;
  ConnectionCounts workers;
  std::uint64_t worker_untracked = 0;
  std::uint64_t lifetimes = 0;  ///< durations in the workers' lifetime histograms
  std::uint64_t open = 0;       ///< accepted and pre-existing connections in the connection map
  Losses losses;

  void add(const ServiceCounters& counters);
  void add(const WorkerCounters& counters);
};

/// What is broken while programs run. Counters of one tick are read one after the other while they move, so this asks
/// only for what holds whatever the order: a count that the kernel takes first cannot now be less than what followed
/// from it at the `previous` tick. `records_seen` are those that were read before `now` was.
[[nodiscard]] std::vector<std::string> broken_while_running(const KernelSums& previous, const KernelSums& now,
                                                            std::uint64_t records_seen);

/// What is broken after the last tick, when nothing moves any more and the ring is empty. Exact, but for a full
/// service map: a service without counters leaves only inequalities.
[[nodiscard]] std::vector<std::string> broken_at_end(const KernelSums& sums, std::uint64_t records_seen);

}  // namespace acceptscope
