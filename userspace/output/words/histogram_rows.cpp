// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/histogram_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <map>

#include "text/bar.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr int kUnbounded = 64;

/// Buckets of one or more powers of two, by the exponent of their upper bound in ns; without gaps.
std::map<int, std::uint64_t> coarse(const std::vector<HistogramBucket>& buckets, int exponents) {
  std::map<int, std::uint64_t> rows;
  for (const HistogramBucket& bucket : buckets) {
    const auto ns = static_cast<std::uint64_t>(bucket.le ? std::max<std::int64_t>(bucket.le->count(), 1) : 1);
    const int exponent = bucket.le ? static_cast<int>(std::bit_width(ns - 1)) : kUnbounded;
    rows[bucket.le ? (exponent + exponents - 1) / exponents * exponents : kUnbounded] += bucket.count;
  }
  if (rows.empty()) return rows;
  const int first = rows.begin()->first;
  const bool endless = rows.contains(kUnbounded);
  const auto last_bound = endless ? std::prev(rows.end(), rows.size() > 1 ? 2 : 1) : std::prev(rows.end());
  for (int exponent = first; exponent < last_bound->first; exponent += exponents) rows[exponent];
  return rows;
}

std::map<int, std::uint64_t> at_most(const std::vector<HistogramBucket>& buckets, std::size_t rows) {
  for (int exponents = 1;; ++exponents) {
    std::map<int, std::uint64_t> result = coarse(buckets, exponents);
    if (result.size() <= std::max<std::size_t>(rows, 3)) return result;
  }
}

std::string bound_text(int exponent, bool ascii) {
  if (exponent >= 63) return "longer";
  return at_most_text(duration_text(Nanoseconds{std::int64_t{1} << exponent}, ascii), ascii);
}

}  // namespace

std::vector<StyledLine> histogram_rows(const std::vector<HistogramBucket>& buckets, std::size_t rows, std::size_t width,
                                       bool ascii) {
  const std::map<int, std::uint64_t> counts = at_most(buckets, rows);
  std::uint64_t most = 0;
  for (const auto& [exponent, count] : counts) most = std::max(most, count);
  const std::size_t count_width = count_text(most).size();
  constexpr std::size_t label = 11;
  const std::size_t taken = label + 2 + count_width + 1;
  const std::size_t bar_width = width > taken + 4 ? width - taken : 4;
  std::vector<StyledLine> lines;
  for (const auto& [exponent, count] : counts) {
    StyledLine& line = lines.emplace_back();
    line.add_right(bound_text(exponent, ascii), label, Style::faint).add(" ");
    line.add_right(count_text(count), count_width).add(" ");
    line.add(bar(static_cast<double>(count), static_cast<double>(most), bar_width, ascii), Style::bar);
  }
  return lines;
}

std::vector<StyledLine> side_by_side(std::vector<StyledLine> left, const std::vector<StyledLine>& right,
                                     std::size_t width, bool ascii) {
  left.resize(std::max(left.size(), right.size()));
  for (std::size_t i = 0; i < right.size(); ++i) {
    left[i].cut(width - 1, ascii);
    left[i].add_spaces(width - left[i].width()).append(right[i]);
  }
  return left;
}

}  // namespace acceptscope
