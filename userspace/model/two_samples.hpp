// SPDX-License-Identifier: BSD-2-Clause
/// Tests of whether two samples differ by more than chance: two-sided p-values, deterministic. Empty if there is too
/// little to test.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "model/histogram.hpp"

namespace acceptscope {

/// A sample below this size is not tested. With 8, the evenness of even two workers can be distinguished from chance,
/// and the normal approximations below hold.
inline constexpr std::uint64_t kSmallestSample = 8;

/// Connections per worker; workers beyond `counts` have none.
struct Deal {
  std::span<const std::uint64_t> counts;
  std::uint32_t workers = 0;
};

/// Whether two deals are equally even: a parametric bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap,
/// 1993, chapter 16). Statistic: the difference of N times the unbiased estimate of the sum of squared shares (Simpson,
/// Nature 163, 1949), N / effective workers. Null: both were dealt from one Lorenz curve, the mean of the two weighted
/// by connections; as many connections are dealt from it again, up to 1,999 times, with a fixed seed. The smallest
/// possible p-value is 0.0005 (0.0025 for thousands of workers). Unknown for over 100,000 workers on both sides
/// together.
[[nodiscard]] std::optional<double> evenness_p_value(const Deal& a, const Deal& b);

/// Whether durations of one are typically longer: Mann and Whitney's U (Annals of Mathematical Statistics 18, 1947) on
/// the buckets, those in one bucket being ties, normal approximation with the correction for ties (Lehmann,
/// Nonparametrics, 1975).
[[nodiscard]] std::optional<double> mann_whitney_p_value(std::span<const HistogramBucket> a,
                                                         std::span<const HistogramBucket> b);

/// The same for successive numbers in time, such as active workers per step: the variance is inflated by
/// (1 + r) / (1 - r) for their lag-1 autocorrelation r (Bayley and Hammersley, Supplement to JRSS 8, 1946).
[[nodiscard]] std::optional<double> mann_whitney_p_value(std::span<const std::uint32_t> a,
                                                         std::span<const std::uint32_t> b);

/// Whether the `q` quantile differs: Mood's median test (Introduction to the Theory of Statistics, 1950) at `q`, that
/// is Fisher's exact test of how many of each are above the bucket that holds the pooled quantile (in the last bucket,
/// where nothing is above that).
[[nodiscard]] std::optional<double> quantile_p_value(std::span<const HistogramBucket> a,
                                                     std::span<const HistogramBucket> b, double q);

/// Whether two Poisson rates differ, events in a time: the conditional binomial test (Przyborowski and Wilenski,
/// Biometrika 31, 1940).
[[nodiscard]] std::optional<double> rates_p_value(std::uint64_t events_a, double time_a, std::uint64_t events_b,
                                                  double time_b);

/// Fisher's exact test of the table (a, b; c, d): sums the tables that are as likely or less. Tables whose margins are
/// all above 10,000 are tested with the normal approximation of the difference of two proportions.
[[nodiscard]] std::optional<double> fisher_p_value(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d);

}  // namespace acceptscope
