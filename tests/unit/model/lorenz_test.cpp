// SPDX-License-Identifier: BSD-2-Clause
#include "model/lorenz.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

namespace acceptscope {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LorenzCurve, BeginsWithTheLeastBusy) {
  EXPECT_THAT(lorenz_curve({6, 0, 2, 2}), ElementsAre(LorenzPoint{0, 0}, LorenzPoint{0.25, 0}, LorenzPoint{0.5, 0.2},
                                                      LorenzPoint{0.75, 0.4}, LorenzPoint{1, 1}));
}

TEST(LorenzCurve, OfNothingIsEmpty) {
  EXPECT_THAT(lorenz_curve({}), IsEmpty());
  EXPECT_THAT(lorenz_curve({0, 0}), IsEmpty());
}

TEST(FairLorenzBand, RisesFromZeroToOneWithTheMedianInside) {
  const LorenzBand band = fair_lorenz_band(40, 8);
  ASSERT_EQ(band.workers.size(), 9U);
  for (const auto& line : {band.workers, band.p01, band.p50, band.p99}) {
    EXPECT_DOUBLE_EQ(line.front(), 0);
    EXPECT_DOUBLE_EQ(line.back(), 1);
    EXPECT_TRUE(std::is_sorted(line.begin(), line.end()));
  }
  for (std::size_t i = 1; i + 1 < band.workers.size(); ++i) {
    EXPECT_LE(band.p01[i], band.p50[i]);
    EXPECT_LE(band.p50[i], band.p99[i]);
    EXPECT_LT(band.p99[i], band.workers[i]);
  }
}

TEST(FairLorenzBand, IsTheSameEveryTime) { EXPECT_EQ(fair_lorenz_band(40, 8).p01, fair_lorenz_band(40, 8).p01); }

/// Single draws from a different engine, above and below the number at which normal numbers replace them.
TEST(FairLorenzBand, HoldsNinetyEightOfAHundredFairDraws) {
  for (const std::uint64_t connections : {std::uint64_t{100}, std::uint64_t{1'600}}) {
    const LorenzBand band = fair_lorenz_band(connections, 20);
    std::minstd_rand engine(4711);
    int inside = 0;
    constexpr int kDraws = 2'000;
    for (int draw = 0; draw < kDraws; ++draw) {
      std::vector<double> counts(20);
      for (std::uint64_t i = 0; i < connections; ++i) ++counts[engine() % 20];
      const double half = lorenz_curve(counts)[10].amount;
      inside += half >= band.p01[10] && half <= band.p99[10] ? 1 : 0;
    }
    EXPECT_NEAR(inside, 0.98 * kDraws, 0.015 * kDraws) << connections;
  }
}

TEST(FairLorenzBand, OfSoManyWorkersThatFewDrawsDoIsNarrowAndInOrder) {
  const LorenzBand band = fair_lorenz_band(1'600'000, 100'000);
  for (std::size_t i = 1; i + 1 < band.workers.size(); ++i) {
    EXPECT_LE(band.p01[i], band.p50[i]);
    EXPECT_LE(band.p50[i], band.p99[i]);
    EXPECT_LT(band.p99[i] - band.p01[i], 0.01);
  }
}

TEST(FairLorenzBand, HasBoundedPoints) {
  EXPECT_EQ(fair_lorenz_band(10, 4'096).workers.size(), 65U);
  EXPECT_EQ(fair_lorenz_band(0, 0).workers.size(), 2U);
}

}  // namespace
}  // namespace acceptscope
