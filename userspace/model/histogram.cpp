// SPDX-License-Identifier: BSD-2-Clause
#include "model/histogram.hpp"
#include "util/whole_number.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace acceptscope {
namespace {

constexpr std::size_t kBuckets = HIST_BUCKETS;
constexpr std::size_t kSub = HIST_SUB;
constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();

/// Smallest value of bucket `index` in ns: 0, then (HIST_SUB + sub) * 2^(octave + HIST_FIRST_BIT - HIST_SUB_BITS).
std::int64_t lower_bound_ns(std::size_t index) {
  if (index == 0) return 0;
  const std::size_t octave = (index - 1) / kSub;
  const std::size_t sub = (index - 1) % kSub;
  return static_cast<std::int64_t>((kSub + sub) << (octave + HIST_FIRST_BIT - HIST_SUB_BITS));
}

}  // namespace

Histogram::Histogram(const wire::histogram& buckets, Nanoseconds sum, Nanoseconds max) : sum_(sum), max_(max) {
  const std::span<const std::uint32_t> all(buckets.count);
  const auto is_filled = [](std::uint32_t count) { return count != 0; };
  const auto lowest = std::find_if(all.begin(), all.end(), is_filled);
  if (lowest == all.end()) return;
  const auto end = std::find_if(all.rbegin(), all.rend(), is_filled).base();
  first_ = static_cast<std::size_t>(lowest - all.begin());
  counts_.assign(lowest, end);
  count_ = std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  // The kernel's maximum is a plain store that can lose a race, and it is not read at the same moment as the buckets.
  raise_max(Nanoseconds{lower_bound_ns(first_ + counts_.size() - 1)});
}

/// Makes room for counts of the buckets from `lowest` to `highest`.
void Histogram::reach(std::size_t lowest, std::size_t highest) {
  if (counts_.empty()) first_ = lowest;
  if (lowest < first_) {
    counts_.insert(counts_.begin(), first_ - lowest, 0);
    first_ = lowest;
  }
  if (highest >= first_ + counts_.size()) counts_.resize(highest - first_ + 1);
}

void Histogram::add(Nanoseconds value) {
  const Nanoseconds duration = std::max(value, Nanoseconds::zero());
  const std::size_t index = index_of(duration);
  reach(index, index);
  ++counts_[index - first_];
  ++count_;
  sum_ += duration;
  raise_max(duration);
}

void Histogram::merge(const Histogram& other) {
  if (!other.counts_.empty()) reach(other.first_, other.first_ + other.counts_.size() - 1);
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[other.first_ - first_ + i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  raise_max(other.max_);
}

void Histogram::raise_max(Nanoseconds value) { max_ = std::max(max_, value); }

std::optional<Nanoseconds> Histogram::max() const {
  if (count_ == 0) return std::nullopt;
  return max_;
}

std::optional<Nanoseconds> Histogram::mean() const {
  if (count_ == 0) return std::nullopt;
  return sum_ / static_cast<std::int64_t>(count_);
}

std::optional<Nanoseconds> Histogram::quantile(double q) const {
  if (count_ == 0) return std::nullopt;
  const double exact_rank = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_));
  const std::uint64_t rank = std::clamp<std::uint64_t>(whole_number(exact_rank), 1, count_);

  std::uint64_t before = 0;
  std::size_t i = 0;
  while (before + counts_[i] < rank) before += counts_[i++];

  return value_within(first_ + i, static_cast<double>(rank - before) / static_cast<double>(counts_[i]));
}

Nanoseconds Histogram::value_within(std::size_t index, double part) const {
  const std::int64_t lower = lower_bound_ns(index);
  const std::int64_t upper = std::max(lower, std::min(upper_bound_ns(index), max_.count()));
  const std::int64_t within = static_cast<std::int64_t>(part * static_cast<double>(upper - lower));
  return Nanoseconds{std::min(lower + within, max_.count())};
}

std::uint64_t Histogram::count_in(std::size_t index) const {
  return index < first_ || index >= first_ + counts_.size() ? 0 : counts_[index - first_];
}

std::optional<Nanoseconds> Histogram::median_with(const Histogram& censored) const {
  if (censored.count_ == 0) return quantile(0.5);
  std::uint64_t at_risk = count_ + censored.count_;
  for (std::size_t index = 0; index < first_; ++index) at_risk -= censored.count_in(index);
  double survival = 1;
  for (std::size_t index = first_; index < first_ + counts_.size(); ++index) {
    const std::uint64_t over = count_in(index);
    // In one bucket, those that are over come first: the others are known to last at least as long.
    const double step = over == 0 ? 0 : survival / static_cast<double>(at_risk);  // of each of them
    const double left = survival - step * static_cast<double>(over);
    if (over > 0 && left <= 0.5) {
      const double needed = std::ceil((survival - 0.5) / step - 1e-9);
      return value_within(index, std::clamp(needed / static_cast<double>(over), 0.0, 1.0));
    }
    survival = left;
    at_risk -= over + censored.count_in(index);
  }
  return std::nullopt;
}

std::vector<HistogramBucket> Histogram::buckets() const {
  std::vector<HistogramBucket> filled;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    const std::size_t index = first_ + i;
    const bool bounded = index + 1 < kBuckets;
    filled.push_back({bounded ? std::optional(Nanoseconds{upper_bound_ns(index)}) : std::nullopt, counts_[i]});
  }
  return filled;
}

std::size_t Histogram::index_of(Nanoseconds value) {
  if (value.count() < static_cast<std::int64_t>(HIST_FIRST_NS)) return 0;
  const auto ns = static_cast<std::uint64_t>(value.count());
  const auto top_bit = static_cast<std::size_t>(std::bit_width(ns)) - 1;
  const std::size_t octave = top_bit - HIST_FIRST_BIT;
  const std::size_t sub = static_cast<std::size_t>(ns >> (top_bit - HIST_SUB_BITS)) & (kSub - 1);
  return std::min(1 + octave * kSub + sub, kBuckets - 1);
}

std::int64_t Histogram::upper_bound_ns(std::size_t index) {
  return index + 1 < kBuckets ? lower_bound_ns(index + 1) - 1 : kUnbounded;
}

}  // namespace acceptscope
