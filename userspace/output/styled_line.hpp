// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace acceptscope {

/// Meaning, not colour; styled_line.cpp has the colours.
enum class Style { plain, strong, faint, bar, warning };

/// A line of text in styles. Text must be fit for a terminal (escape_text) before it is added.
class StyledLine {
 public:
  StyledLine() = default;
  explicit StyledLine(std::string text, Style style = Style::plain) { add(std::move(text), style); }

  StyledLine& add(std::string text, Style style = Style::plain);
  StyledLine& add_left(std::string text, std::size_t width, Style style = Style::plain);
  StyledLine& add_right(std::string text, std::size_t width, Style style = Style::plain);
  StyledLine& append(const StyledLine& other);
  StyledLine& add_spaces(std::size_t count);

  [[nodiscard]] std::size_t width() const { return width_; }
  /// Cut to `max_width` columns with an ellipsis; without spaces at the end.
  void cut(std::size_t max_width, bool ascii);
  /// Without newline.
  [[nodiscard]] std::string text(bool color) const;

 private:
  struct Part {
    std::string text;
    Style style;
  };
  std::vector<Part> parts_;
  std::size_t width_ = 0;
};

}  // namespace acceptscope
