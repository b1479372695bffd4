// SPDX-License-Identifier: BSD-2-Clause
#include "model/fairness.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <vector>

#include "model/dice.hpp"

namespace acceptscope {
namespace {

/// With this number the 1 % quantile rests on 40 draws, so that its standard error is far too small to matter.
constexpr std::size_t kDraws = 4'000;

/// Up to this number connections are drawn one by one: 4,000 * 64 throws. Above it, the quantiles follow from the
/// moments: sums of squares are then above 64, so that their steps of 2 matter by less than 3 %. fairness_test compares
/// both methods.
constexpr std::uint64_t kMostSimulated = 64;

/// Standard normal quantile of 0.99.
constexpr double kZ99 = 2.3263478740408408;

/// A hash table with open addressing for the workers that kMostSimulated connections can touch, so that neither time
/// nor memory depends on the number of workers. Raising the draw's number empties it.
class Tally {
 public:
  void begin_draw() { ++draw_; }
  /// Adds one to `worker` and returns its previous count.
  std::uint32_t add(std::uint32_t worker) {
    std::size_t slot = worker % kSlots;
    while (slots_[slot].draw == draw_ && slots_[slot].worker != worker) slot = (slot + 1) % kSlots;
    if (slots_[slot].draw != draw_) slots_[slot] = {draw_, worker, 0};
    return slots_[slot].count++;
  }

 private:
  static constexpr std::size_t kSlots = 8 * kMostSimulated;
  struct Slot {
    std::uint32_t draw = 0;
    std::uint32_t worker = 0;
    std::uint32_t count = 0;
  };
  std::array<Slot, kSlots> slots_{};
  std::uint32_t draw_ = 0;
};

/// Effective workers for a sum of squares of counts.
double effective_of(double connections, double sum_of_squares) { return connections * connections / sum_of_squares; }

/// Sums of squares in the middle (50 %) and at the upper end (99 %) of their distribution.
struct SquareQuantiles {
  double p50 = 0, p99 = 0;
};

SquareQuantiles simulated(std::uint64_t connections, std::uint32_t workers) {
  Dice dice;
  Tally tally;
  std::vector<std::uint32_t> sums(kDraws);
  for (std::uint32_t& sum : sums) {
    tally.begin_draw();
    for (std::uint64_t i = 0; i < connections; ++i) sum += 2 * tally.add(dice.below(workers)) + 1;  // (k + 1)^2 - k^2
  }
  std::sort(sums.begin(), sums.end(), std::greater<>());
  const auto at_rank = [&sums](std::size_t rank) { return static_cast<double>(sums[rank - 1]); };
  return {at_rank(kDraws / 2), at_rank(kDraws / 100)};
}

/// Quantile of a gamma distribution shifted and scaled to `mean`, `deviation` and `skewness` (Pearson type III), for
/// the standard normal quantile `z`, after Wilson and Hilferty (PNAS 17, 1931).
double pearson3_quantile(double mean, double deviation, double skewness, double z) {
  const double shape = 4 / (skewness * skewness);
  const double root = std::max(0.0, 1 - 1 / (9 * shape) + z / (3 * std::sqrt(shape)));
  return mean + deviation * (root * root * root - 1) * std::sqrt(shape);
}

/// The sum of squares is c + 2K with K the number of pairs of connections on the same worker. Any two pairs are
/// independent, and three only if they do not form a triangle, so that with p = 1 / workers the moments are exact:
/// mean C(c,2) p, variance C(c,2) p (1 - p), third central moment C(c,2) p (1 - p) (1 - 2p + 2 (c - 2) p). For many
/// connections this is the chi-square law of Pearson's statistic with workers - 1 degrees of freedom.
SquareQuantiles from_moments(double c, double workers) {
  const double p = 1 / workers;
  const double mean = c * (c - 1) / 2 * p;
  const double variance = mean * (1 - p);
  const double skewness = (1 - 2 * p + 2 * (c - 2) * p) / std::sqrt(variance);
  const double deviation = std::sqrt(variance);
  const auto quantile = [&](double z) {
    return c + 2 * std::max(0.0, pearson3_quantile(mean, deviation, skewness, z));
  };
  return {quantile(0), quantile(kZ99)};
}

}  // namespace

std::optional<double> effective_workers(std::span<const double> amounts) {
  const double sum = std::accumulate(amounts.begin(), amounts.end(), 0.0);
  if (!(sum > 0)) return std::nullopt;
  double squares = 0;
  for (const double amount : amounts) squares += amount / sum * (amount / sum);
  return 1 / squares;
}

std::optional<double> top_share(std::span<const double> amounts) {
  const double sum = std::accumulate(amounts.begin(), amounts.end(), 0.0);
  if (!(sum > 0)) return std::nullopt;
  return *std::max_element(amounts.begin(), amounts.end()) / sum;
}

FairBaseline fair_baseline(std::uint64_t connections, std::uint32_t workers) {
  connections = std::max<std::uint64_t>(connections, 1);
  if (workers <= 1) return {1, 1, 0};
  const auto c = static_cast<double>(connections);
  const double n = workers;
  const SquareQuantiles squares = connections <= kMostSimulated ? simulated(connections, workers) : from_moments(c, n);
  const auto effective = [&](double sum) { return std::clamp(effective_of(c, sum), 1.0, std::min(c, n)); };
  return {effective(squares.p99), effective(squares.p50), n * std::exp(c * std::log1p(-1 / n))};
}

}  // namespace acceptscope
