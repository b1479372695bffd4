// SPDX-License-Identifier: BSD-2-Clause
/// Inequality as a curve: the share of the least busy part of the workers.
#pragma once

#include <cstdint>
#include <vector>

namespace acceptscope {

/// A point of a Lorenz curve (M. O. Lorenz, Publications of the ASA 9(70), 1905): the `workers` that have the least
/// have `amount` of the whole; both 0..1.
struct LorenzPoint {
  double workers = 0;
  double amount = 0;
  bool operator==(const LorenzPoint&) const = default;
};

/// The curve of `amounts`, one per worker, none negative: (0, 0) to (1, 1); empty if their sum is 0.
[[nodiscard]] std::vector<LorenzPoint> lorenz_curve(std::vector<double> amounts);

/// The band of the curves of fair draws.
struct LorenzBand {
  std::vector<double> workers;  ///< 0..1, rising; the others have as many entries
  std::vector<double> p01, p50, p99;
};

/// Curves if each of `connections` had gone to a uniformly random one of `workers`: per point the 1 %, 50 % and 99 %
/// quantiles of 1,000 simulated draws. Deterministic. At most 65 points. Takes about 0.5 s at most (4,096 workers, 16
/// connections each), and less above 16 connections per worker, where normal numbers replace single draws. Both
/// arguments are at least 1 (0 counts as 1).
[[nodiscard]] LorenzBand fair_lorenz_band(std::uint64_t connections, std::uint32_t workers);

}  // namespace acceptscope
