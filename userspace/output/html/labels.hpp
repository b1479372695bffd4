// SPDX-License-Identifier: BSD-2-Clause
/// The room that text needs in a drawing. Pure. The reader's font is not known: widths are those of DejaVu Sans, which
/// is wider than the fonts of other systems.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace acceptscope {

/// Width of visible text in a drawing, in its units: rather too much than too little.
[[nodiscard]] double text_width(std::string_view visible);

/// `visible`, or its beginning and an ellipsis if it is wider than `room`.
[[nodiscard]] std::string fitted(std::string_view visible, double room);

/// A text around `x`.
struct Label {
  double x = 0;
  std::string text;
  [[nodiscard]] double left() const { return x - text_width(text) / 2; }
  [[nodiscard]] double right() const { return x + text_width(text) / 2; }
};

/// Labels in a row, rising, none over another: those that are too close become one. All are between `left` and `right`
/// if they can be.
[[nodiscard]] std::vector<Label> apart(const std::vector<Label>& labels, double left, double right);

/// Marks of a horizontal axis of counts, see count_marks(): as many as their labels leave room for in `width`.
[[nodiscard]] std::vector<double> spaced_count_marks(double max, std::size_t most, double width);

/// Room left of a vertical axis for the labels of `marks`.
[[nodiscard]] double count_room(const std::vector<double>& marks);

}  // namespace acceptscope
