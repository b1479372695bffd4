// SPDX-License-Identifier: BSD-2-Clause
/// Owners of the connections of a service: the spread over the workers, and the workers with most of the connections.
/// The verdict and every view use this computation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/fair_draws.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

/// Uneven must matter, not only be significant: with 100,000 connections a difference of 1 % is no chance and no harm.
/// Effective workers are N / (1 + cv^2), so 80 % of what a fair draw typically gives is a variation of half the mean
/// between workers on top of chance: a fifth of the workers' worth is not used.
inline constexpr double kMaterialPart = 0.8;

/// Fewer connections are never called uneven: they are one client's handful and say little about the next ones. With 8
/// even two workers can be told from chance (8 to 0 happens in 0.8 % of fair draws).
inline constexpr std::uint64_t kFewestConnections = 8;

/// Number of the connections of `worker` that `basis` counts: of those that it really had, see Held.
[[nodiscard]] std::uint64_t amount_of(const WorkerRow& worker, Basis basis);

/// "connections", "open connections", "accepted connections"
[[nodiscard]] std::string_view basis_name(Basis basis);

/// The spreads of one service, each computed when it is first asked for.
///
/// They are over the places of the workers, see model/slots.hpp.
class Spreads {
 public:
  /// `service` and `draws` must outlive it.
  Spreads(const ServiceRow& service, FairDraws& draws) : service_(service), draws_(draws) {}

  /// Without a comparison with chance.
  [[nodiscard]] const Spread& by(Basis basis);
  /// With one, if there are two workers and kFewestConnections connections, and the spread is materially uneven.
  [[nodiscard]] const Spread& judged(Basis basis);
  [[nodiscard]] FairDraws& draws() { return draws_; }

 private:
  struct Entry {
    std::optional<Spread> spread;
    bool judged = false;
  };
  Entry& entry(Basis basis) { return entries_[static_cast<std::size_t>(basis)]; }

  const ServiceRow& service_;
  FairDraws& draws_;
  std::array<Entry, kBases> entries_;
};

/// Fills in ServiceRow::spread of every service, by what its verdict counts: a dump does not hold it.
void add_spreads(Snapshot& snapshot);

}  // namespace acceptscope
