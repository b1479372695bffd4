// SPDX-License-Identifier: BSD-2-Clause
#include "model/spread.hpp"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "model/fairness.hpp"
#include "model/serving.hpp"
#include "model/slots.hpp"
#include "model/verdict.hpp"
#include "util/whole_number.hpp"

namespace acceptscope {
namespace {

/// The shares above the mean. Of an uneven spread they are what is uneven, whether they have all or little more than
/// the others; the fewest with nine tenths of all would be "4 of 4" where one of four has 10 of 16.
void add_owners(Spread& spread, const std::vector<Slots::Share>& shares) {
  const double even = static_cast<double>(spread.total) / static_cast<double>(shares.size());
  double owned = 0;
  for (const Slots::Share& share : shares) {
    if (share.amount <= even) break;
    owned += share.amount;
    spread.owners.push_back(share.row);
  }
  spread.owned = whole_number(owned);
}

Spread spread_of(const ServiceRow& service, Basis basis) {
  Spread spread;
  spread.basis = basis;
  const Slots slots(service);
  const auto amount = [&](const WorkerRow& row) { return static_cast<double>(amount_of(row, basis)); };
  for (const WorkerRow& row : service.workers)
    if (row.role == Role::worker) spread.total += amount_of(row, basis);
  std::vector<Slots::Share> shares = slots.shares(amount);
  if (shares.empty()) return spread;
  spread.without = slots.without(amount);
  std::sort(shares.begin(), shares.end(), [](const Slots::Share& x, const Slots::Share& y) {
    return std::tuple(y.amount, x.row) < std::tuple(x.amount, y.row);
  });
  for (const Slots::Share& share : shares) spread.amounts.push_back(share.amount);
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
  const Held held = held_by(worker);
  switch (basis) {
    case Basis::all: return held.connections;
    case Basis::open: return held.open;
    case Basis::accepts: return held.connections - std::min(held.connections, worker.counts.preexisting);
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
