// SPDX-License-Identifier: BSD-2-Clause
#include "model/consistency.hpp"

#include <fmt/format.h>

namespace acceptscope {
namespace {

/// `sum` was counted and `parts` account for it; parts may exceed the sum when services were not counted at all.
bool adds_up(std::uint64_t sum, std::uint64_t parts, bool services_missing) {
  return services_missing ? sum <= parts : sum == parts;
}

/// "5 accepts", "5 accepts and 3 pre-existing connections".
std::string began(std::uint64_t accepts, std::uint64_t preexisting) {
  if (preexisting == 0) return fmt::format("{} accepts", accepts);
  return fmt::format("{} accepts and {} pre-existing connections", accepts, preexisting);
}

/// What a service counted, and what came of it with the workers and the losses.
std::string unattributed(const KernelSums& services, const KernelSums& workers) {
  return fmt::format(
      "The services counted {}, but the workers {}, with {} more of workers without counters and {} by "
      "nobody known.",
      began(services.service_accepts, services.service_preexisting),
      began(workers.worker_accepts, workers.worker_preexisting), workers.losses.worker_map_full,
      workers.losses.unattributed_accept);
}

std::string unrecorded(const KernelSums& services, const Losses& lost, std::uint64_t records_seen) {
  return fmt::format(
      "The services counted {} closes, but {} records were seen, {} lost to a full ring, and {} closes "
      "had an accept by nobody known and so no record.",
      services.service_ended(), records_seen, lost.ring_full, lost.unattributed_accept);
}

}  // namespace

void KernelSums::add(const ServiceCounters& counters) {
  service_accepts += counters.accepts;
  service_closes += counters.closes;
  service_preexisting += counters.preexisting;
  service_preexisting_closes += counters.preexisting_closes;
}

void KernelSums::add(const WorkerCounters& counters) {
  worker_accepts += counters.accepts;
  worker_closes += counters.closes;
  worker_preexisting += counters.preexisting;
  worker_preexisting_closes += counters.preexisting_closes;
  worker_untracked += counters.untracked;
  lifetimes += counters.lifetime.count();
}

std::vector<std::string> broken_while_running(const KernelSums& previous, const KernelSums& now,
                                              std::uint64_t records_seen) {
  std::vector<std::string> broken;
  if (now.losses.service_map_full != 0) return broken;  // services without counters: nothing to compare with

  const Losses& lost = previous.losses;
  if (now.service_began() < previous.service_ended()) {
    broken.push_back(fmt::format("The services counted {} closes, but only {}.", previous.service_ended(),
                                 began(now.service_accepts, now.service_preexisting)));
  }
  if (now.service_ended() < records_seen + lost.ring_full + lost.unattributed_accept) {
    broken.push_back(unrecorded(now, lost, records_seen));
  }
  if (now.service_began() < previous.worker_began() + lost.worker_map_full + lost.unattributed_accept) {
    broken.push_back(unattributed(now, previous));
  }
  return broken;
}

std::vector<std::string> broken_at_end(const KernelSums& sums, std::uint64_t records_seen) {
  std::vector<std::string> broken;
  const Losses& lost = sums.losses;
  const bool services_missing = lost.service_map_full != 0;

  // finish() in bpf/handlers.bpf.h counts a close and writes a record; drop_unattributed() counts one without a record.
  if (!adds_up(sums.service_ended(), records_seen + lost.ring_full + lost.unattributed_accept, services_missing)) {
    broken.push_back(unrecorded(sums, lost, records_seen));
  }
  // The close of an untracked connection is not counted, so it stays beside the open ones for good.
  if (!adds_up(sums.service_began(), sums.service_ended() + sums.open + lost.connection_map_full, services_missing)) {
    broken.push_back(
        fmt::format("The services counted {}, but {} closes, {} connections are open and {} could not be "
                    "tracked.",
                    began(sums.service_accepts, sums.service_preexisting), sums.service_ended(), sums.open,
                    lost.connection_map_full));
  }
  if (!adds_up(sums.service_began(), sums.worker_began() + lost.worker_map_full + lost.unattributed_accept,
               services_missing)) {
    broken.push_back(unattributed(sums, sums));
  }
  if (lost.worker_map_full == 0 && sums.worker_ended() != records_seen + lost.ring_full) {
    broken.push_back(fmt::format("The workers counted {} closes, but {} records were seen and {} lost to a full ring.",
                                 sums.worker_ended(), records_seen, lost.ring_full));
  }
  if (sums.lifetimes != sums.worker_closes) {
    broken.push_back(
        fmt::format("The workers counted {} closes of accepts, but their lifetime histograms hold {} "
                    "durations.",
                    sums.worker_closes, sums.lifetimes));
  }
  if (lost.worker_map_full == 0 && sums.worker_began() != sums.worker_untracked + sums.worker_ended() + sums.open) {
    broken.push_back(fmt::format(
        "The workers counted {}, but {} closes, {} connections are open and {} could not be "
        "tracked.",
        began(sums.worker_accepts, sums.worker_preexisting), sums.worker_ended(), sums.open, sums.worker_untracked));
  }
  return broken;
}

}  // namespace acceptscope
