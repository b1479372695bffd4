// SPDX-License-Identifier: BSD-2-Clause
#include "model/consistency.hpp"

#include <fmt/format.h>

namespace acceptscope {
namespace {

/// `sum` was counted and `parts` account for it; parts may exceed the sum when services were not counted at all.
bool adds_up(std::uint64_t sum, std::uint64_t parts, bool services_missing) {
  return services_missing ? sum <= parts : sum == parts;
}

}  // namespace

void KernelSums::add(const ServiceCounters& counters) {
  service_accepts += counters.accepts;
  service_closes += counters.closes;
}

void KernelSums::add(const WorkerCounters& counters) {
  worker_accepts += counters.accepts;
  worker_closes += counters.closes;
  worker_untracked += counters.untracked;
  lifetimes += counters.lifetime.count();
}

std::vector<std::string> broken_while_running(const KernelSums& previous, const KernelSums& now,
                                              std::uint64_t records_seen) {
  std::vector<std::string> broken;
  if (now.losses.service_map_full != 0) return broken;  // services without counters: nothing to compare with

  const Losses& lost = previous.losses;
  if (now.service_accepts < previous.service_closes) {
    broken.push_back(fmt::format("The services counted {} closes, but only {} accepts.", previous.service_closes,
                                 now.service_accepts));
  }
  if (now.service_closes < records_seen + lost.ring_full + lost.unattributed_accept) {
    broken.push_back(fmt::format("The services counted {} closes, but {} records were seen, {} lost to a full ring, "
                                 "and {} closes had an accept by nobody known and so no record.",
                                 now.service_closes, records_seen, lost.ring_full, lost.unattributed_accept));
  }
  const std::uint64_t attributed = previous.worker_accepts + lost.worker_map_full + lost.unattributed_accept;
  if (now.service_accepts < attributed) {
    broken.push_back(fmt::format("The services counted {} accepts, but the workers {}, with {} more of workers without "
                                 "counters and {} by nobody known.",
                                 now.service_accepts, previous.worker_accepts, lost.worker_map_full,
                                 lost.unattributed_accept));
  }
  return broken;
}

std::vector<std::string> broken_at_end(const KernelSums& sums, std::uint64_t records_seen) {
  std::vector<std::string> broken;
  const Losses& lost = sums.losses;
  const bool services_missing = lost.service_map_full != 0;

  // finish() in bpf/handlers.bpf.h counts a close and writes a record; drop_unattributed() counts one without a record.
  if (!adds_up(sums.service_closes, records_seen + lost.ring_full + lost.unattributed_accept, services_missing)) {
    broken.push_back(fmt::format("The services counted {} closes, but {} records were seen, {} lost to a full ring, "
                                 "and {} closes had an accept by nobody known and so no record.",
                                 sums.service_closes, records_seen, lost.ring_full, lost.unattributed_accept));
  }
  // The close of an untracked connection is not counted, so it stays beside the open ones for good.
  if (!adds_up(sums.service_accepts, sums.service_closes + sums.open + lost.connection_map_full, services_missing)) {
    broken.push_back(fmt::format("The services counted {} accepts, but {} closes, {} connections are open and {} could "
                                 "not be tracked.",
                                 sums.service_accepts, sums.service_closes, sums.open, lost.connection_map_full));
  }
  const std::uint64_t attributed = sums.worker_accepts + lost.worker_map_full + lost.unattributed_accept;
  if (!adds_up(sums.service_accepts, attributed, services_missing)) {
    broken.push_back(fmt::format("The services counted {} accepts, but the workers {}, with {} more of workers without "
                                 "counters and {} by nobody known.",
                                 sums.service_accepts, sums.worker_accepts, lost.worker_map_full,
                                 lost.unattributed_accept));
  }
  if (lost.worker_map_full == 0 && sums.worker_closes != records_seen + lost.ring_full) {
    broken.push_back(fmt::format("The workers counted {} closes, but {} records were seen and {} lost to a full ring.",
                                 sums.worker_closes, records_seen, lost.ring_full));
  }
  if (sums.lifetimes != sums.worker_closes) {
    broken.push_back(fmt::format("The workers counted {} closes, but their lifetime histograms hold {} durations.",
                                 sums.worker_closes, sums.lifetimes));
  }
  if (lost.worker_map_full == 0 && sums.worker_accepts != sums.worker_untracked + sums.worker_closes + sums.open) {
    broken.push_back(fmt::format("The workers counted {} accepts, but {} closes, {} connections are open and {} could "
                                 "not be tracked.",
                                 sums.worker_accepts, sums.worker_closes, sums.open, sums.worker_untracked));
  }
  return broken;
}

}  // namespace acceptscope
