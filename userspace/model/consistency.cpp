// SPDX-License-Identifier: BSD-2-Clause
#include "model/consistency.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace acceptscope {
namespace {

/// Whether `parts` account for the count `sum`; they may exceed it if some services were not counted at all.
bool adds_up(std::uint64_t sum, std::uint64_t parts, bool services_missing) {
  return services_missing ? sum <= parts : sum == parts;
}

/// "5 accepts", "5 accepts and 3 pre-existing connections".
std::string began(const ConnectionCounts& counts) {
  if (counts.preexisting == 0) return fmt::format("{} accepts", counts.accepts);
  return fmt::format("{} accepts and {} pre-existing connections", counts.accepts, counts.preexisting);
}

/// Compares the services' counts with the workers' counts and the losses.
std::string unattributed(const ConnectionCounts& services, const KernelSums& workers) {
  return fmt::format(
      "The services counted {}, but the workers {}, with {} more of workers without counters and {} by "
      "nobody known.",
      began(services), began(workers.workers), workers.losses.worker_map_full, workers.losses.unattributed_accept);
}

/// Whose accept is by nobody known: they have no record.
std::uint64_t closes_of_nobody(const KernelSums& sums) {
  return sums.losses.unattributed_accept - std::min(sums.losses.unattributed_accept, sums.unattributed_open);
}

std::string unrecorded(const ConnectionCounts& services, const KernelSums& sums, std::uint64_t records_seen) {
  return fmt::format(
      "The services counted {} closes, but {} records were seen, {} lost to a full ring, and {} closes "
      "had an accept by nobody known and so no record.",
      services.closed(), records_seen, sums.losses.ring_full, closes_of_nobody(sums));
}

}  // namespace

void KernelSums::add(const ServiceCounters& counters) {
  services += counters.counts;
  unattributed_open += counters.unattributed_open;
}

void KernelSums::add(const WorkerCounters& counters) {
  workers += counters.counts;
  worker_untracked += counters.untracked;
  lifetimes += counters.lifetime.count();
}

std::vector<OutsideText> broken_while_running(const KernelSums& previous, const KernelSums& now,
                                              std::uint64_t records_seen) {
  std::vector<OutsideText> broken;
  if (now.losses.service_map_full != 0) return broken;  // services without counters: nothing to compare with

  const Losses& lost = previous.losses;
  if (now.services.connections() < previous.services.closed()) {
    broken.push_back(
        fmt::format("The services counted {} closes, but only {}.", previous.services.closed(), began(now.services)));
  }
  if (now.services.closed() < records_seen + lost.ring_full + closes_of_nobody(previous)) {
    broken.push_back(unrecorded(now.services, previous, records_seen));
  }
  if (now.services.connections() < previous.workers.connections() + lost.worker_map_full + lost.unattributed_accept) {
    broken.push_back(unattributed(now.services, previous));
  }
  return broken;
}

std::vector<OutsideText> broken_at_end(const KernelSums& sums, std::uint64_t records_seen) {
  std::vector<OutsideText> broken;
  const Losses& lost = sums.losses;
  const bool services_missing = lost.service_map_full != 0;

  // finish() in bpf/handlers.bpf.h counts a close and writes a record; drop_unattributed() and finish_ignored() count
  // one without a record.
  if (!adds_up(sums.services.closed(), records_seen + lost.ring_full + closes_of_nobody(sums), services_missing)) {
    broken.push_back(unrecorded(sums.services, sums, records_seen));
  }
  // The close of an untracked connection is not counted, so the connection remains beside the open ones.
  if (!adds_up(sums.services.connections(),
               sums.services.closed() + sums.open + sums.unattributed_open + lost.connection_map_full,
               services_missing)) {
    broken.push_back(fmt::format(
        "The services counted {}, but {} closes, {} connections are open and {} could not be "
        "tracked.",
        began(sums.services), sums.services.closed(), sums.open + sums.unattributed_open, lost.connection_map_full));
  }
  if (!adds_up(sums.services.connections(),
               sums.workers.connections() + lost.worker_map_full + lost.unattributed_accept, services_missing)) {
    broken.push_back(unattributed(sums.services, sums));
  }
  if (lost.worker_map_full == 0 && sums.workers.closed() != records_seen + lost.ring_full) {
    broken.push_back(fmt::format("The workers counted {} closes, but {} records were seen and {} lost to a full ring.",
                                 sums.workers.closed(), records_seen, lost.ring_full));
  }
  if (sums.lifetimes != sums.workers.closes) {
    broken.push_back(
        fmt::format("The workers counted {} closes of accepts, but their lifetime histograms hold {} "
                    "durations.",
                    sums.workers.closes, sums.lifetimes));
  }
  if (lost.worker_map_full == 0 &&
      sums.workers.connections() != sums.worker_untracked + sums.workers.closed() + sums.open) {
    broken.push_back(
        fmt::format("The workers counted {}, but {} closes, {} connections are open and {} could not be "
                    "tracked.",
                    began(sums.workers), sums.workers.closed(), sums.open, sums.worker_untracked));
  }
  return broken;
}

}  // namespace acceptscope
