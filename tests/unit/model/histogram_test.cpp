// SPDX-License-Identifier: BSD-2-Clause
#include "model/histogram.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace acceptscope {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr std::size_t kLast = HIST_BUCKETS - 1;

std::int64_t lowest_of(std::size_t index) { return index == 0 ? 0 : Histogram::upper_bound_ns(index - 1) + 1; }

/// The value at rank ceil(q * n) of sorted values.
Nanoseconds exact_quantile(const std::vector<Nanoseconds>& sorted, double q) {
  const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

/// Durations from nanoseconds to hours, evenly spread over the orders of magnitude.
std::vector<Nanoseconds> random_durations(std::size_t count) {
  std::mt19937_64 random(20250101);
  std::uniform_real_distribution<double> exponent(0, 13);
  std::vector<Nanoseconds> values;
  for (std::size_t i = 0; i < count; ++i) values.emplace_back(std::llround(std::pow(10.0, exponent(random))));
  return values;
}

TEST(Histogram, BucketsAreContiguousAndHoldTheirOwnBounds) {
  for (std::size_t index = 0; index <= kLast; ++index) {
    EXPECT_EQ(Histogram::index_of(Nanoseconds{lowest_of(index)}), index);
    EXPECT_EQ(Histogram::index_of(Nanoseconds{Histogram::upper_bound_ns(index)}), index);
    EXPECT_LT(lowest_of(index), Histogram::upper_bound_ns(index));
  }
}

TEST(Histogram, HasTheBucketsOfTheWireFormat) {
  EXPECT_EQ(Histogram::index_of(0ns), 0u);
  EXPECT_EQ(Histogram::index_of(1023ns), 0u);
  EXPECT_EQ(Histogram::index_of(1024ns), 1u);
  EXPECT_EQ(Histogram::index_of(1151ns), 1u);
  EXPECT_EQ(Histogram::index_of(1152ns), 2u);
  EXPECT_EQ(Histogram::index_of(2048ns), 9u);
  EXPECT_EQ(Histogram::index_of(1s), 1u + (29 - 10) * 8 + 6);  // 10^9 = 2^29 * 1.86
  EXPECT_EQ(Histogram::index_of(Nanoseconds{(std::int64_t{1} << 46) - 1}), kLast - 1);
  EXPECT_EQ(Histogram::index_of(Nanoseconds{std::int64_t{1} << 46}), kLast);
  EXPECT_EQ(Histogram::index_of(Nanoseconds::max()), kLast);
}

TEST(Histogram, NoBucketIsWiderThanAnEighthOfItsValues) {
  for (std::size_t index = 1; index < kLast; ++index) {
    EXPECT_LE(Histogram::upper_bound_ns(index) - lowest_of(index) + 1, lowest_of(index) / 8);
  }
}

TEST(Histogram, EveryValueLiesInsideItsBucket) {
  for (const Nanoseconds value : random_durations(100'000)) {
    const std::size_t index = Histogram::index_of(value);
    ASSERT_GE(value.count(), lowest_of(index));
    ASSERT_LE(value.count(), Histogram::upper_bound_ns(index));
  }
}

TEST(Histogram, QuantilesAreWithinOneBucketOfTheExactOnes) {
  for (const std::size_t count : {1u, 2u, 3u, 10u, 999u, 20'000u}) {
    std::vector<Nanoseconds> values = random_durations(count);
    Histogram histogram;
    for (const Nanoseconds value : values) histogram.add(value);
    std::sort(values.begin(), values.end());
    for (const double q : {0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
      const Nanoseconds exact = exact_quantile(values, q);
      const Nanoseconds estimate = histogram.quantile(q).value();
      EXPECT_EQ(Histogram::index_of(estimate), Histogram::index_of(exact)) << count << " values, q = " << q;
      EXPECT_LE(estimate, values.back());
    }
    EXPECT_EQ(histogram.quantile(1), values.back());
  }
}

TEST(Histogram, QuantilesNeverFall) {
  Histogram histogram;
  for (const Nanoseconds value : random_durations(500)) histogram.add(value);
  for (int i = 0; i < 1000; ++i) EXPECT_LE(histogram.quantile(i / 1000.0), histogram.quantile((i + 1) / 1000.0));
}

TEST(Histogram, OneValueIsEveryQuantile) {
  Histogram histogram;
  histogram.add(1234567ns);

  EXPECT_EQ(histogram.quantile(0), 1234567ns);
  EXPECT_EQ(histogram.quantile(0.5), 1234567ns);
  EXPECT_EQ(histogram.max(), 1234567ns);
  EXPECT_EQ(histogram.mean(), 1234567ns);
}

TEST(Histogram, WithoutSamplesItKnowsNothing) {
  const Histogram histogram;

  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.quantile(0.5), std::nullopt);
  EXPECT_EQ(histogram.mean(), std::nullopt);
  EXPECT_EQ(histogram.max(), std::nullopt);
  EXPECT_TRUE(histogram.buckets().empty());
}

TEST(Histogram, MergingEqualsAddingEverything) {
  Histogram all, even, odd;
  const std::vector<Nanoseconds> values = random_durations(1001);
  for (std::size_t i = 0; i < values.size(); ++i) {
    all.add(values[i]);
    (i % 2 == 0 ? even : odd).add(values[i]);
  }
  even.merge(odd);
  even.merge(Histogram{});

  EXPECT_EQ(even.buckets(), all.buckets());
  EXPECT_EQ(even.count(), all.count());
  EXPECT_EQ(even.sum(), all.sum());
  EXPECT_EQ(even.max(), all.max());
}

TEST(Histogram, ShowsOnlyFilledBucketsInRisingOrder) {
  Histogram histogram;
  histogram.add(20h);
  histogram.add(1ns);
  histogram.add(1030ns);
  histogram.add(2ns);

  EXPECT_THAT(histogram.buckets(),
              ElementsAre(HistogramBucket{1023ns, 2}, HistogramBucket{1151ns, 1}, HistogramBucket{std::nullopt, 1}));
}

TEST(Histogram, TakesTheKernelsBucketsWithTheirSumAndMaximum) {
  wire::histogram buckets{};
  buckets.count[0] = 3;
  buckets.count[Histogram::index_of(1s)] = 1;
  const Histogram histogram(buckets, 1000001500ns, 1s);

  EXPECT_EQ(histogram.count(), 4u);
  EXPECT_EQ(histogram.mean(), 250000375ns);
  EXPECT_EQ(histogram.max(), 1s);
  EXPECT_EQ(histogram.quantile(0.99), 1s);
}

TEST(Histogram, AMaximumThatLostARaceIsNotBelowTheHighestBucket) {
  wire::histogram buckets{};
  buckets.count[Histogram::index_of(1s)] = 1;
  const Histogram histogram(buckets, 1s, 5ms);

  EXPECT_EQ(Histogram::index_of(histogram.max().value()), Histogram::index_of(1s));
  EXPECT_EQ(histogram.quantile(0.5), histogram.max());
}

TEST(Histogram, ANegativeDurationCountsAsNone) {
  Histogram histogram;
  histogram.add(-5ns);

  EXPECT_EQ(histogram.sum(), 0ns);
  EXPECT_EQ(histogram.quantile(1), 0ns);
}

/// A histogram of values in seconds.
Histogram of_seconds(std::initializer_list<int> values) {
  Histogram histogram;
  for (const int value : values) histogram.add(std::chrono::seconds{value});
  return histogram;
}

double seconds_of(std::optional<Nanoseconds> value) {
  return value ? std::chrono::duration<double>(*value).count() : -1;
}

TEST(MedianWith, WithoutCensoredOnesIsTheQuantile) {
  const Histogram closed = of_seconds({1, 2, 3, 4, 50});
  EXPECT_EQ(closed.median_with({}), closed.quantile(0.5));
  EXPECT_EQ(Histogram().median_with({}), std::nullopt);
}

/// Kaplan and Meier's own example (1958, section 2): losses at 1.0, 2.7, 7.0, 12.1, deaths at 0.8, 3.1, 5.4, 9.2. The
/// estimate falls below one half at the death at 9.2. In tenths: 8, 31, 54, 92 and 10, 27, 70, 121.
TEST(MedianWith, IsThatOfKaplanAndMeier) {
  EXPECT_NEAR(seconds_of(of_seconds({8, 31, 54, 92}).median_with(of_seconds({10, 27, 70, 121}))), 92, 92 * 0.125);
}

TEST(MedianWith, IsNotReachedWhileMoreThanHalfLastLonger) {
  EXPECT_EQ(of_seconds({1, 2, 3}).median_with(of_seconds({20, 21, 22, 23})), std::nullopt);
  EXPECT_EQ(Histogram().median_with(of_seconds({20})), std::nullopt);
}

TEST(MedianWith, OnesThatAreYoungerSayNothing) {
  EXPECT_EQ(of_seconds({10, 20, 30}).median_with(of_seconds({1, 1, 1, 1, 1})), of_seconds({10, 20, 30}).quantile(0.5));
}

}  // namespace
}  // namespace acceptscope
