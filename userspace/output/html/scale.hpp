// SPDX-License-Identifier: BSD-2-Clause
/// Maps values to positions and colors: axes and their marks. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "util/clock.hpp"

namespace acceptscope {

/// Marks from 0 to at least `max` at 1, 2 or 5 times a power of ten, whole numbers, at most `most` intervals (at least
/// 1): the last mark is the end of the axis.
[[nodiscard]] std::vector<double> count_marks(double max, std::size_t most);

/// Marks of a logarithmic axis of durations from `from` to `to` (both above 0): decades, and 2 and 5 between them when
/// these are at most two; rising, all inside.
[[nodiscard]] std::vector<Nanoseconds> duration_marks(Nanoseconds from, Nanoseconds to);

/// "14:02:11", UTC; with the tenths of the second if asked for.
[[nodiscard]] std::string clock_text(Instant instant, bool tenths = false);

/// Civil time from left to right. Its length is above 0 for any dump.
class TimeAxis {
 public:
  TimeAxis(Instant from, Instant to);

  /// 0 at its beginning, 1 at its end; clamped to this range.
  [[nodiscard]] double place(Instant instant) const;
  /// At round times of the day in UTC, at most `most`.
  [[nodiscard]] std::vector<Instant> marks(std::size_t most) const;
  [[nodiscard]] Instant from() const { return from_; }

 private:
  Instant from_;
  double span_ns_;
};

/// Colors of a heat map: 0 is nothing, 1..kLevels are rising values.
class ColourSteps {
 public:
  static constexpr std::size_t kLevels = 7;

  /// For values from `least` (the smallest above 0) to `most`, whole numbers or not: even steps, or steps that grow by
  /// a factor if `most` is above 50 times `least`.
  ColourSteps(double least, double most);

  [[nodiscard]] std::size_t level(double value) const;
  /// The largest value of `level`, 1..levels().
  [[nodiscard]] double upper(std::size_t level) const { return upper_[level - 1]; }
  /// Fewer than kLevels if there are fewer whole numbers.
  [[nodiscard]] std::size_t levels() const { return upper_.size(); }
  /// The color class of a level. Always uses the lowest and the highest color, so that few levels are far apart.
  [[nodiscard]] std::size_t colour(std::size_t level) const;

 private:
  std::vector<double> upper_;
};

}  // namespace acceptscope
