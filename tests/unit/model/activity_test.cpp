// SPDX-License-Identifier: BSD-2-Clause
#include "model/activity.hpp"

#include <gmock/gmock.h>

#include <numeric>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Workers = std::map<WorkerKey, WorkerActivity>;

std::uint64_t sum(const std::vector<std::uint64_t>& values) {
  return std::accumulate(values.begin(), values.end(), std::uint64_t{0});
}

TEST(WindowCounter, KnowsNothingBeforeTheFirstWindowIsComplete) {
  WindowCounter counter{WindowClock(5s)};
  EXPECT_EQ(counter.active_workers(), ActiveWorkers{});

  for (const auto at : {0s, 1s, 4s}) counter.add(kStart + at, {{worker(1), {1, 100, 1, 1}}});

  EXPECT_EQ(counter.active_workers(), ActiveWorkers{});
}

TEST(WindowCounter, CountsWhoAcceptedAndWhoServed) {
  WindowCounter counter{WindowClock(1s)};
  counter.add(kStart, {{worker(1), {}}, {worker(2), {}}, {worker(3), {}}});
  counter.add(kStart + 1s, {{worker(1), {1, 0, 1, 0}}, {worker(2), {0, 10, 1, 1}}, {worker(3), {0, 10, 1, 1}}});
  counter.add(kStart + 2s, {{worker(1), {1, 0, 1, 0}}, {worker(2), {0, 10, 1, 0}}, {worker(3), {0, 20, 1, 1}}});

  const ActiveWorkers active = counter.active_workers();
  EXPECT_EQ(active.accepting, (ActiveStats{0, 0, 1, 1, 2, 0}));
  EXPECT_EQ(active.serving, (ActiveStats{1, 1, 2, 2, 2, 1}));
}

TEST(WindowCounter, WhatHappenedBeforeTheFirstTickDoesNotCount) {
  WindowCounter counter{WindowClock(1s)};
  counter.add(kStart, {{worker(1), {1000, 5000, 10, 3}}});
  counter.add(kStart + 1s, {{worker(1), {1000, 5000, 10, 0}}});

  EXPECT_EQ(counter.active_workers().accepting, (ActiveStats{0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(counter.active_workers().serving, (ActiveStats{0, 0, 0, 0, 1, 0}));
}

TEST(WindowCounter, AWorkerThatTurnsUpLaterStartsFromZero) {
  WindowCounter counter{WindowClock(1s)};
  counter.add(kStart, {});
  counter.add(kStart + 1s, {{worker(7), {1, 0, 1, 0}}});

  EXPECT_EQ(counter.active_workers().accepting.now, 1u);
}

TEST(WindowCounter, AWorkerThatLeftCountsByWhatItDidBefore) {
  WindowCounter counter{WindowClock(2s)};
  counter.add(kStart, {{worker(1), {}}});
  counter.add(kStart + 1s, {{worker(1), {3, 0, 0, 0}}});
  counter.add(kStart + 2s, {});
  counter.add(kStart + 4s, {});

  EXPECT_EQ(counter.active_workers().accepting, (ActiveStats{0, 0, 1, 1, 2, 0}));
}

TEST(WindowCounter, AWindowOfSeveralTicksCountsAWorkerOnce) {
  WindowCounter counter{WindowClock(3s)};
  counter.add(kStart, {{worker(1), {}}});
  for (std::uint64_t second = 1; second <= 3; ++second) {
    counter.add(kStart + second * 1s, {{worker(1), {second, 0, 0, 0}}});
  }

  EXPECT_EQ(counter.active_workers().accepting, (ActiveStats{1, 1, 1, 1, 1, 1}));
}

TEST(WindowCounter, OnlyCompleteWindowsCount) {
  WindowCounter counter{WindowClock(1s)};
  for (int second = 0; second <= 7; ++second) counter.add(kStart + second * 1s, {});
  counter.add(kStart + 7480ms, {});

  EXPECT_EQ(counter.active_workers().serving.windows, 7u);
}

TEST(WindowCounter, TicksThatAreALittleLateDoNotAddUp) {
  WindowCounter counter{WindowClock(1s)};
  for (int second = 0; second <= 10; ++second) counter.add(kStart + (second * 1s + second % 5 * 10ms), {});

  EXPECT_EQ(counter.active_workers().serving.windows, 10u);
}

TEST(WindowCounter, ALateTickMakesNeitherALongWindowNorAShortOne) {
  WindowCounter counter{WindowClock(1s)};
  counter.add(kStart, {{worker(1), {}}, {worker(2), {}}});
  counter.add(kStart + 1s, {{worker(1), {1, 0, 0, 0}}, {worker(2), {1, 0, 0, 0}}});
  counter.add(kStart + 2700ms, {{worker(1), {4, 0, 0, 0}}, {worker(2), {4, 0, 0, 0}}});  // late
  counter.add(kStart + 3s, {{worker(1), {5, 0, 0, 0}}, {worker(2), {4, 0, 0, 0}}});      // 0.3 s after it
  counter.add(kStart + 4s, {{worker(1), {6, 0, 0, 0}}, {worker(2), {6, 0, 0, 0}}});

  EXPECT_EQ(counter.active_workers().accepting, (ActiveStats{2, 2, 2, 2, 2, 2}));
}

TEST(WindowCounter, AnAdditionalTickDoesNotEndAWindow) {
  WindowCounter counter{WindowClock(1s)};
  for (const auto at : {0ms, 600ms, 990ms, 1000ms, 1010ms, 2000ms}) counter.add(kStart + at, {});

  EXPECT_EQ(counter.active_workers().serving.windows, 2u);
}

TEST(WindowCounter, ACounterReadTooLowIsNotActivity) {
  WindowCounter counter{WindowClock(1s)};
  counter.add(kStart, {{worker(1), {5, 900, 1, 0}}});
  counter.add(kStart + 1s, {{worker(1), {4, 400, 1, 0}}});
  counter.add(kStart + 2s, {{worker(1), {5, 900, 1, 0}}});

  EXPECT_EQ(counter.active_workers().accepting.max, 0u);
  EXPECT_EQ(counter.active_workers().serving.max, 0u);
}

TEST(WindowCounter, QuantilesAreThoseOfTheNearestRank) {
  WindowCounter counter{WindowClock(1s)};
  Workers workers;
  counter.add(kStart, workers);
  for (std::uint32_t window = 1; window <= 20; ++window) {  // 1, 2, ... 20 active workers
    for (std::uint32_t pid = 1; pid <= window; ++pid) ++workers[worker(pid)].accepts;
    counter.add(kStart + window * 1s, workers);
  }

  EXPECT_EQ(counter.active_workers().accepting, (ActiveStats{1, 10, 19, 20, 20, 20}));
}

TEST(Timeline, IsEmptyBeforeTheFirstTick) {
  const TimelineRows rows = Timeline(1s).rows(kClock, {worker(1)});

  EXPECT_EQ(rows.step, 1s);
  EXPECT_THAT(rows.start, IsEmpty());
  ASSERT_THAT(rows.workers, SizeIs(1));
  EXPECT_EQ(rows.workers[0].pid, 1u);
  EXPECT_THAT(rows.workers[0].accepts, IsEmpty());
}

TEST(Timeline, SumsAcceptsAndBytesAndKeepsWhatIsOpenAtTheEndOfEachStep) {
  Timeline timeline(2s);
  timeline.add(kStart, {{worker(1), {10, 100, 4, 2}}});
  timeline.add(kStart + 1s, {{worker(1), {11, 150, 5, 3}}});
  timeline.add(kStart + 2s, {{worker(1), {13, 160, 6, 1}}});
  timeline.add(kStart + 3s, {{worker(1), {13, 165, 2, 1}}});

  const TimelineRows rows = timeline.rows(kClock, {worker(1)});

  EXPECT_EQ(rows.step, 2s);
  EXPECT_THAT(rows.start, ElementsAre(kStartedAt, kStartedAt + 2s));
  ASSERT_THAT(rows.workers, SizeIs(1));
  EXPECT_THAT(rows.workers[0].accepts, ElementsAre(3, 0));
  EXPECT_THAT(rows.workers[0].bytes, ElementsAre(60, 5));
  EXPECT_THAT(rows.workers[0].open, ElementsAre(6, 2));
  EXPECT_THAT(rows.workers[0].active, ElementsAre(1, 1));
}

TEST(Timeline, StepsBeginAtTheFirstTick) {
  Timeline timeline(1s);
  timeline.add(kStart + 5s, {});
  timeline.add(kStart + 6s, {});
  timeline.add(kStart + 7s, {});

  EXPECT_THAT(timeline.rows(kClock, {}).start, ElementsAre(kStartedAt + 5s, kStartedAt + 6s));
}

TEST(Timeline, ATimerThatJittersNeitherSkipsNorDoublesAStep) {
  Timeline timeline(1s);
  timeline.add(kStart, {});
  for (std::uint64_t tick = 1; tick <= 6; ++tick) {
    const auto late = tick % 2 == 0 ? -20ms : 20ms;
    timeline.add(kStart + tick * 1s + late, {{worker(1), {tick, 0, 0, 0}}});
  }

  EXPECT_THAT(timeline.rows(kClock, {worker(1)}).workers[0].accepts, ElementsAre(1, 1, 1, 1, 1, 1));
}

TEST(Timeline, RowsComeInTheOrderWantedAndStrangersGetZeros) {
  Timeline timeline(1s);
  timeline.add(kStart, {{worker(1), {}}, {thread(2, 3), {}}});
  timeline.add(kStart + 1s, {{worker(1), {1, 0, 0, 0}}, {thread(2, 3), {2, 0, 0, 0}}});

  const TimelineRows rows = timeline.rows(kClock, {thread(2, 3), worker(9), worker(1)});

  ASSERT_THAT(rows.workers, SizeIs(3));
  EXPECT_EQ(rows.workers[0].tid, 3u);
  EXPECT_THAT(rows.workers[0].accepts, ElementsAre(2));
  EXPECT_EQ(rows.workers[1].pid, 9u);
  EXPECT_EQ(rows.workers[1].tid, std::nullopt);
  EXPECT_THAT(rows.workers[1].accepts, ElementsAre(0));
  EXPECT_THAT(rows.workers[2].accepts, ElementsAre(1));
}

TEST(Timeline, WorkersThatComeAndGoHaveZerosBeforeAndAfter) {
  Timeline timeline(1s);
  timeline.add(kStart, {{worker(1), {7, 70, 3, 1}}});
  timeline.add(kStart + 1s, {{worker(1), {8, 80, 4, 1}}});
  timeline.add(kStart + 2s, {{worker(2), {5, 50, 2, 1}}});
  timeline.add(kStart + 3s, {{worker(2), {5, 50, 2, 0}}});

  const TimelineRows rows = timeline.rows(kClock, {worker(1), worker(2)});

  EXPECT_THAT(rows.workers[0].accepts, ElementsAre(1, 0, 0));
  EXPECT_THAT(rows.workers[0].open, ElementsAre(4, 0, 0));
  EXPECT_THAT(rows.workers[1].accepts, ElementsAre(0, 5, 0));
  EXPECT_THAT(rows.workers[1].bytes, ElementsAre(0, 50, 0));
  EXPECT_THAT(rows.workers[1].open, ElementsAre(0, 2, 2));
}

TEST(Timeline, AWorkerThatLeavesWithinAStepHasNothingOpenAtItsEnd) {
  Timeline timeline(10s);
  timeline.add(kStart, {{worker(1), {0, 0, 3, 1}}});
  timeline.add(kStart + 1s, {});

  EXPECT_THAT(timeline.rows(kClock, {worker(1)}).workers[0].open, ElementsAre(0));
}

TEST(Timeline, StepsWithoutATickCarryOnWhatWasOpen) {
  Timeline timeline(1s);
  timeline.add(kStart, {{worker(1), {0, 0, 3, 1}}});
  timeline.add(kStart + 1s, {{worker(1), {1, 0, 4, 1}}});
  timeline.add(kStart + 7s, {{worker(1), {9, 0, 2, 1}}});

  const TimelineRows rows = timeline.rows(kClock, {worker(1)});

  EXPECT_THAT(rows.workers[0].accepts, ElementsAre(1, 0, 0, 0, 8));
  EXPECT_THAT(rows.workers[0].open, ElementsAre(4, 4, 4, 4, 2));
  EXPECT_THAT(rows.workers[0].active, ElementsAre(1, 0, 0, 0, 1));
}

TEST(Timeline, MergesNeighboursWhenItIsFull) {
  Timeline timeline(1s, 4);
  timeline.add(kStart, {{worker(1), {}}});
  for (std::uint64_t second = 1; second <= 5; ++second) {
    timeline.add(kStart + second * 1s, {{worker(1), {second * second, second, second, second}}});
  }

  const TimelineRows rows = timeline.rows(kClock, {worker(1)});

  EXPECT_EQ(rows.step, 2s);
  EXPECT_THAT(rows.start, ElementsAre(kStartedAt, kStartedAt + 2s, kStartedAt + 4s));
  EXPECT_THAT(rows.workers[0].accepts, ElementsAre(4, 12, 9));
  EXPECT_THAT(rows.workers[0].bytes, ElementsAre(2, 2, 1));
  EXPECT_THAT(rows.workers[0].open, ElementsAre(2, 4, 5));
  EXPECT_THAT(rows.workers[0].active, ElementsAre(2, 4, 5));
}

TEST(Timeline, MergingKnowsWhoCameAndWentInBetween) {
  Timeline timeline(1s, 4);
  timeline.add(kStart, {{worker(1), {0, 0, 1, 0}}});
  timeline.add(kStart + 1s, {{worker(1), {1, 0, 1, 0}}});
  timeline.add(kStart + 2s, {{worker(2), {2, 0, 2, 0}}});
  timeline.add(kStart + 3s, {{worker(2), {3, 0, 3, 0}}});
  timeline.add(kStart + 4s, {{worker(3), {4, 0, 4, 0}}});
  timeline.add(kStart + 5s, {{worker(3), {4, 0, 5, 0}}});

  const TimelineRows rows = timeline.rows(kClock, {worker(1), worker(2), worker(3)});

  EXPECT_THAT(rows.workers[0].accepts, ElementsAre(1, 0, 0));
  EXPECT_THAT(rows.workers[0].open, ElementsAre(0, 0, 0));
  EXPECT_THAT(rows.workers[1].accepts, ElementsAre(2, 1, 0));
  EXPECT_THAT(rows.workers[1].open, ElementsAre(2, 0, 0));
  EXPECT_THAT(rows.workers[2].accepts, ElementsAre(0, 4, 0));
  EXPECT_THAT(rows.workers[2].open, ElementsAre(0, 4, 5));
}

TEST(Timeline, LosesNoAcceptAndNoByteOverHoursOfTicks) {
  Timeline timeline(1s, 16);
  Workers workers;
  timeline.add(kStart, workers);
  for (std::uint64_t second = 1; second <= 20'000; ++second) {
    WorkerActivity& activity = workers[worker(static_cast<std::uint32_t>(second % 7 + 1))];
    activity.accepts += second % 5;
    activity.bytes += second;
    timeline.add(kStart + second * 1s, workers);
  }

  const TimelineRows rows = timeline.rows(kClock, {worker(1), worker(2), worker(3)});

  EXPECT_EQ(rows.step, 2048s);
  EXPECT_THAT(rows.start, SizeIs(10));
  for (const TimelineWorker& row : rows.workers) {
    EXPECT_EQ(sum(row.accepts), workers.at(worker(row.pid)).accepts);
    EXPECT_EQ(sum(row.bytes), workers.at(worker(row.pid)).bytes);
  }
}

TEST(Timeline, AMachineThatSleptForDaysFitsAsWell) {
  Timeline timeline(1s, 8);
  timeline.add(kStart, {{worker(1), {0, 0, 1, 1}}});
  timeline.add(kStart + 240h, {{worker(1), {5, 0, 1, 1}}});

  const TimelineRows rows = timeline.rows(kClock, {worker(1)});

  EXPECT_LE(rows.start.size(), 8u);
  EXPECT_EQ(sum(rows.workers[0].accepts), 5u);
}

}  // namespace
}  // namespace acceptscope::testing
