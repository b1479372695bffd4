// SPDX-License-Identifier: BSD-2-Clause
#include "model/two_samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace acceptscope {
namespace {

using namespace std::chrono_literals;
using Counts = std::vector<std::uint64_t>;

constexpr int kTrials = 200;
constexpr double kLevel = 0.01;

/// Of 200 trials at a level of 1 % more than 7 false alarms happen in 0.1 % of cases; the draws are always the same.
constexpr int kMostFalseAlarms = 7;

/// A different engine from the one under test.
class Draws {
 public:
  Counts deal(std::uint64_t connections, const std::vector<double>& shares) {
    Counts counts(shares.size());
    for (std::uint64_t i = 0; i < connections; ++i) {
      double left = uniform();
      std::size_t worker = 0;
      while (worker + 1 < shares.size() && left >= shares[worker]) left -= shares[worker++];
      ++counts[worker];
    }
    return counts;
  }

  std::vector<HistogramBucket> lognormal(std::size_t count, double median_s, double sigma) {
    Histogram histogram;
    for (std::size_t i = 0; i < count; ++i) {
      const double z = std::sqrt(-2 * std::log(1 - uniform())) * std::cos(6.283185307179586 * uniform());
      histogram.add(Nanoseconds{static_cast<std::int64_t>(1e9 * median_s * std::exp(sigma * z))});
    }
    return histogram.buckets();
  }

  std::uint64_t events(double rate, double time) {
    std::uint64_t count = 0;
    for (double at = -std::log(1 - uniform()) / rate; at < time; at -= std::log(1 - uniform()) / rate) ++count;
    return count;
  }

  double uniform() {
    return static_cast<double>(engine_() - std::minstd_rand::min()) / (std::minstd_rand::max() - 1.0);
  }

 private:
  std::minstd_rand engine_{4711};
};

/// Number of pairs, of kTrials that `draw` makes, for which the test finds a difference.
template <class Draw>
int alarms(Draw draw) {
  int found = 0;
  for (int i = 0; i < kTrials; ++i) found += draw().value_or(1) < kLevel;
  return found;
}

std::vector<double> even(std::size_t workers) {
  return std::vector<double>(workers, 1.0 / static_cast<double>(workers));
}

TEST(Evenness, RaisesFewFalseAlarms) {
  Draws draws;
  const auto same = [&](const std::vector<double>& shares, std::uint64_t a, std::uint64_t b) {
    return alarms([&] {
      const Counts x = draws.deal(a, shares);
      const Counts y = draws.deal(b, shares);
      const auto workers = static_cast<std::uint32_t>(shares.size());
      return evenness_p_value({x, workers}, {y, workers});
    });
  };
  EXPECT_LE(same(even(8), 40, 40), kMostFalseAlarms);
  EXPECT_LE(same(even(8), 40, 600), kMostFalseAlarms);
  EXPECT_LE(same(even(32), 20, 100), kMostFalseAlarms);
  EXPECT_LE(same({0.5, 0.3, 0.1, 0.1, 0, 0, 0, 0}, 40, 80), kMostFalseAlarms);
  EXPECT_LE(same({0.6, 0.4}, 100, 100), kMostFalseAlarms);
}

TEST(Evenness, AnotherNumberOfWorkersAloneIsNoChange) {
  Draws draws;
  EXPECT_LE(alarms([&] {
              const Counts x = draws.deal(100, even(8));
              const Counts y = draws.deal(400, even(32));
              return evenness_p_value({x, 8}, {y, 32});
            }),
            kMostFalseAlarms);
}

TEST(Evenness, FindsAPoolThatWasPinned) {
  Draws draws;
  EXPECT_GE(alarms([&] {
              const Counts x = draws.deal(40, {0.5, 0.3, 0.2, 0, 0, 0, 0, 0});
              const Counts y = draws.deal(40, even(8));
              return evenness_p_value({x, 8}, {y, 8});
            }),
            kTrials * 95 / 100);
}

TEST(Evenness, IsUnknownForMoreWorkersThanADrawTakesSecondsFor) {
  const Counts x{20, 12, 8};
  EXPECT_EQ(evenness_p_value({x, 1'000'000'000}, {x, 8}), std::nullopt);
  EXPECT_EQ(evenness_p_value({x, 8}, {x, 4'294'967'295}), std::nullopt);
  EXPECT_NE(evenness_p_value({x, 8}, {x, 16}), std::nullopt);
}

TEST(Evenness, IsTheSameEveryTimeAndEitherWayRound) {
  const Counts x{20, 12, 8};
  const Counts y{5, 6, 4, 5, 5, 5, 5, 5};
  EXPECT_EQ(evenness_p_value({x, 8}, {y, 8}), evenness_p_value({x, 8}, {y, 8}));
  EXPECT_LT(*evenness_p_value({y, 8}, {x, 8}), kLevel);
  EXPECT_DOUBLE_EQ(*evenness_p_value({x, 8}, {x, 8}), 1);
}

TEST(Evenness, OfAMillionConnectionsOnThousandsOfWorkers) {
  const Counts x(4'096, 250);
  const Counts y{500'000, 500'000};
  EXPECT_LT(*evenness_p_value({x, 4'096}, {y, 4'096}), kLevel);
}

TEST(Evenness, NeedsConnectionsAndMoreThanOneWorker) {
  const Counts few{4, 3};
  const Counts many{40, 30};
  EXPECT_FALSE(evenness_p_value({few, 2}, {many, 2}));
  EXPECT_FALSE(evenness_p_value({Counts{40}, 1}, {many, 2}));
  EXPECT_FALSE(evenness_p_value({Counts{}, 0}, {many, 2}));
  EXPECT_TRUE(evenness_p_value({many, 0}, {many, 2})) << "more workers had connections than were eligible";
}

TEST(MannWhitney, RaisesFewFalseAlarmsAndFindsAShift) {
  Draws draws;
  const auto found = [&](double other_median, std::size_t a, std::size_t b) {
    return alarms(
        [&] { return mann_whitney_p_value(draws.lognormal(a, 0.004, 1), draws.lognormal(b, other_median, 1)); });
  };
  EXPECT_LE(found(0.004, 100, 100), kMostFalseAlarms);
  EXPECT_LE(found(0.004, 10, 500), kMostFalseAlarms);
  EXPECT_GE(found(0.008, 100, 100), kTrials * 95 / 100);
}

// Two groups of eight without ties, the largest eight in one: U = 0, z = (32 - 0.5) / sqrt(64 * 17 / 12).
TEST(MannWhitney, IsTheNormalApproximationOfTheBooks) {
  const std::vector<std::uint32_t> a{8, 2, 6, 4, 5, 3, 7, 1};  // in no order, which would be an autocorrelation
  const std::vector<std::uint32_t> b{16, 10, 14, 12, 13, 11, 15, 9};
  const double p = *mann_whitney_p_value(a, b);
  EXPECT_NEAR(p, std::erfc(3.308 / std::sqrt(2.0)), 1e-4);
}

TEST(MannWhitney, SeriesThatDriftCountLess) {
  const std::vector<std::uint32_t> a{1, 1, 1, 1, 5, 5, 5, 5};
  const std::vector<std::uint32_t> b{1, 5, 1, 5, 1, 5, 1, 5};
  const std::vector<std::uint32_t> high{6, 6, 6, 6, 9, 9, 9, 9};
  EXPECT_GT(*mann_whitney_p_value(a, high), *mann_whitney_p_value(b, high));
}

TEST(MannWhitney, OfOneBucketOrOfLittle) {
  const std::vector<HistogramBucket> one{{1ms, 50}};
  EXPECT_DOUBLE_EQ(*mann_whitney_p_value(one, one), 1);
  EXPECT_FALSE(mann_whitney_p_value(one, std::vector<HistogramBucket>{{2ms, 7}}));
  EXPECT_LT(*mann_whitney_p_value(one, std::vector<HistogramBucket>{{std::nullopt, 8}}), kLevel);
}

TEST(Quantile, RaisesFewFalseAlarmsAndFindsALongerTail) {
  Draws draws;
  EXPECT_LE(
      alarms([&] { return quantile_p_value(draws.lognormal(300, 0.004, 1), draws.lognormal(300, 0.004, 1), 0.95); }),
      kMostFalseAlarms);
  EXPECT_GE(
      alarms([&] { return quantile_p_value(draws.lognormal(300, 0.004, 0.3), draws.lognormal(300, 0.004, 1), 0.95); }),
      kTrials * 95 / 100);
}

TEST(Rates, RaiseFewFalseAlarmsAndFindADoubledRate) {
  Draws draws;
  const auto found = [&](double other_rate) {
    return alarms([&] { return rates_p_value(draws.events(10, 20), 20, draws.events(other_rate, 5), 5); });
  };
  EXPECT_LE(found(10), kMostFalseAlarms);
  EXPECT_GE(found(20), kTrials * 95 / 100);
}

TEST(Rates, AgreeAcrossTheLimitOfExactness) {
  const double exact = *rates_p_value(4'900, 10, 5'100, 10);
  const double normal = *rates_p_value(4'901, 10, 5'101, 10);
  EXPECT_NEAR(exact, normal, 0.002);
  EXPECT_FALSE(rates_p_value(3, 10, 4, 10));
  EXPECT_FALSE(rates_p_value(30, 0, 40, 10));
}

// Fisher's tea: 3 of 4 and 1 of 4 right, 0.486; all right, 0.029.
TEST(Fisher, OfTheLadyTastingTea) {
  EXPECT_NEAR(*fisher_p_value(3, 1, 1, 3), 34.0 / 70, 1e-9);
  EXPECT_NEAR(*fisher_p_value(4, 0, 0, 4), 2.0 / 70, 1e-9);
  EXPECT_FALSE(fisher_p_value(0, 0, 1, 3));
  EXPECT_DOUBLE_EQ(*fisher_p_value(0, 5, 0, 7), 1);
}

TEST(Fisher, AgreesWithTheNormalApproximationAcrossTheLimit) {
  const double exact = *fisher_p_value(9'900, 10'050, 10'100, 9'950);
  const double normal = *fisher_p_value(9'950, 10'101, 10'151, 10'000);
  EXPECT_NEAR(exact, normal, 0.01);
}

}  // namespace
}  // namespace acceptscope
