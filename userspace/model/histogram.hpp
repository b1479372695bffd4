// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bpf/wire.h"
#include "util/clock.hpp"

namespace acceptscope {

/// One non-empty bucket: `count` durations above the previous bucket's bound and at most `le`.
struct HistogramBucket {
  std::optional<Nanoseconds> le;  ///< inclusive upper bound; empty for the last, unbounded bucket
  std::uint64_t count = 0;
  bool operator==(const HistogramBucket&) const = default;
};

/// Durations in the log-linear buckets of the BPF side (see bpf/wire.h). A quantile is off by at most one bucket,
/// 12.5 % of its value; sum and maximum are exact and kept apart from the buckets. Memory: 8 bytes for each bucket from
/// the lowest filled one to the highest; none without samples.
class Histogram {
 public:
  Histogram() = default;
  /// Built from the kernel's buckets with their exact sum and maximum.
  Histogram(const wire::histogram& buckets, Nanoseconds sum, Nanoseconds max);

  void add(Nanoseconds value);
  void merge(const Histogram& other);
  void raise_max(Nanoseconds value);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] Nanoseconds sum() const { return sum_; }
  /// Empty without samples.
  [[nodiscard]] std::optional<Nanoseconds> max() const;
  [[nodiscard]] std::optional<Nanoseconds> mean() const;
  /// `q` in 0..1: the value at rank ceil(q * count), interpolated inside its bucket, never above max().
  [[nodiscard]] std::optional<Nanoseconds> quantile(double q) const;
  /// The non-empty buckets in rising order.
  [[nodiscard]] std::vector<HistogramBucket> buckets() const;

  /// The Kaplan-Meier estimate of the median of these durations and of those that are not over yet, `censored` at their
  /// values so far (Kaplan and Meier, 1958), within the buckets; interpolated as quantile(). Empty if more than half of
  /// all are longer than any of these.
  [[nodiscard]] std::optional<Nanoseconds> median_with(const Histogram& censored) const;

  /// Index of the bucket that holds `value`; the same function as hist_index() in bpf/totals.bpf.h.
  [[nodiscard]] static std::size_t index_of(Nanoseconds value);
  /// Inclusive upper bound of bucket `index` in ns; the last bucket has none (INT64_MAX).
  [[nodiscard]] static std::int64_t upper_bound_ns(std::size_t index);

 private:
  void reach(std::size_t lowest, std::size_t highest);
  [[nodiscard]] std::uint64_t count_in(std::size_t index) const;
  /// The value at which `part` (0..1) of the values in bucket `index` are passed, if they are spread evenly over it,
  /// the last one at its upper bound.
  [[nodiscard]] Nanoseconds value_within(std::size_t index, double part) const;

  std::size_t first_ = 0;  ///< bucket of counts_.front()
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  Nanoseconds sum_{0};
  Nanoseconds max_{0};
};

}  // namespace acceptscope
