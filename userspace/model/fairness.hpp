// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace acceptscope {

/// Effective number of workers: 1 / sum of squared shares (inverse Simpson index).
/// `amounts` has one entry per eligible worker, idle ones included, none negative; empty result if their sum is 0.
/// Range 1..N; equals N times Jain's fairness index (DEC-TR-301, 1984).
[[nodiscard]] std::optional<double> effective_workers(std::span<const double> amounts);

/// Share of the largest amount, 0..1; empty if the sum is 0.
[[nodiscard]] std::optional<double> top_share(std::span<const double> amounts);

/// Effective workers if each of `connections` had gone to a uniformly random one of `workers`.
struct FairBaseline {
  double p01 = 0;  ///< a fair draw gives less in 1 % of cases
  double p50 = 0;
  double idle_mean = 0;  ///< mean number of idle workers, exact: workers * (1 - 1 / workers) ^ connections
  bool operator==(const FairBaseline&) const = default;
};

/// Deterministic: the same arguments give the same figures with every standard library. Both arguments are at least 1
/// (0 counts as 1). Up to 64 connections, the figures come from 4,000 simulated draws, above that from the exact
/// moments, for any number of workers. Takes about 50 us per connection up to 64 (3 ms at most), 0.1 us above: a live
/// view should call it again only if the count has changed. Few connections give few different values: a draw as
/// uneven as p01 is still within chance, only a draw strictly below it is not.
[[nodiscard]] FairBaseline fair_baseline(std::uint64_t connections, std::uint32_t workers);

}  // namespace acceptscope
