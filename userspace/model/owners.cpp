// SPDX-License-Identifier: BSD-2-Clause
#include "model/owners.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "model/spread.hpp"

namespace acceptscope {
namespace {

constexpr double kOfTheirShare = 0.9;

/// Open connections in one step of a timeline.
struct OpenAt {
  double all = 0;
  double theirs = 0;  ///< of the owners
  [[nodiscard]] double share() const { return theirs / all; }
};

std::vector<OpenAt> open_of_owners(const ServiceRow& service) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> owners;
  for (const std::size_t row : service.spread.owners)
    if (row < service.workers.size()) owners.emplace(service.workers[row].pid, service.workers[row].tid.value_or(0));
  std::vector<OpenAt> steps(service.timeline.start.size());
  for (const TimelineWorker& worker : service.timeline.workers) {
    const bool is_owner = owners.contains({worker.pid, worker.tid.value_or(0)});
    for (std::size_t step = 0; step < steps.size(); ++step) {
      const auto open = static_cast<double>(at_step(worker.open, step));
      steps[step].all += open;
      if (is_owner) steps[step].theirs += open;
    }
  }
  return steps;
}

}  // namespace

std::vector<const WorkerRow*> workers_of(const ServiceRow& service) {
  std::vector<const WorkerRow*> rows;
  for (const WorkerRow& row : service.workers)
    if (row.role == Role::worker) rows.push_back(&row);
  return rows;
}

std::optional<OwnedSince> owned_since(const ServiceRow& service) {
  const std::vector<OpenAt> steps = open_of_owners(service);
  std::optional<std::size_t> since;
  double share_at_end = 0;
  bool other_before = false;  // in an earlier step than `since`
  for (std::size_t step = steps.size(); step-- > 0;) {
    if (!(steps[step].all > 0)) continue;
    if (!since) share_at_end = steps[step].share();
    other_before = steps[step].share() < kOfTheirShare * share_at_end;
    if (other_before || share_at_end <= 0) break;
    since = step;
  }
  if (!since) return std::nullopt;
  return OwnedSince{service.timeline.start[*since], !other_before && *since == 0 && service.counts.preexisting > 0};
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
