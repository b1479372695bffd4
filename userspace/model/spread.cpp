// SPDX-License-Identifier: BSD-2-Clause
#include "model/spread.hpp"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "model/fairness.hpp"
#include "model/verdict.hpp"

namespace acceptscope {
namespace {

/// Maximum number of workers without a row: a dump may claim any number.
constexpr std::uint32_t kMostMissing = 65'536;

struct Share {
  double amount = 0;
  std::size_t row = Spread::kNoRow;  ///< index into ServiceRow::workers
};

bool has_more(const Share& a, const Share& b) { return a.amount > b.amount; }

void hand_down(std::vector<Share>& shares, std::vector<Share> left) {
  std::stable_sort(left.begin(), left.end(), has_more);
  std::make_heap(shares.begin(), shares.end(), has_more);
  for (const Share& share : left) {
    std::pop_heap(shares.begin(), shares.end(), has_more);
    shares.back().amount += share.amount;
    std::push_heap(shares.begin(), shares.end(), has_more);
  }
}

/// The shares of the rows: of workers that are alive, and of workers that left.
struct Shares {
  std::vector<Share> alive, left;
};

/// Also sets the total and the rows without connections.
Shares take_shares(const ServiceRow& service, Spread& spread) {
  Shares shares;
  for (std::size_t i = 0; i < service.workers.size(); ++i) {
    const WorkerRow& row = service.workers[i];
    if (row.role != Role::worker) continue;
    const std::uint64_t amount = amount_of(row, spread.basis);
    spread.total += amount;
    (row.exited ? shares.left : shares.alive).push_back({static_cast<double>(amount), i});
    if (!row.exited && amount == 0) spread.without.push_back(i);
  }
  return shares;
}

/// The fewest shares, largest first, that make up kOwnersPart of all.
void add_owners(Spread& spread, const std::vector<Share>& shares) {
  double owned = 0;
  for (const Share& share : shares) {
    if (owned >= kOwnersPart * static_cast<double>(spread.total)) break;
    owned += share.amount;
    spread.owners.push_back(share.row);
  }
  spread.owned = static_cast<std::uint64_t>(owned);
}

Spread spread_of(const ServiceRow& service, Basis basis) {
  Spread spread;
  spread.basis = basis;
  auto [shares, left] = take_shares(service, spread);
  const std::size_t rows = shares.size() + left.size();
  if (shares.empty()) shares = std::exchange(left, {});
  if (service.workers_eligible > rows)
    shares.resize(shares.size() + std::min<std::size_t>(service.workers_eligible - rows, kMostMissing));
  if (shares.empty()) return spread;
  hand_down(shares, std::move(left));
  std::sort(shares.begin(), shares.end(),
            [](const Share& a, const Share& b) { return std::tuple(b.amount, a.row) < std::tuple(a.amount, b.row); });
  for (const Share& share : shares) spread.amounts.push_back(share.amount);
  spread.effective = effective_workers(spread.amounts).value_or(0);
  add_owners(spread, shares);
  return spread;
}

/// The median of a fair draw is near c N / (c + N - 1), from the mean of the sum of squares: what is far above 80 % of
/// that needs no simulation.
void compare_with_chance(Spread& spread, FairDraws& draws) {
  if (spread.workers() < 2 || spread.total < kFewestConnections) return;
  const auto c = static_cast<double>(spread.total);
  const double n = spread.workers();
  if (spread.effective > (kMaterialPart + 0.1) * c * n / (c + n - 1)) return;
  spread.fair = draws.of(spread.total, spread.workers());
  spread.uneven = spread.effective < spread.fair->p01 && spread.effective < kMaterialPart * spread.fair->p50;
}

}  // namespace

std::uint64_t amount_of(const WorkerRow& worker, Basis basis) {
  switch (basis) {
    case Basis::all: return worker.counts.connections();
    case Basis::open: return worker.open;
    case Basis::accepts: return worker.counts.accepts;
  }
  return 0;
}

std::string_view basis_name(Basis basis) {
  switch (basis) {
    case Basis::all: return "connections";
    case Basis::open: return "open connections";
    case Basis::accepts: return "accepted connections";
  }
  return {};
}

const Spread& Spreads::by(Basis basis) {
  Entry& known = entry(basis);
  if (!known.spread) known.spread = spread_of(service_, basis);
  return *known.spread;
}

const Spread& Spreads::judged(Basis basis) {
  static_cast<void>(by(basis));
  Entry& known = entry(basis);
  if (!std::exchange(known.judged, true)) compare_with_chance(*known.spread, draws_);
  return *known.spread;
}

void add_spreads(Snapshot& snapshot) {
  FairDraws draws;
  for (ServiceRow& service : snapshot.services) {
    Spreads spreads(service, draws);
    service.spread = spreads.judged(basis_of(service, snapshot.run.duration));
  }
}

}  // namespace acceptscope
