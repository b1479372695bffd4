// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace acceptscope {

/// The meaning of a text, not its color; look_of() returns the colors.
enum class Style : std::uint8_t {
  plain,
  strong,
  faint,
  bar,
  warning,
  title,     ///< a bar across the whole screen
  selected,  ///< the line under the cursor
  good,      ///< a verdict that all is well
  heat_low,
  heat_mid,
  heat_high  ///< of a heat strip, whose heights show the same
};
inline constexpr std::size_t kStyles = 11;

/// The look of a style. Colors are numbers of the ANSI palette, -1 is the terminal's default.
struct Look {
  bool bold = false, dim = false, reverse = false;
  int color = -1;      ///< of 8
  int color_256 = -1;  ///< of 256, if the terminal has as many; -1: `color`
};

/// The colors can be distinguished with every kind of color blindness: blue to cyan against yellow and orange. Nothing
/// is shown by color alone.
[[nodiscard]] Look look_of(Style style);

/// A line of text in styles, and the only way to a terminal. It takes no OutsideText, only what escape_text() made of
/// it; a control character in a text of ours is escaped when it is added.
class StyledLine {
 public:
  StyledLine() = default;
  explicit StyledLine(std::string text, Style style = Style::plain) { add(std::move(text), style); }

  StyledLine& add(std::string text, Style style = Style::plain);
  StyledLine& add_left(std::string text, std::size_t width, Style style = Style::plain);
  StyledLine& add_right(std::string text, std::size_t width, Style style = Style::plain);
  StyledLine& append(const StyledLine& other);
  StyledLine& add_spaces(std::size_t count);

  /// A run of text in one style.
  struct Part {
    std::string text;
    Style style;
  };

  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }
  /// Sets the whole line in one style.
  void restyle(Style style);
  /// The line cut to `max_width` columns with an ellipsis; without spaces at the end.
  void cut(std::size_t max_width, bool ascii);
  /// Without newline.
  [[nodiscard]] std::string text(bool color) const;

 private:
  std::vector<Part> parts_;
  std::size_t width_ = 0;
};

/// `line` broken into lines of at most `width` columns; those below the first are indented by `hang` columns. A line in
/// which runs of spaces part its pieces ends between two pieces, another between two words; what is longer than a whole
/// line is broken inside.
[[nodiscard]] std::vector<StyledLine> broken(const StyledLine& line, std::size_t width, std::size_t hang);

/// `text` broken likewise; the first line follows `start`, the others are indented to its end.
[[nodiscard]] std::vector<StyledLine> wrapped(const StyledLine& start, std::string_view text, std::size_t width);

/// Adds `more` below `lines`.
void append(std::vector<StyledLine>& lines, std::vector<StyledLine> more);

}  // namespace acceptscope
