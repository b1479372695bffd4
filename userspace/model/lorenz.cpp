// SPDX-License-Identifier: BSD-2-Clause
#include "model/lorenz.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "model/dice.hpp"

namespace acceptscope {
namespace {

/// Draws by which the band is found. With more workers than these draws are for, one draw already averages over so many
/// that a tenth of them will do.
constexpr std::size_t kDraws = 1'000;
constexpr std::size_t kFewestDraws = 100;
constexpr std::size_t kDrawnWorkers = 4'000'000;  // in all draws together
constexpr std::size_t kMostPoints = 64;

/// From this many connections per worker on, the number of connections of a worker is so close to normal that a curve
/// drawn from it cannot be distinguished from the exact one.
constexpr std::uint64_t kNormalFrom = 16;

/// Connections per worker in one draw, drawn one by one.
void throw_connections(std::vector<double>& counts, std::uint64_t connections, Dice& dice) {
  std::fill(counts.begin(), counts.end(), 0.0);
  const auto workers = static_cast<std::uint32_t>(counts.size());
  for (std::uint64_t i = 0; i < connections; ++i) ++counts[dice.below(workers)];
}

/// The same for many connections: independent normal numbers minus their mean, so that the sum is right (the covariance
/// of a multinomial).
void draw_normal(std::vector<double>& counts, double mean, Dice& dice) {
  for (double& count : counts) count = dice.normal();
  const double off = std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(counts.size());
  for (double& count : counts) count = std::max(0.0, mean + std::sqrt(mean) * (count - off));
}

/// The share of the first `index` of the sorted `counts`, for each index of `indices`, in rising order.
void add_curve(std::vector<std::vector<double>>& points, std::vector<double>& counts,
               const std::vector<std::size_t>& indices) {
  std::sort(counts.begin(), counts.end());
  const double whole = std::accumulate(counts.begin(), counts.end(), 0.0);
  double sum = 0;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    while (taken < indices[i]) sum += counts[taken++];
    points[i].push_back(whole > 0 ? sum / whole : 0);
  }
}

}  // namespace

std::vector<LorenzPoint> lorenz_curve(std::vector<double> amounts) {
  const double whole = std::accumulate(amounts.begin(), amounts.end(), 0.0);
  if (!(whole > 0)) return {};
  std::sort(amounts.begin(), amounts.end());
  std::vector<LorenzPoint> curve{{0, 0}};
  double sum = 0;
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    sum += amounts[i];
    curve.push_back({static_cast<double>(i + 1) / static_cast<double>(amounts.size()), std::min(1.0, sum / whole)});
  }
  curve.back().amount = 1;
  return curve;
}

LorenzBand fair_lorenz_band(std::uint64_t connections, std::uint32_t workers) {
  connections = std::max<std::uint64_t>(connections, 1);
  workers = std::max<std::uint32_t>(workers, 1);
  const std::size_t steps = std::min<std::size_t>(workers, kMostPoints);
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i <= steps; ++i) indices.push_back(workers * i / steps);

  std::vector<std::vector<double>> points(indices.size());
  std::vector<double> counts(workers);
  Dice dice;
  const double mean = static_cast<double>(connections) / workers;
  const std::size_t draws = std::clamp(kDrawnWorkers / workers, kFewestDraws, kDraws);
  for (std::size_t draw = 0; draw < draws; ++draw) {
    if (connections / workers < kNormalFrom)
      throw_connections(counts, connections, dice);
    else
      draw_normal(counts, mean, dice);
    add_curve(points, counts, indices);
  }

  LorenzBand band;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::sort(points[i].begin(), points[i].end());
    band.workers.push_back(static_cast<double>(indices[i]) / workers);
    band.p01.push_back(points[i][draws / 100]);
    band.p50.push_back(points[i][draws / 2]);
    band.p99.push_back(points[i][draws - 1 - draws / 100]);
  }
  return band;
}

}  // namespace acceptscope
