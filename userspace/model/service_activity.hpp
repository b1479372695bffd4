// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <map>
#include <set>
#include <vector>

#include "model/activity.hpp"

namespace acceptscope {

/// The activity of each service's workers as of a tick.
using ServiceActivities = std::map<ServiceKey, std::map<WorkerKey, WorkerActivity>>;

/// Windows and timelines of the services, begun when a service first appears. Bounded: the first kMaxServices services,
/// and in all timelines together the first kMaxWorkers workers with any activity, which take 8 MiB.
class ServiceActivity {
 public:
  static constexpr std::size_t kMaxServices = 64;
  static constexpr std::size_t kMaxWorkers = 1024;

  ServiceActivity(Nanoseconds window, Nanoseconds interval) : clock_(window), interval_(interval) {}

  /// `before`: the tick before `at`, or the beginning of the run; a new service's counts are from after it. Windows
  /// begin at the first tick.
  void add(MonotonicTime before, MonotonicTime at, const ServiceActivities& services);

  [[nodiscard]] ActiveWorkers active_workers(const ServiceKey& service) const;
  /// Empty for a service without a timeline. Workers without any activity have zeros; workers without room are left
  /// out.
  [[nodiscard]] TimelineRows timeline(const ServiceKey& service, const ClockBase& clock,
                                      std::vector<WorkerKey> workers) const;

 private:
  struct Series {
    WindowCounter windows;
    Timeline timeline;
    std::set<WorkerKey> in_timeline;
    std::set<WorkerKey> left_out;  ///< of the timeline: no room
  };

  [[nodiscard]] std::map<WorkerKey, WorkerActivity> with_room(Series& series,
                                                              const std::map<WorkerKey, WorkerActivity>& workers);

  WindowClock clock_;
  Nanoseconds interval_;
  std::size_t workers_ = 0;  ///< in all timelines
  std::map<ServiceKey, Series> services_;
};

}  // namespace acceptscope
