// SPDX-License-Identifier: BSD-2-Clause
#include "model/two_samples.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numbers>
#include <numeric>
#include <vector>

#include "model/dice.hpp"
#include "util/whole_number.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kMostReplicates = 1'999;
constexpr std::size_t kFewestReplicates = 399;
constexpr std::size_t kMostDeals = 4'000'000;  // single workers dealt to: half a second

/// Of both sides together: 5 s. A dump may name any number.
constexpr std::size_t kMostWorkers = 100'000;

/// Above this many events exact sums give way to the normal distribution.
constexpr std::uint64_t kMostExact = 10'000;

double two_sided(double z) { return std::erfc(std::abs(z) / std::numbers::sqrt2); }

// ---- evenness -------------------------------------------------------------------------------------------------------

class Dealer {
 public:
  /// Connections to each of `shares`, which sum to 1: binomials one after the other.
  void deal(std::uint64_t connections, std::span<const double> shares, std::vector<std::uint64_t>& counts) {
    counts.assign(shares.size(), 0);
    double rest = 1;
    for (std::size_t i = 0; i < shares.size() && connections > 0; ++i) {
      const bool last = i + 1 == shares.size();
      counts[i] = last || shares[i] >= rest ? connections : binomial(connections, shares[i] / rest);
      connections -= counts[i];
      rest -= shares[i];
    }
  }

 private:
  /// Inversion from 0 upwards if few are expected, otherwise the normal distribution, which is then the same.
  std::uint64_t binomial(std::uint64_t n, double p) {
    if (p <= 0) return 0;
    if (p > 0.5) return n - binomial(n, 1 - p);
    const auto size = static_cast<double>(n);
    if (size * p > 50) return normal(size, p);
    double probability = std::exp(size * std::log1p(-p));
    double left = dice_.unit();
    std::uint64_t k = 0;
    for (; left > probability && k < n; ++k) {
      left -= probability;
      probability *= p / (1 - p) * (size - static_cast<double>(k)) / static_cast<double>(k + 1);
      if (probability <= 0) break;
    }
    return k;
  }

  std::uint64_t normal(double n, double p) {
    const double drawn = n * p + dice_.normal() * std::sqrt(n * p * (1 - p));
    return whole_number(std::clamp(std::round(drawn), 0.0, n));
  }

  Dice dice_;
};

std::uint64_t total(std::span<const std::uint64_t> counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

/// N times the unbiased estimate of the sum of squared shares: 1 when even, N when one worker has all.
double unevenness(std::span<const std::uint64_t> counts, std::uint64_t connections, double workers) {
  double pairs = 0;
  for (const std::uint64_t count : counts)
    if (count > 0) pairs += static_cast<double>(count) * static_cast<double>(count - 1);
  const auto c = static_cast<double>(connections);
  return workers * pairs / (c * (c - 1));
}

/// Share of the busiest part `x` (0..1) of the workers.
class LorenzCurve {
 public:
  explicit LorenzCurve(const Deal& deal) : sums_{0.0} {
    std::vector<std::uint64_t> counts(deal.counts.begin(), deal.counts.end());
    counts.resize(deal.workers);
    std::sort(counts.begin(), counts.end(), std::greater<>());
    for (const std::uint64_t count : counts) sums_.push_back(sums_.back() + static_cast<double>(count));
  }

  [[nodiscard]] double at(double x) const {
    const double position = x * static_cast<double>(sums_.size() - 1);
    const auto below = std::min(static_cast<std::size_t>(position), sums_.size() - 2);
    const double part = position - static_cast<double>(below);
    return (sums_[below] + part * (sums_[below + 1] - sums_[below])) / sums_.back();
  }

 private:
  std::vector<double> sums_;
};

/// Shares of `workers` workers on the mean of the two curves.
std::vector<double> common_shares(const LorenzCurve& a, double weight_a, const LorenzCurve& b, std::uint32_t workers) {
  std::vector<double> shares;
  double before = 0;
  for (std::uint32_t i = 1; i <= workers; ++i) {
    const double x = static_cast<double>(i) / workers;
    const double now = weight_a * a.at(x) + (1 - weight_a) * b.at(x);
    shares.push_back(std::max(0.0, now - before));
    before = now;
  }
  return shares;
}

/// All workers, even if more of them had connections than were eligible at any time.
Deal complete(const Deal& deal) {
  const auto busy = std::count_if(deal.counts.begin(), deal.counts.end(), [](std::uint64_t c) { return c > 0; });
  Deal result = deal;
  result.workers = std::max(deal.workers, static_cast<std::uint32_t>(busy));
  return result;
}

// ---- two histograms -------------------------------------------------------------------------------------------------

constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();

/// How often a value, or a bucket by its bound, occurs in either sample.
struct Pair {
  std::uint64_t a = 0, b = 0;
};
using Tally = std::map<std::int64_t, Pair>;

Tally tally_of(std::span<const HistogramBucket> a, std::span<const HistogramBucket> b) {
  Tally tally;
  for (const HistogramBucket& bucket : a) tally[bucket.le ? bucket.le->count() : kUnbounded].a += bucket.count;
  for (const HistogramBucket& bucket : b) tally[bucket.le ? bucket.le->count() : kUnbounded].b += bucket.count;
  return tally;
}

Pair sizes(const Tally& tally) {
  Pair sum;
  for (const auto& [bound, pair] : tally) sum.a += pair.a, sum.b += pair.b;
  return sum;
}

std::optional<double> mann_whitney(const Tally& tally, double inflation) {
  const Pair size = sizes(tally);
  if (std::min(size.a, size.b) < kSmallestSample) return std::nullopt;
  double below = 0;  // of b
  double u = 0;
  double ties = 0;
  for (const auto& [bound, pair] : tally) {
    const auto a = static_cast<double>(pair.a);
    const auto b = static_cast<double>(pair.b);
    u += a * (below + b / 2);
    below += b;
    ties += (a + b) * ((a + b) * (a + b) - 1);
  }
  const auto n = static_cast<double>(size.a);
  const auto m = static_cast<double>(size.b);
  const double variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1))) * inflation;
  if (!(variance > 0)) return 1.0;  // all in one bucket
  const double distance = std::max(0.0, std::abs(u - n * m / 2) - 0.5);
  return two_sided(distance / std::sqrt(variance));
}

/// Numerator and denominator of the lag-1 autocorrelation of one series.
std::pair<double, double> lag_sums(std::span<const std::uint32_t> series) {
  const double mean = std::accumulate(series.begin(), series.end(), 0.0) / static_cast<double>(series.size());
  double lagged = 0;
  double squares = 0;
  for (std::size_t i = 0; i < series.size(); ++i) {
    squares += (series[i] - mean) * (series[i] - mean);
    if (i > 0) lagged += (series[i] - mean) * (series[i - 1] - mean);
  }
  return {lagged, squares};
}

// ---- counts ---------------------------------------------------------------------------------------------------------

double log_choose(double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

double proportions_p_value(double a, double n, double b, double m) {
  const double pooled = (a + b) / (n + m);
  const double deviation = std::sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return two_sided(std::max(0.0, std::abs(a / n - b / m) - (1 / n + 1 / m) / 2) / deviation);
}

}  // namespace

std::optional<double> evenness_p_value(const Deal& first, const Deal& second) {
  const Deal a = complete(first);
  const Deal b = complete(second);
  const std::uint64_t c_a = total(a.counts);
  const std::uint64_t c_b = total(b.counts);
  if (std::min(c_a, c_b) < kSmallestSample || a.workers < 2 || b.workers < 2) return std::nullopt;
  if (std::size_t{a.workers} + b.workers > kMostWorkers) return std::nullopt;
  const double observed = std::abs(unevenness(a.counts, c_a, a.workers) - unevenness(b.counts, c_b, b.workers));
  const LorenzCurve curve_a(a);
  const LorenzCurve curve_b(b);
  const double weight = static_cast<double>(c_a) / static_cast<double>(c_a + c_b);
  const std::vector<double> shares_a = common_shares(curve_a, weight, curve_b, a.workers);
  const std::vector<double> shares_b = common_shares(curve_a, weight, curve_b, b.workers);

  Dealer dealer;
  const std::size_t replicates =
      std::clamp(kMostDeals / (std::size_t{a.workers} + b.workers), kFewestReplicates, kMostReplicates);
  std::vector<std::uint64_t> counts;
  std::size_t as_different = 0;
  for (std::size_t i = 0; i < replicates; ++i) {
    dealer.deal(c_a, shares_a, counts);
    const double drawn_a = unevenness(counts, c_a, a.workers);
    dealer.deal(c_b, shares_b, counts);
    const double difference = std::abs(drawn_a - unevenness(counts, c_b, b.workers));
    if (difference >= observed * (1 - 1e-12)) ++as_different;
  }
  return static_cast<double>(as_different + 1) / static_cast<double>(replicates + 1);
}

std::optional<double> mann_whitney_p_value(std::span<const HistogramBucket> a, std::span<const HistogramBucket> b) {
  return mann_whitney(tally_of(a, b), 1);
}

std::optional<double> mann_whitney_p_value(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  Tally tally;
  for (const std::uint32_t value : a) ++tally[value].a;
  for (const std::uint32_t value : b) ++tally[value].b;
  if (a.empty() || b.empty()) return std::nullopt;
  const auto [lagged_a, squares_a] = lag_sums(a);
  const auto [lagged_b, squares_b] = lag_sums(b);
  const double squares = squares_a + squares_b;
  const double r = squares > 0 ? std::clamp((lagged_a + lagged_b) / squares, 0.0, 0.9) : 0.0;
  return mann_whitney(tally, (1 + r) / (1 - r));
}

std::optional<double> quantile_p_value(std::span<const HistogramBucket> a, std::span<const HistogramBucket> b,
                                       double q) {
  const Tally tally = tally_of(a, b);
  const Pair size = sizes(tally);
  if (std::min(size.a, size.b) < kSmallestSample) return std::nullopt;
  const double rank = q * static_cast<double>(size.a + size.b);
  Pair below;
  for (const auto& [bound, pair] : tally) {
    const std::uint64_t with_this = below.a + below.b + pair.a + pair.b;
    if (static_cast<double>(below.a + below.b) >= rank || with_this == size.a + size.b) break;
    below.a += pair.a;
    below.b += pair.b;
  }
  return fisher_p_value(below.a, size.a - below.a, below.b, size.b - below.b);
}

std::optional<double> rates_p_value(std::uint64_t events_a, double time_a, std::uint64_t events_b, double time_b) {
  const auto n = static_cast<double>(events_a + events_b);
  if (!(time_a > 0) || !(time_b > 0) || events_a + events_b < kSmallestSample) return std::nullopt;
  const auto k = static_cast<double>(events_a);
  const double p = time_a / (time_a + time_b);
  if (events_a + events_b > kMostExact)
    return two_sided(std::max(0.0, std::abs(k - n * p) - 0.5) / std::sqrt(n * p * (1 - p)));
  double at_most = 0;
  double at_least = 0;
  for (std::uint64_t event = 0; event <= events_a + events_b; ++event) {
    const auto i = static_cast<double>(event);
    const double probability = std::exp(log_choose(n, i) + i * std::log(p) + (n - i) * std::log1p(-p));
    if (i <= k) at_most += probability;
    if (i >= k) at_least += probability;
  }
  return std::min(1.0, 2 * std::min(at_most, at_least));
}

std::optional<double> fisher_p_value(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
  const std::uint64_t row_a = a + b;
  const std::uint64_t row_b = c + d;
  const std::uint64_t left = a + c;
  if (row_a == 0 || row_b == 0) return std::nullopt;
  if (left == 0 || b + d == 0) return 1.0;
  if (std::min({row_a, row_b, left, b + d}) > kMostExact)
    return proportions_p_value(static_cast<double>(a), static_cast<double>(row_a), static_cast<double>(c),
                               static_cast<double>(row_b));
  const auto log_probability = [&](std::uint64_t x) {
    return log_choose(static_cast<double>(row_a), static_cast<double>(x)) +
           log_choose(static_cast<double>(row_b), static_cast<double>(left - x)) -
           log_choose(static_cast<double>(row_a + row_b), static_cast<double>(left));
  };
  const double observed = log_probability(a);
  double sum = 0;
  for (std::uint64_t x = left > row_b ? left - row_b : 0; x <= std::min(left, row_a); ++x) {
    const double other = log_probability(x);
    if (other <= observed + 1e-7) sum += std::exp(other);
  }
  return std::min(1.0, sum);
}

}  // namespace acceptscope
