// SPDX-License-Identifier: BSD-2-Clause
#include "model/slots.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "unit/model/service_row_builder.hpp"

namespace acceptscope::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Stay stay(Nanoseconds from, Nanoseconds to) { return {kStartedAt + from, kStartedAt + to}; }

WorkerRow& add(ServiceRow& service, Nanoseconds born, std::optional<Nanoseconds> left, std::uint64_t accepts) {
  WorkerRow& row = service.workers.emplace_back();
  row.pid = static_cast<std::uint32_t>(100 + service.workers.size());
  row.start_time = kStartedAt + born;
  row.exited = left.has_value();
  if (left) row.left_at = kStartedAt + *left;
  row.counts.accepts = accepts;
  return row;
}

double accepts_of(const WorkerRow& row) { return static_cast<double>(row.counts.accepts); }

std::vector<double> amounts(const ServiceRow& service) {
  std::vector<double> amounts = Slots(service).amounts(accepts_of);
  std::ranges::sort(amounts, std::greater<>());
  return amounts;
}

TEST(Concurrency, OfWorkersThatStayIsTheirNumber) {
  const Concurrency at_once = concurrency(std::vector{stay(0s, 10s), stay(0s, 10s), stay(0s, 10s)});

  EXPECT_EQ(at_once.median, 3u);
  EXPECT_EQ(at_once.size, (PoolSize{3, 3, 3}));
}

TEST(Concurrency, WorkersThatReplaceOneAnotherAreOneAtATime) {
  std::vector<Stay> stays;
  for (int i = 0; i < 57; ++i) stays.push_back(stay(i * 1s, i * 1s + 990ms));
  stays.push_back(stay(0s, 57s));

  EXPECT_EQ(concurrency(stays).median, 2u);
  EXPECT_EQ(concurrency(stays).size, (PoolSize{1, 2, 58}));
}

TEST(Concurrency, TimesWithoutAnyWorkerDoNotCount) {
  EXPECT_EQ(concurrency(std::vector{stay(0s, 1s), stay(0s, 1s), stay(9s, 10s), stay(9s, 10s)}).median, 2u);
  EXPECT_EQ(concurrency({}).median, 0u);
}

TEST(Concurrency, InTheFirstMomentAllAreThere) {
  EXPECT_EQ(concurrency(std::vector{stay(0s, 0s), stay(0s, 0s)}).median, 2u);
}

TEST(Concurrency, IsTheMedianOverTime) {
  // 5 workers all the time, 15 more for the last third
  std::vector<Stay> stays(5, stay(0s, 30s));
  stays.insert(stays.end(), 15, stay(20s, 30s));

  EXPECT_EQ(concurrency(stays).median, 5u);
  EXPECT_EQ(concurrency(stays).size, (PoolSize{5, 20, 20}));
}

TEST(Slots, ASuccessorInheritsThePlaceOfTheOneBefore) {
  ServiceRow service;
  for (int i = 0; i < 10; ++i) add(service, i * 1s, i < 9 ? std::optional(i * 1s + 990ms) : std::nullopt, 50);
  add(service, -5s, {}, 3);
  add(service, -5s, {}, 0);
  service.workers_eligible = 3;

  EXPECT_THAT(amounts(service), ElementsAre(500, 3, 0));
  EXPECT_THAT(Slots(service).without(accepts_of), ElementsAre(11));
}

TEST(Slots, TheFirstOfAPlaceThatIsStillWithoutAnyIsNotIdle) {
  ServiceRow service;
  add(service, 0s, 5s, 50);
  add(service, 5001ms, {}, 0);
  service.workers_eligible = 1;

  EXPECT_THAT(amounts(service), ElementsAre(50));
  EXPECT_THAT(Slots(service).without(accepts_of), IsEmpty());
}

TEST(Slots, AReloadWhoseNewWorkersStartBeforeTheOldOnesLeaveIsNoUnevenness) {
  ServiceRow service;
  for (int i = 0; i < 4; ++i) add(service, 0s, 31s, 100);
  for (int i = 0; i < 4; ++i) add(service, 30s, {}, 100);
  service.workers_eligible = 4;

  EXPECT_THAT(amounts(service), ElementsAre(200, 200, 200, 200));
}

TEST(Slots, TheShareOfAPlaceIsThatOfItsLastWorker) {
  ServiceRow service;
  add(service, 0s, 5s, 50);
  add(service, 6s, {}, 7);
  service.workers_eligible = 1;

  EXPECT_EQ(Slots(service).shares(accepts_of).at(0).row, 1u);
}

TEST(Slots, APlaceThatNobodyTookOverRemains) {
  ServiceRow service;
  add(service, 0s, 25s, 70);  // it crashed
  add(service, 0s, {}, 30);
  service.workers_eligible = 2;

  EXPECT_THAT(amounts(service), ElementsAre(70, 30));
}

}  // namespace
}  // namespace acceptscope::testing
