// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/labels.hpp"

#include <algorithm>

#include "output/html/scale.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"
#include "text/utf8.hpp"
#include "util/whole_number.hpp"

namespace acceptscope {
namespace {

/// As in the style sheet.
constexpr double kTextSize = 12;
constexpr double kGap = 8;  ///< between two labels
constexpr std::string_view kEllipsis = "\u2026";

/// In parts of the text size, rounded up.
double character_width(std::string_view character) {
  if (character.size() > 1) return display_width(character) > 1 ? 1.4 : 1.0;
  const char c = character.front();
  if (std::string_view("ijltfrI.,:;!'|/()[]- ").find(c) != std::string_view::npos) return 0.42;
  if (std::string_view("mwMW%@&").find(c) != std::string_view::npos) return 1.0;
  const bool capital = c >= 'A' && c <= 'Z';
  return capital || std::string_view("#+<=>~^").find(c) != std::string_view::npos ? 0.84 : 0.64;
}

std::string label_of(double mark) { return count_text(whole_number(mark)); }

bool touch(const Label& a, const Label& b) { return a.right() + kGap > b.left(); }

}  // namespace

double text_width(std::string_view visible) {
  double width = 0;
  for (std::size_t at = 0; at < visible.size();) {
    const std::size_t bytes = first_character(visible.substr(at)).bytes;
    width += kTextSize * character_width(visible.substr(at, bytes));
    at += bytes;
  }
  return width;
}

std::string fitted(std::string_view visible, double room) {
  if (text_width(visible) <= room) return std::string(visible);
  double width = text_width(kEllipsis);
  std::size_t end = 0;
  while (end < visible.size()) {
    const std::size_t bytes = first_character(visible.substr(end)).bytes;
    width += text_width(visible.substr(end, bytes));
    if (width > room) break;
    end += bytes;
  }
  return std::string(visible.substr(0, end)) + std::string(kEllipsis);
}

std::vector<Label> apart(const std::vector<Label>& labels, double left, double right) {
  const auto inside = [left, right](Label label) {
    const double half = text_width(label.text) / 2;
    label.x = std::max(left + half, std::min(label.x, right - half));
    return label;
  };
  std::vector<Label> placed;
  for (const Label& label : labels) {
    placed.push_back(inside(label));
    while (placed.size() > 1 && touch(placed[placed.size() - 2], placed.back())) {
      const Label last = placed.back();
      placed.pop_back();
      placed.back() = inside({(placed.back().x + last.x) / 2, placed.back().text + ", " + last.text});
    }
  }
  return placed;
}

std::vector<double> spaced_count_marks(double max, std::size_t most, double width) {
  std::vector<double> marks = count_marks(max, most);
  const auto is_crowded = [&] {
    return (text_width(label_of(marks.back())) + kGap) * static_cast<double>(marks.size() - 1) > width;
  };
  while (most > 1 && is_crowded()) marks = count_marks(max, --most);
  return marks;
}

double count_room(const std::vector<double>& marks) {
  constexpr double kLeast = 40, kMargin = 10;
  return std::max(kLeast, text_width(label_of(marks.back())) + kMargin);
}

}  // namespace acceptscope
