// SPDX-License-Identifier: BSD-2-Clause
#include "model/fairness.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace acceptscope {
namespace {

using Amounts = std::vector<double>;

/// 1 / sum of squared shares of `draws` fair draws, sorted; from a different engine than the one under test.
std::vector<double> fair_draws(std::uint64_t connections, std::uint32_t workers, std::size_t draws) {
  std::minstd_rand engine(4711);
  std::vector<double> result;
  for (std::size_t draw = 0; draw < draws; ++draw) {
    Amounts amounts(workers, 0.0);
    for (std::uint64_t i = 0; i < connections; ++i) ++amounts[engine() % workers];
    result.push_back(*effective_workers(amounts));
  }
  std::sort(result.begin(), result.end());
  return result;
}

// The tables of real servers in the project's kernel notes.
TEST(EffectiveWorkers, OfServersSeenInTheWild) {
  EXPECT_NEAR(*effective_workers(Amounts{349, 17, 4, 0, 0, 0, 0, 0}), 1.12, 0.005);
  EXPECT_NEAR(*effective_workers(Amounts{8, 2, 1, 1}), 2.06, 0.005);
  EXPECT_NEAR(*effective_workers(Amounts{49131, 46997, 44023, 38420, 14945, 1742, 91, 12, 0, 0, 0, 1, 0, 0, 0, 0}),
              4.62, 0.005);
  Amounts pool(32, 0.0);
  pool[0] = 20, pool[1] = 12, pool[2] = 8;
  EXPECT_NEAR(*effective_workers(pool), 2.63, 0.005);
}

TEST(EffectiveWorkers, AreAllWhenSharesAreEqualAndOneWhenOneHasAll) {
  EXPECT_DOUBLE_EQ(*effective_workers(Amounts(32, 7.0)), 32);
  EXPECT_DOUBLE_EQ(*effective_workers(Amounts{0, 5, 0}), 1);
  EXPECT_DOUBLE_EQ(*effective_workers(Amounts{1e300, 1e300}), 2);
}

TEST(EffectiveWorkers, AreUnknownWithoutTraffic) {
  EXPECT_FALSE(effective_workers(Amounts{}));
  EXPECT_FALSE(effective_workers(Amounts{0, 0, 0}));
}

TEST(TopShare, IsThatOfTheBusiestWorker) {
  EXPECT_DOUBLE_EQ(*top_share(Amounts{1, 6, 3}), 0.6);
  EXPECT_DOUBLE_EQ(*top_share(Amounts{4}), 1);
  EXPECT_FALSE(top_share(Amounts{}));
  EXPECT_FALSE(top_share(Amounts{0, 0}));
}

TEST(FairBaseline, OfThirtyTwoWorkersIsThatOfTheKernelNotes) {
  const FairBaseline ten = fair_baseline(10, 32);
  EXPECT_NEAR(ten.idle_mean, 23.3, 0.05);
  EXPECT_NEAR(ten.p50, 8.3, 0.3);
  EXPECT_NEAR(ten.p01, 5.0, 0.3);
  const FairBaseline forty = fair_baseline(40, 32);
  EXPECT_NEAR(forty.idle_mean, 9.0, 0.05);
  EXPECT_NEAR(forty.p50, 18.2, 0.3);
  EXPECT_NEAR(forty.p01, 13.8, 0.3);
  const FairBaseline many = fair_baseline(320, 32);
  EXPECT_NEAR(many.idle_mean, 0.0, 0.05);
  EXPECT_NEAR(many.p50, 29.2, 0.3);
  EXPECT_NEAR(many.p01, 27.5, 0.3);
}

TEST(FairBaseline, AgreesWithPlainSimulationWhicheverWayItIsFound) {
  for (const std::uint32_t workers : {3u, 8u, 32u, 200u, 1000u}) {
    for (const std::uint64_t connections : {20u, 63u, 64u, 65u, 400u}) {
      const std::vector<double> draws = fair_draws(connections, workers, 10'000);
      const FairBaseline fair = fair_baseline(connections, workers);
      EXPECT_NEAR(fair.p50, draws[4'999], 0.012 * draws[4'999]) << connections << " over " << workers;
      EXPECT_NEAR(fair.p01, draws[99], 0.025 * draws[99]) << connections << " over " << workers;
    }
  }
}

TEST(FairBaseline, IsTheSameEveryTime) {
  const FairBaseline first = fair_baseline(40, 32);
  const FairBaseline second = fair_baseline(40, 32);
  EXPECT_EQ(first.p01, second.p01);
  EXPECT_EQ(first.p50, second.p50);
}

TEST(FairBaseline, OfOneWorkerOrOneConnectionIsOne) {
  const FairBaseline one_worker = fair_baseline(1'000'000, 1);
  EXPECT_EQ(one_worker.p01, 1);
  EXPECT_EQ(one_worker.p50, 1);
  EXPECT_EQ(one_worker.idle_mean, 0);
  const FairBaseline one_connection = fair_baseline(1, 32);
  EXPECT_EQ(one_connection.p01, 1);
  EXPECT_EQ(one_connection.p50, 1);
  EXPECT_DOUBLE_EQ(one_connection.idle_mean, 31);
}

TEST(FairBaseline, StaysInRangeForEverySize) {
  for (const std::uint64_t connections : {1ull, 2ull, 100ull, 128ull, 129ull, 100'000ull, 1'000'000'000ull, ~0ull}) {
    for (const std::uint32_t workers : {1u, 2u, 10'000u, ~0u}) {
      const FairBaseline fair = fair_baseline(connections, workers);
      EXPECT_GE(fair.p01, 1);
      EXPECT_GE(fair.p50, fair.p01);
      EXPECT_LE(fair.p50, std::min(static_cast<double>(connections), static_cast<double>(workers)));
      EXPECT_GE(fair.idle_mean, 0);
      EXPECT_LT(fair.idle_mean, workers);
    }
  }
}

TEST(FairBaseline, OfVeryManyConnectionsIsNearlyAllWorkers) {
  const FairBaseline fair = fair_baseline(1'000'000'000, 10'000);
  EXPECT_NEAR(fair.p01, 10'000, 1);
  EXPECT_NEAR(fair.p50, 10'000, 1);
}

}  // namespace
}  // namespace acceptscope
