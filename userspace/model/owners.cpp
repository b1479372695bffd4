// SPDX-License-Identifier: BSD-2-Clause
#include "model/owners.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "model/spread.hpp"

namespace acceptscope {

std::vector<const WorkerRow*> workers_of(const ServiceRow& service) {
  std::vector<const WorkerRow*> rows;
  for (const WorkerRow& row : service.workers)
    if (row.role == Role::worker) rows.push_back(&row);
  return rows;
}

std::optional<OwnedSince> owned_since(const ServiceRow& service) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> owners;
  for (const std::size_t row : service.spread.owners)
    if (row < service.workers.size()) owners.emplace(service.workers[row].pid, service.workers[row].tid.value_or(0));
  const TimelineRows& timeline = service.timeline;
  std::optional<std::size_t> since;
  bool open_before = false;  // in an earlier step than `since`
  for (std::size_t step = timeline.start.size(); step-- > 0;) {
    double all = 0, theirs = 0;
    for (const TimelineWorker& worker : timeline.workers) {
      const auto open = static_cast<double>(at_step(worker.open, step));
      all += open;
      if (owners.contains({worker.pid, worker.tid.value_or(0)})) theirs += open;
    }
    if (!(all > 0)) continue;
    open_before = theirs < kOwnersPart * all;
    if (open_before) break;
    since = step;
  }
  if (!since) return std::nullopt;
  return OwnedSince{timeline.start[*since], !open_before && *since == 0 && service.counts.preexisting > 0};
}

std::optional<Instant> last_accept(const TimelineRows& timeline) {
  for (std::size_t step = timeline.start.size(); step-- > 0;)
    for (const TimelineWorker& worker : timeline.workers)
      if (at_step(worker.accepts, step) > 0) return timeline.start[step];
  return std::nullopt;
}

std::uint64_t at_step(const std::vector<std::uint64_t>& list, std::size_t step) {
  return step < list.size() ? list[step] : 0;
}

}  // namespace acceptscope
