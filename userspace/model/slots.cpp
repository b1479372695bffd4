// SPDX-License-Identifier: BSD-2-Clause
#include "model/slots.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <tuple>
#include <utility>

#include "model/serving.hpp"

namespace acceptscope {
namespace {

/// Maximum number of workers without a row: a dump may claim any number, and work and memory grow with it.
constexpr std::size_t kMostMissing = 1024;

bool has_more(const Slots::Share& a, const Slots::Share& b) { return a.amount > b.amount; }

void hand_down(std::vector<Slots::Share>& shares, std::vector<Slots::Share> left) {
  std::stable_sort(left.begin(), left.end(), has_more);
  std::make_heap(shares.begin(), shares.end(), has_more);
  for (const Slots::Share& share : left) {
    std::pop_heap(shares.begin(), shares.end(), has_more);
    shares.back().amount += share.amount;
    std::push_heap(shares.begin(), shares.end(), has_more);
  }
}

Instant birth_of(const WorkerRow& row) { return row.start_time.value_or(Instant{}); }

}  // namespace

Concurrency concurrency(std::span<const Stay> stays) {
  std::map<Instant, std::int64_t> changes;
  for (const Stay& stay : stays) {
    if (stay.to < stay.from) continue;
    ++changes[stay.from];
    --changes[stay.to];
  }
  std::map<std::int64_t, Nanoseconds> time_with;  // so many workers
  std::int64_t now = 0;
  for (auto change = changes.begin(); change != changes.end(); ++change) {
    now += change->second;
    const auto next = std::next(change);
    if (now > 0 && next != changes.end()) time_with[now] += next->first - change->first;
  }
  Concurrency result;
  result.size.seen = stays.size();
  if (time_with.empty()) {  // all of them came and went in one moment
    result.median = result.size.min = result.size.max = static_cast<std::uint32_t>(stays.size());
    return result;
  }
  Nanoseconds whole{0}, so_far{0};
  for (const auto& [workers, time] : time_with) whole += time;
  for (const auto& [workers, time] : time_with) {
    so_far += time;
    result.median = static_cast<std::uint32_t>(workers);
    if (so_far * 2 > whole) break;
  }
  result.size.min = static_cast<std::uint32_t>(time_with.begin()->first);
  result.size.max = static_cast<std::uint32_t>(time_with.rbegin()->first);
  return result;
}

Slots::Slots(const ServiceRow& service) : service_(service) {
  Rows known;
  std::size_t counted_left = 0;  // that left nobody knows when, and are in N
  for (std::size_t i = 0; i < service.workers.size(); ++i) {
    const WorkerRow& row = service.workers[i];
    if (row.role != Role::worker) continue;
    if (!row.exited || row.left_at) {
      known.push_back(i);
      continue;
    }
    handed_down_.push_back({i});
    if (!has_no_connection(row) || serves(row)) ++counted_left;
  }
  if (known.empty()) {  // the server has stopped
    kept_ = std::exchange(handed_down_, {});
    counted_left = 0;
  }
  take_places(known);
  const std::size_t eligible = service.workers_eligible;
  keep(eligible > counted_left ? std::min(eligible - counted_left, kept_.size() + kMostMissing) : kept_.size());
}

void Slots::take_places(const Rows& rows) {
  Rows by_birth = rows;
  std::stable_sort(by_birth.begin(), by_birth.end(), [this](std::size_t a, std::size_t b) {
    return birth_of(service_.workers[a]) < birth_of(service_.workers[b]);
  });
  using Free = std::pair<Instant, std::size_t>;  // since when, and which place
  std::priority_queue<Free, std::vector<Free>, std::greater<>> free;
  for (const std::size_t i : by_birth) {
    const WorkerRow& row = service_.workers[i];
    std::size_t place = kept_.size();
    if (!free.empty() && free.top().first <= birth_of(row)) {
      place = free.top().second;
      free.pop();
    } else {
      kept_.emplace_back();
    }
    kept_[place].push_back(i);
    if (row.exited) free.emplace(*row.left_at, place);
  }
}

void Slots::keep(std::size_t places) {
  if (places < kept_.size()) {
    std::stable_sort(kept_.begin(), kept_.end(), [this](const Rows& a, const Rows& b) {
      const auto rank = [this](const Rows& rows) {
        return std::pair(service_.workers[rows.back()].exited, birth_of(service_.workers[rows.front()]));
      };
      return rank(a) < rank(b);
    });
    const auto first_left = kept_.begin() + static_cast<std::ptrdiff_t>(places);
    std::move(first_left, kept_.end(), std::back_inserter(handed_down_));
  }
  kept_.resize(places);
}

double Slots::sum(const Rows& rows, const AmountOf& amount_of) const {
  double sum = 0;
  for (const std::size_t row : rows) sum += amount_of(service_.workers[row]);
  return sum;
}

std::vector<Slots::Share> Slots::shares(const AmountOf& amount_of) const {
  const auto share_of = [&](const Rows& rows) {
    return Share{sum(rows, amount_of), rows.empty() ? kNoRow : rows.back()};
  };
  std::vector<Share> shares, left;
  for (const Rows& rows : kept_) shares.push_back(share_of(rows));
  for (const Rows& rows : handed_down_) left.push_back(share_of(rows));
  if (!shares.empty()) hand_down(shares, std::move(left));
  return shares;
}

std::vector<double> Slots::amounts(const AmountOf& amount_of) const {
  std::vector<double> amounts;
  for (const Share& share : shares(amount_of)) amounts.push_back(share.amount);
  return amounts;
}

std::vector<std::size_t> Slots::without(const AmountOf& amount_of) const {
  std::vector<std::size_t> without;
  for (const auto* const places : {&kept_, &handed_down_}) {
    for (const Rows& rows : *places)
      if (!rows.empty() && !service_.workers[rows.back()].exited && sum(rows, amount_of) <= 0)
        without.push_back(rows.back());
  }
  std::sort(without.begin(), without.end());
  return without;
}

}  // namespace acceptscope
