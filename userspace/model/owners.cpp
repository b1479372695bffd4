// SPDX-License-Identifier: BSD-2-Clause
#include "model/owners.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace acceptscope {

std::vector<const WorkerRow*> workers_of(const ServiceRow& service) {
  std::vector<const WorkerRow*> rows;
  for (const WorkerRow& row : service.workers)
    if (row.role == Role::worker) rows.push_back(&row);
  return rows;
}

std::vector<const WorkerRow*> owners_of(const ServiceRow& service, Basis basis) {
  std::vector<const WorkerRow*> rows = workers_of(service);
  std::stable_sort(rows.begin(), rows.end(), [basis](const WorkerRow* a, const WorkerRow* b) {
    return amount_of(*a, basis) > amount_of(*b, basis);
  });
  double all = 0;
  for (const WorkerRow* row : rows) all += static_cast<double>(amount_of(*row, basis));
  std::size_t owners = 0;
  for (double theirs = 0; owners < rows.size() && theirs < kOwnersPart * all; ++owners)
    theirs += static_cast<double>(amount_of(*rows[owners], basis));
  rows.resize(owners);
  return rows;
}

std::string_view basis_name(Basis basis) {
  return basis == Basis::open ? "open connections" : basis == Basis::accepts ? "accepted connections" : "connections";
}

std::optional<OwnedSince> owned_since(const ServiceRow& service, Basis basis) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> owners;
  for (const WorkerRow* row : owners_of(service, basis)) owners.emplace(row->pid, row->tid.value_or(0));
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
