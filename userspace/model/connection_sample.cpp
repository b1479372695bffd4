// SPDX-License-Identifier: BSD-2-Clause
#include "model/connection_sample.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace acceptscope {
namespace {

/// Uniform in (0, 1], the same for the same id (splitmix64: Steele, Lea and Flood, OOPSLA 2014).
double random_of(std::uint64_t id) {
  std::uint64_t z = id + 0x9e37'79b9'7f4a'7c15U;
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9U;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebU;
  z ^= z >> 31;
  return (static_cast<double>(z >> 11) + 1) * 0x1p-53;
}

double priority_of(const ConnectionRow& row) {
  const Nanoseconds duration = row.lifetime.value_or(row.age_min.value_or(Nanoseconds{0}));
  return static_cast<double>(std::max<std::int64_t>(duration.count(), 1)) / random_of(row.id);
}

/// Maximum number before the sample is shrunk to half of it, so that shrinking is rare.
constexpr std::size_t kSlack = 2;

}  // namespace

bool ConnectionSample::is_higher(const Entry& a, const Entry& b) {
  return std::tuple(a.priority, a.row.id) > std::tuple(b.priority, b.row.id);
}

void ConnectionSample::add(ConnectionRow&& row) {
  ++added_;
  if (most_ == 0) return;
  Heap& heap = workers_[{row.service, std::uint64_t{row.pid} << 32 | row.tid}];
  Entry entry{priority_of(row), std::move(row)};
  if (heap.size() >= cap_) {
    if (!is_higher(entry, heap.front())) return;
    std::pop_heap(heap.begin(), heap.end(), is_higher);
    heap.back() = std::move(entry);
  } else {
    heap.push_back(std::move(entry));
    ++kept_;
  }
  std::push_heap(heap.begin(), heap.end(), is_higher);
  if (kept_ > kSlack * most_) shrink(most_);
}

void ConnectionSample::shrink(std::size_t most) {
  std::vector<std::size_t> sizes;
  for (const auto& [worker, heap] : workers_) sizes.push_back(heap.size());
  std::sort(sizes.begin(), sizes.end());
  // The largest cap that fits: workers with few connections keep all, the others share the remaining room.
  std::size_t room = most;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    cap_ = room / (sizes.size() - i);
    if (sizes[i] > cap_) break;
    room -= sizes[i];
  }
  cap_ = std::max<std::size_t>(cap_, 1);
  kept_ = 0;
  for (auto& [worker, heap] : workers_) {
    if (heap.size() > cap_) {
      std::sort(heap.begin(), heap.end(), is_higher);
      heap.resize(cap_);
      std::make_heap(heap.begin(), heap.end(), is_higher);
    }
    kept_ += heap.size();
  }
}

std::vector<ConnectionRow> ConnectionSample::take() {
  if (kept_ > most_) shrink(most_);
  std::vector<Entry> entries;
  for (auto& [worker, heap] : workers_) std::move(heap.begin(), heap.end(), std::back_inserter(entries));
  workers_.clear();
  std::sort(entries.begin(), entries.end(), is_higher);
  if (entries.size() > most_) entries.resize(most_);  // there may be more workers than room
  kept_ = entries.size();
  std::vector<ConnectionRow> rows;
  rows.reserve(entries.size());
  for (Entry& entry : entries) rows.push_back(std::move(entry.row));
  std::sort(rows.begin(), rows.end(), [](const ConnectionRow& a, const ConnectionRow& b) { return a.id < b.id; });
  return rows;
}

}  // namespace acceptscope
