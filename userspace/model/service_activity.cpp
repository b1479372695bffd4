// SPDX-License-Identifier: BSD-2-Clause
#include "model/service_activity.hpp"

namespace acceptscope {
namespace {

const std::map<WorkerKey, WorkerActivity> kNobody;

/// A request counts apart: its connection and its bytes may be another worker's.
bool did_anything(const WorkerActivity& activity) {
  return activity.accepts + activity.bytes + activity.open + activity.requests.value_or(0) > 0;
}

}  // namespace

void ServiceActivity::add(MonotonicTime before, MonotonicTime at, const ServiceActivities& services) {
  for (const auto& [key, workers] : services) {
    if (services_.contains(key) || services_.size() >= kMaxServices) continue;
    Series& series = services_.emplace(key, Series{WindowCounter(clock_), Timeline(interval_), {}, {}}).first->second;
    series.timeline.add(before, kNobody);
  }
  for (auto& [key, series] : services_) {
    const auto found = services.find(key);
    const auto& workers = found == services.end() ? kNobody : found->second;
    series.windows.add(at, workers);
    series.timeline.add(at, with_room(series, workers));
  }
  clock_.look(at);
}

std::map<WorkerKey, WorkerActivity> ServiceActivity::with_room(Series& series,
                                                               const std::map<WorkerKey, WorkerActivity>& workers) {
  std::map<WorkerKey, WorkerActivity> chosen;
  for (const auto& [key, activity] : workers) {
    if (!series.in_timeline.contains(key)) {
      if (!did_anything(activity)) continue;
      if (workers_ >= kMaxWorkers) {
        series.left_out.insert(key);
        continue;
      }
      series.in_timeline.insert(key);
      ++workers_;
    }
    chosen.emplace(key, activity);
  }
  return chosen;
}

ActiveWorkers ServiceActivity::active_workers(const ServiceKey& service) const {
  const auto series = services_.find(service);
  return series == services_.end() ? ActiveWorkers{} : series->second.windows.active_workers();
}

TimelineRows ServiceActivity::timeline(const ServiceKey& service, const ClockBase& clock,
                                       std::vector<WorkerKey> workers) const {
  const auto series = services_.find(service);
  if (series == services_.end()) return {};
  std::erase_if(workers, [&](const WorkerKey& key) { return series->second.left_out.contains(key); });
  return series->second.timeline.rows(clock, workers);
}

}  // namespace acceptscope
