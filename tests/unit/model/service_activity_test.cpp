// SPDX-License-Identifier: BSD-2-Clause
#include "model/service_activity.hpp"

#include <gmock/gmock.h>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

using ::testing::ElementsAre;

MonotonicTime at(Nanoseconds since_start) { return kStart + since_start; }

TEST(ServiceActivity, WhatANewServiceBringsHappenedSinceTheTickBefore) {
  ServiceActivity activity(1s, 1s);
  activity.add(at(0s), at(4s), {});
  activity.add(at(4s), at(5s), {{service(), {{worker(1), {3, 10, 1, 1}}}}});

  EXPECT_EQ(activity.active_workers(service()).accepting.windows, 1u);
  EXPECT_EQ(activity.active_workers(service()).accepting.max, 1u);
  const TimelineRows rows = activity.timeline(service(), kClock, {worker(1), worker(2)});
  EXPECT_THAT(rows.start, ElementsAre(kStartedAt + 4s));
  EXPECT_THAT(rows.workers.at(0).accepts, ElementsAre(3));
  EXPECT_THAT(rows.workers.at(1).accepts, ElementsAre(0));
}

TEST(ServiceActivity, WindowsBeginAtTheFirstTickOfTheRunForEveryService) {
  ServiceActivity activity(1s, 1s);
  activity.add(at(0s), at(700ms), {{service(), {{worker(1), {1, 0, 0, 0}}}}});  // attaching took its time
  activity.add(at(700ms), at(1700ms), {{service(), {{worker(1), {2, 0, 0, 0}}}}});
  activity.add(at(1700ms), at(2100ms),
               {{service(), {{worker(1), {2, 0, 0, 0}}}},  // an additional tick
                {service("127.0.0.1:1"), {{worker(2), {1, 0, 0, 0}}}}});
  activity.add(at(2100ms), at(2700ms),
               {{service(), {{worker(1), {3, 0, 0, 0}}}}, {service("127.0.0.1:1"), {{worker(2), {1, 0, 0, 0}}}}});

  EXPECT_EQ(activity.active_workers(service()).accepting, (ActiveStats{1, 1, 1, 1, 2, 1}));
  EXPECT_EQ(activity.active_workers(service("127.0.0.1:1")).accepting, (ActiveStats{1, 1, 1, 1, 1, 1}));
}

TEST(ServiceActivity, AServiceThatIsNotGivenAnyMoreIsIdle) {
  ServiceActivity activity(1s, 1s);
  activity.add(at(0s), at(0s), {});
  activity.add(at(0s), at(1s), {{service(), {{worker(1), {3, 10, 1, 1}}}}});
  activity.add(at(1s), at(2s), {});

  EXPECT_EQ(activity.active_workers(service()).accepting.windows, 2u);
  EXPECT_EQ(activity.active_workers(service()).accepting.min, 0u);
}

TEST(ServiceActivity, ServicesBeyondTheBoundHaveNone) {
  ServiceActivities many;
  for (std::uint32_t netns = 0; netns <= ServiceActivity::kMaxServices; ++netns)
    many[service("127.0.0.1:1", netns)][worker(1)] = {1, 1, 1, 1};
  ServiceActivity activity(1s, 1s);
  activity.add(at(0s), at(0s), {});
  activity.add(at(0s), at(1s), many);

  EXPECT_EQ(activity.active_workers(many.begin()->first).accepting.windows, 1u);
  EXPECT_EQ(activity.active_workers(many.rbegin()->first).accepting.windows, 0u);
  EXPECT_EQ(activity.timeline(many.rbegin()->first, kClock, {worker(1)}), TimelineRows{});
}

TEST(ServiceActivity, WorkersBeyondTheBoundAreLeftOutOfTheTimelineAndCountInTheWindows) {
  std::map<WorkerKey, WorkerActivity> workers;
  std::vector<WorkerKey> order;
  for (std::uint32_t pid = 1; pid <= ServiceActivity::kMaxWorkers + 5; ++pid) {
    workers[worker(pid)] = {1, 0, 0, 0};
    order.push_back(worker(pid));
  }
  ServiceActivity activity(1s, 1s);
  activity.add(at(0s), at(0s), {});
  activity.add(at(0s), at(1s), {{service(), workers}});

  EXPECT_EQ(activity.timeline(service(), kClock, order).workers.size(), ServiceActivity::kMaxWorkers);
  EXPECT_EQ(activity.active_workers(service()).accepting.max, ServiceActivity::kMaxWorkers + 5);
}

}  // namespace
}  // namespace acceptscope::testing
