// SPDX-License-Identifier: BSD-2-Clause
#include "model/stalls.hpp"

#include <gmock/gmock.h>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

using ::testing::Eq;

const Owner kOwner{service(), worker(1)};

/// The longest stall after looks at one worker, a second apart.
std::optional<Stall> after(std::initializer_list<WorkerLook> looks) {
  Stalls stalls;
  MonotonicTime at{0};
  for (const WorkerLook& look : looks) {
    stalls.look(kOwner, at, look);
    at = at + 1s;
  }
  return stalls.longest(kOwner);
}

TEST(Stalls, LastFromTheFirstToTheLastLookAtWhichRequestsWaitAndNoneBegins) {
  EXPECT_EQ(after({{0, 5, 20}, {2, 5, 25}, {3, 5, 40}, {3, 5, 60}}), (Stall{2s, 3, 35, false}));
}

TEST(Stalls, AreNoneIfOneBeginsBetweenAnyTwoLooks) {
  EXPECT_EQ(after({{2, 5, 5}, {3, 6, 6}, {1, 7, 7}}), std::nullopt);
}

TEST(Stalls, AreNoneIfNothingWaits) {
  EXPECT_EQ(after({{0, 5, 5}, {0, 5, 9}, {0, 5, 12}}), std::nullopt);
  EXPECT_EQ(after({{1, 5, 5}, {0, 5, 9}, {1, 5, 12}}), std::nullopt);
  EXPECT_EQ(after({{1, 5, 5}}), std::nullopt);
}

TEST(Stalls, StayWhenTheyAreOver) {
  EXPECT_EQ(after({{1, 5, 5}, {1, 5, 5}, {1, 5, 5}, {0, 9, 9}, {0, 9, 9}}), (Stall{2s, 1, 0, true}));
}

TEST(Stalls, OnlyTheLongestIsKept) {
  EXPECT_EQ(after({{1, 5, 5}, {1, 5, 5}, {1, 5, 5}, {4, 9, 9}, {4, 9, 9}}), (Stall{2s, 1, 0, true}));
  EXPECT_EQ(after({{1, 5, 5}, {1, 5, 5}, {4, 9, 9}, {4, 9, 9}, {4, 9, 9}}), (Stall{2s, 4, 0, false}));
}

TEST(Stalls, OfOneWorkerAreNotThoseOfAnother) {
  Stalls stalls;
  for (const MonotonicTime at : {MonotonicTime{0}, MonotonicTime{1'000'000'000}}) {
    stalls.look(kOwner, at, {1, 5, 5});
    stalls.look({service(), worker(2)}, at, {0, 7, 12});
  }
  EXPECT_TRUE(stalls.longest(kOwner));
  EXPECT_THAT(stalls.longest({service(), worker(2)}), Eq(std::nullopt));
}

}  // namespace
}  // namespace acceptscope::testing
