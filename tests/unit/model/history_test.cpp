// SPDX-License-Identifier: BSD-2-Clause
#include "model/history.hpp"

#include <gmock/gmock.h>

#include "unit/output/sample.hpp"

namespace acceptscope {
namespace {

using sample::service;
using sample::snapshot;
using sample::worker;

Snapshot with(std::vector<WorkerRow> workers) { return snapshot({service("0.0.0.0", 80, std::move(workers))}); }

TickSample latest(const History& history, const Snapshot& s, std::size_t row) {
  return history.of(s.services[0], s.services[0].workers[row]).back();
}

TEST(History, TheFirstSnapshotOnlySaysWhereToCountFrom) {
  History history;
  const Snapshot s = with({worker(7, 100, 3)});

  history.add(s);

  EXPECT_EQ(history.ticks(), 0u);
  EXPECT_EQ(latest(history, s, 0), TickSample{});
}

TEST(History, KeepsWhatWasNewInEachTick) {
  History history;
  history.add(with({worker(7, 100, 3)}));  // worker(): 1,100 bytes per accept
  const Snapshot s = with({worker(7, 104, 5), worker(8, 2, 1)});
  history.add(s);

  EXPECT_EQ(history.ticks(), 1u);
  EXPECT_EQ(latest(history, s, 0), (TickSample{.accepts = 4, .bytes = 4'400, .open = 5}));
  EXPECT_EQ(latest(history, s, 1), (TickSample{.accepts = 2, .bytes = 2'200, .open = 1}));
}

TEST(History, BusyTimeIsThatOfTheTick) {
  History history;
  history.add(with({sample::serving(worker(7, 100, 3), 5, 1, std::chrono::seconds{10})}));
  const Snapshot s = with({sample::serving(worker(7, 100, 3), 6, 1, std::chrono::milliseconds{10'400})});
  history.add(s);

  EXPECT_EQ(latest(history, s, 0).busy, std::chrono::milliseconds{400});
}

TEST(History, TotalsThatShrinkAreNothingRatherThanAHugeNumber) {
  History history;
  history.add(with({worker(7, 100, 3)}));
  const Snapshot s = with({worker(7, 90, 3)});
  history.add(s);

  EXPECT_EQ(latest(history, s, 0), (TickSample{.accepts = 0, .bytes = 0, .open = 3}));
}

TEST(History, IsTheLastSixtyTicksOldestFirst) {
  History history;
  history.add(with({worker(7, 0, 0)}));
  Snapshot s;
  std::uint64_t accepts = 0;
  for (std::uint64_t tick = 1; tick <= 100; ++tick) {
    accepts += tick;
    s = with({worker(7, accepts, 0)});
    history.add(s);
  }

  const History::Ticks ticks = history.of(s.services[0], s.services[0].workers[0]);
  EXPECT_EQ(history.ticks(), History::kTicks);
  EXPECT_EQ(ticks.front().accepts, 41u);
  EXPECT_EQ(ticks.back().accepts, 100u);
}

TEST(History, AWorkerThatIsNoLongerListedIsForgottenAndAReusedPidIsAnother) {
  History history;
  history.add(with({worker(7, 10, 0), worker(8, 10, 0)}));
  const Snapshot before = with({worker(7, 20, 0), worker(8, 20, 0)});
  history.add(before);
  WorkerRow reborn = worker(7, 1, 1);
  reborn.start_time = sample::kStart;
  const Snapshot after = with({reborn});
  history.add(after);

  EXPECT_EQ(latest(history, before, 1), TickSample{});
  EXPECT_EQ(latest(history, before, 0), TickSample{});
  EXPECT_EQ(latest(history, after, 0).accepts, 1u);
}

}  // namespace
}  // namespace acceptscope
