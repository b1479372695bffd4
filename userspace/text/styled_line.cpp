// SPDX-License-Identifier: BSD-2-Clause
#include "text/styled_line.hpp"

#include <algorithm>
#include <iterator>

#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

/// Uses the eight colors of every terminal: for a file or a pipe, the number of colors is unknown.
std::string start_of(Style style) {
  const Look look = look_of(style);
  std::string codes;
  const auto add = [&codes](const std::string& code) { codes += (codes.empty() ? "" : ";") + code; };
  if (look.bold) add("1");
  if (look.dim) add("2");
  if (look.reverse) add("7");
  if (look.color >= 0) add(std::to_string(30 + look.color));
  return codes.empty() ? "" : "\x1b[" + codes + "m";
}

constexpr std::string_view kReset = "\x1b[0m";

/// The least room of a line below an indent: a deeper indent is not kept.
constexpr std::size_t kLeastRoom = 8;

std::size_t missing(std::string_view text, std::size_t width) {
  const std::size_t taken = display_width(text);
  return taken < width ? width - taken : 0;
}

/// The longest prefix of `text` that fits in `max_width` columns.
std::string head(std::string_view text, std::size_t max_width) {
  std::string kept;
  std::size_t width = 0;
  while (!text.empty()) {
    std::size_t bytes = 1;
    while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) ++bytes;
    width += display_width(text.substr(0, bytes));
    if (width > max_width) break;
    kept += text.substr(0, bytes);
    text.remove_prefix(bytes);
  }
  return kept;
}

/// Text that belongs together, and the spaces in front of it.
struct Piece {
  std::size_t spaces = 0;
  StyledLine text;
};

/// `line` in pieces, between which there are `gap` spaces or more.
std::vector<Piece> pieces_of(const StyledLine& line, std::size_t gap) {
  std::vector<Piece> pieces(1);
  std::size_t spaces = 0;
  for (const StyledLine::Part& part : line.parts()) {
    for (std::string_view rest = part.text; !rest.empty();) {
      const std::size_t start = std::min(rest.find_first_not_of(' '), rest.size());
      spaces += start;
      rest.remove_prefix(start);
      const std::string_view word = rest.substr(0, rest.find(' '));
      if (word.empty()) break;
      const bool belongs = spaces == 1 && is_unit(word);
      if (spaces >= gap && !belongs && pieces.back().text.width() > 0) pieces.emplace_back();
      Piece& piece = pieces.back();
      if (piece.text.width() > 0)
        piece.text.add_spaces(spaces);
      else
        piece.spaces = spaces;
      piece.text.add(std::string(word), part.style);
      spaces = 0;
      rest.remove_prefix(word.size());
    }
  }
  return pieces;
}

/// Builds the lines of broken().
class LineBreaker {
 public:
  LineBreaker(StyledLine start, std::size_t width, std::size_t hang)
      : width_(std::max(width, kLeastRoom)),
        hang_(hang + kLeastRoom > width_ ? 0 : hang),
        nothing_(start.width()),
        lines_{std::move(start)} {}

  void add(const StyledLine& line) {
    const std::vector<Piece> parted = pieces_of(line, 2);
    for (const Piece& piece : parted.size() > 1 ? parted : pieces_of(line, 1)) add(piece);
  }

  [[nodiscard]] std::vector<StyledLine> lines() && { return std::move(lines_); }

 private:
  void start_line() {
    lines_.emplace_back().add_spaces(hang_);
    nothing_ = hang_;
  }

  [[nodiscard]] bool is_fresh() const { return lines_.size() > 1 && lines_.back().width() == nothing_; }

  void add(const Piece& piece) {
    if (lines_.back().width() + piece.spaces + piece.text.width() <= width_) {
      lines_.back().add_spaces(is_fresh() ? 0 : piece.spaces).append(piece.text);
    } else if (piece.text.width() <= width_ - hang_) {
      if (lines_.back().width() > nothing_) start_line();
      lines_.back().append(piece.text);
    } else if (std::vector<Piece> words = pieces_of(piece.text, 1); words.size() > 1) {
      words.front().spaces = piece.spaces;
      for (const Piece& word : words) add(word);
    } else {
      break_inside(piece);
    }
  }

  void break_inside(const Piece& piece) {
    if (lines_.back().width() + piece.spaces + kLeastRoom > width_) start_line();
    if (!is_fresh()) lines_.back().add_spaces(piece.spaces);
    for (const StyledLine::Part& part : piece.text.parts()) {
      for (std::string_view rest = part.text; !rest.empty();) {
        const std::string fits = head(rest, width_ - std::min(width_, lines_.back().width()));
        lines_.back().add(fits, part.style);
        rest.remove_prefix(fits.size());
        if (!rest.empty()) start_line();
      }
    }
  }

  std::size_t width_, hang_;
  std::size_t nothing_;  ///< width of the last line while nothing was added to it
  std::vector<StyledLine> lines_;
};

}  // namespace

Look look_of(Style style) {
  constexpr int yellow = 3, blue = 4, cyan = 6;
  switch (style) {
    case Style::strong: return {.bold = true};
    case Style::faint: return {.dim = true};
    case Style::bar: return {.color = cyan};
    case Style::warning: return {.bold = true, .color = yellow, .color_256 = 214};
    case Style::title:
    case Style::selected: return {.reverse = true};
    case Style::good: return {.bold = true, .color = cyan, .color_256 = 75};
    case Style::heat_low: return {.color = blue, .color_256 = 67};
    case Style::heat_mid: return {.color = cyan, .color_256 = 80};
    case Style::heat_high: return {.bold = true, .color = yellow, .color_256 = 214};
    case Style::plain: break;
  }
  return {};
}

StyledLine& StyledLine::add(std::string text, Style style) {
  text = made_fit(std::move(text));
  width_ += display_width(text);
  if (text.empty()) return *this;
  if (!parts_.empty() && parts_.back().style == style)
    parts_.back().text += text;
  else
    parts_.push_back({std::move(text), style});
  return *this;
}

StyledLine& StyledLine::append(const StyledLine& other) {
  width_ += other.width_;
  parts_.insert(parts_.end(), other.parts_.begin(), other.parts_.end());
  return *this;
}

StyledLine& StyledLine::add_spaces(std::size_t count) { return add(std::string(count, ' ')); }

StyledLine& StyledLine::add_left(std::string text, std::size_t width, Style style) {
  text = made_fit(std::move(text));
  const std::size_t spaces = missing(text, width);
  return add(std::move(text), style).add_spaces(spaces);
}

StyledLine& StyledLine::add_right(std::string text, std::size_t width, Style style) {
  text = made_fit(std::move(text));
  add_spaces(missing(text, width));
  return add(std::move(text), style);
}

void StyledLine::restyle(Style style) {
  for (Part& part : parts_) part.style = style;
}

void StyledLine::cut(std::size_t max_width, bool ascii) {
  while (!parts_.empty() && parts_.back().style == Style::plain) {  // spaces that only aligned columns
    std::string& last = parts_.back().text;
    const std::size_t end = last.find_last_not_of(' ');
    width_ -= last.size() - (end == std::string::npos ? 0 : end + 1);
    last.resize(end == std::string::npos ? 0 : end + 1);
    if (!last.empty()) break;
    parts_.pop_back();
  }
  if (width_ <= max_width) return;
  const std::string ellipsis = ascii ? std::string(max_width < 3 ? max_width : 3, '.') : max_width > 0 ? "…" : "";
  std::size_t room = max_width - display_width(ellipsis);
  std::vector<Part> kept;
  for (Part& part : parts_) {
    const std::size_t part_width = display_width(part.text);
    const bool fits = part_width <= room;
    kept.push_back({fits ? std::move(part.text) : head(part.text, room) + ellipsis, part.style});
    if (!fits) break;
    room -= part_width;
  }
  parts_ = std::move(kept);
  width_ = max_width;
}

std::string StyledLine::text(bool color) const {
  std::string line;
  for (const Part& part : parts_) {
    const std::string start = color ? start_of(part.style) : "";
    line += start;
    line += part.text;
    if (!start.empty()) line += kReset;
  }
  return line;
}

std::vector<StyledLine> broken(const StyledLine& line, std::size_t width, std::size_t hang) {
  if (line.width() <= width) return {line};
  LineBreaker breaker({}, width, hang);
  breaker.add(line);
  return std::move(breaker).lines();
}

std::vector<StyledLine> wrapped(const StyledLine& start, std::string_view text, std::size_t width) {
  LineBreaker breaker(start, width, start.width());
  breaker.add(StyledLine(std::string(text)));
  return std::move(breaker).lines();
}

void append(std::vector<StyledLine>& lines, std::vector<StyledLine> more) {
  std::move(more.begin(), more.end(), std::back_inserter(lines));
}

}  // namespace acceptscope
