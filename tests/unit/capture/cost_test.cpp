// SPDX-License-Identifier: BSD-2-Clause
#include "capture/cost.hpp"

#include <gtest/gtest.h>

namespace acceptscope {
namespace {

TEST(PathCost, IsTheMeanOfTheSamples) {
  PathCost cost(8);
  EXPECT_EQ(cost.per_event(), std::nullopt) << "no sample yet";
  cost.add({.runs = 20, .run_ns = 4'000}, 10);
  cost.add({.runs = 40, .run_ns = 2'000}, 20);
  EXPECT_EQ(cost.per_event(), 200);
}

TEST(PathCost, IsNotKnownWhileThereWasNoEvent) {
  PathCost cost(8);
  cost.add({.runs = 1'000, .run_ns = 90'000}, 0);
  EXPECT_EQ(cost.per_event(), std::nullopt);
}

TEST(PathCost, IsNotKnownWhereMostRunsWereForOthers) {
  PathCost cost(8);
  cost.add({.runs = 100'000, .run_ns = 8'600'000}, 1);  // a busy host, and one connection of ours
  EXPECT_EQ(cost.per_event(), std::nullopt);
  cost.add({.runs = 200'000, .run_ns = 90'000'000}, 100'000);
  EXPECT_NEAR(cost.per_event().value_or(0), 986, 1) << "it is, once most are ours";
}

}  // namespace
}  // namespace acceptscope
