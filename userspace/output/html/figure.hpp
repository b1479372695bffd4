// SPDX-License-Identifier: BSD-2-Clause
/// A drawing with its title, its axes and a text for people who cannot see it.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "output/html/scale.hpp"

namespace acceptscope {

/// Numbers the elements of a page that others refer to, so that the same snapshot gives the same bytes. Also knows
/// which of two dumps the figures belong to.
class Ids {
 public:
  /// "before" or "after" for the next figures: part of their titles.
  void set_side(std::string side) { side_ = std::move(side); }
  /// `title`, with the side if there are two.
  [[nodiscard]] std::string titled(std::string_view title) const {
    return side_.empty() ? std::string(title) : fmt::format("{}, {}", title, side_);
  }
  [[nodiscard]] std::string next() { return fmt::format("f{}", ++last_); }

 private:
  std::string side_;
  std::size_t last_ = 0;
};

/// The texts of a figure: visible text (see html_escape()) without markup, like all texts of this room.
struct FigureWords {
  std::string title;
  std::string note;     ///< below the title: contents of the drawing and omissions
  std::string summary;  ///< the finding, for people who cannot see the drawing
  std::string service;  ///< its service: distinguishes it from the same figure of another one
};

/// The area of the data in a drawing, in its own units (pixels on a wide screen).
struct Plot {
  double left = 0, top = 0, width = 0, height = 0;
  [[nodiscard]] double right() const { return left + width; }
  [[nodiscard]] double bottom() const { return top + height; }
};

/// Wide figures scroll in their own box on narrow screens; small ones appear side by side on wide screens.
enum class FigureSize { wide, small };
inline constexpr double kWide = 1080;
/// So narrow that its text is still readable when a phone shows all of it.
inline constexpr double kSmall = 360;
/// Right of a horizontal axis, for the half of its last label.
inline constexpr double kAxisEnd = 26, kTimeAxisEnd = 44;

/// The whole figure around `drawing`, `height` high.
[[nodiscard]] std::string figure(Ids& ids, FigureSize size, double height, const FigureWords& words,
                                 std::string_view drawing, std::string_view legend = {});

/// In place of a drawing with nothing in it: its title and why (visible text), in one line.
[[nodiscard]] std::string no_figure(const Ids& ids, std::string_view title, std::string_view why);

/// The sign of an entry in a legend.
enum class KeySign { box, bar, line };
/// An entry: `css_class` colors the sign; `text` is visible text.
[[nodiscard]] std::string key_entry(KeySign sign, std::string_view css_class, std::string_view text);
/// The legend of a figure, "Colors" or "Lines".
[[nodiscard]] std::string key_of(std::string_view name, std::string_view entries);

/// SVG text; `anchor` is start, middle or end.
[[nodiscard]] std::string svg_text(double x, double y, std::string_view text, std::string_view anchor = "start",
                                   std::string_view css_class = "t");
[[nodiscard]] std::string svg_line(double x1, double y1, double x2, double y2, std::string_view css_class);
/// A rectangle with a title that appears under the pointer.
[[nodiscard]] std::string svg_rect(double x, double y, double width, double height, std::string_view css_class,
                                   std::string_view title = {});

/// Time of day below the plot, with its name.
[[nodiscard]] std::string time_axis(const Plot& plot, const TimeAxis& axis);
/// Counts left of the plot with lines across it, from 0 to the last of `marks`; `unit` is `above` it.
[[nodiscard]] std::string count_axis(const Plot& plot, const std::vector<double>& marks, std::string_view unit,
                                     double above = 10);

}  // namespace acceptscope
