// SPDX-License-Identifier: BSD-2-Clause
/// Workers come and go, and their places remain: where eight workers serve, and each is replaced after some requests,
/// eight places share the work, however many workers took turns in them.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "model/snapshot.hpp"

namespace acceptscope {

/// The time during which one worker could accept.
struct Stay {
  Instant from;
  Instant to;
};

/// The number of workers at a time.
struct Concurrency {
  PoolSize size;
  std::uint32_t median = 0;  ///< over the time with at least one; the larger one of two
};
[[nodiscard]] Concurrency concurrency(std::span<const Stay> stays);

/// The places of a service's workers: as many as its N, `workers_eligible`.
///
/// A worker takes the place that became free first before it was born; without a free one it takes a new place. If that
/// makes more than N (a reload, where the new workers start before the old ones leave), the places of workers that are
/// alive stay, and then those that were taken first; what the others had goes to those with the fewest, largest amount
/// first: the most favorable guess at their successors, so that a reload is no unevenness. The same holds for workers
/// of which only is known that they left (dumps of version 0.1.0). If there are fewer than N, the missing ones are idle
/// (at most 65,536).
class Slots {
 public:
  static constexpr std::size_t kNoRow = std::numeric_limits<std::size_t>::max();

  /// One place's part.
  struct Share {
    double amount = 0;
    std::size_t row = kNoRow;  ///< index into ServiceRow::workers: who has the place, or had it last
  };

  explicit Slots(const ServiceRow& service);

  using AmountOf = std::function<double(const WorkerRow&)>;
  /// The amounts of N places, in no order.
  [[nodiscard]] std::vector<Share> shares(const AmountOf& amount_of) const;
  [[nodiscard]] std::vector<double> amounts(const AmountOf& amount_of) const;
  /// Rows of workers that are alive, whose places never had any of it. In the order of the rows.
  [[nodiscard]] std::vector<std::size_t> without(const AmountOf& amount_of) const;

 private:
  using Rows = std::vector<std::size_t>;  ///< the workers in one place, one after another

  void take_places(const Rows& rows);
  void keep(std::size_t places);
  [[nodiscard]] double sum(const Rows& rows, const AmountOf& amount_of) const;

  const ServiceRow& service_;
  std::vector<Rows> kept_;
  std::vector<Rows> handed_down_;
};

}  // namespace acceptscope
