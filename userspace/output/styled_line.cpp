// SPDX-License-Identifier: BSD-2-Clause
#include "output/styled_line.hpp"

#include "output/escape.hpp"

namespace acceptscope {
namespace {

/// From the eight colours of every terminal; blue-green and yellow stay apart for all kinds of colour blindness, and
/// nothing is told by colour alone.
std::string_view start_of(Style style) {
  switch (style) {
    case Style::strong:
      return "\x1b[1m";
    case Style::faint:
      return "\x1b[2m";
    case Style::bar:
      return "\x1b[36m";
    case Style::warning:
      return "\x1b[1;33m";
    case Style::plain:
      break;
  }
  return {};
}

constexpr std::string_view kReset = "\x1b[0m";

std::size_t missing(std::string_view text, std::size_t width) {
  const std::size_t taken = display_width(text);
  return taken < width ? width - taken : 0;
}

/// The longest beginning of `text` that fits in `max_width` columns.
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

}  // namespace

StyledLine& StyledLine::add(std::string text, Style style) {
  width_ += display_width(text);
  if (!text.empty()) parts_.push_back({std::move(text), style});
  return *this;
}

StyledLine& StyledLine::append(const StyledLine& other) {
  width_ += other.width_;
  parts_.insert(parts_.end(), other.parts_.begin(), other.parts_.end());
  return *this;
}

StyledLine& StyledLine::add_spaces(std::size_t count) { return add(std::string(count, ' ')); }

StyledLine& StyledLine::add_left(std::string text, std::size_t width, Style style) {
  const std::size_t spaces = missing(text, width);
  return add(std::move(text), style).add_spaces(spaces);
}

StyledLine& StyledLine::add_right(std::string text, std::size_t width, Style style) {
  add_spaces(missing(text, width));
  return add(std::move(text), style);
}

void StyledLine::cut(std::size_t max_width, bool ascii) {
  while (!parts_.empty() && parts_.back().style == Style::plain) {  // spaces that only aligned something
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
    const std::string_view start = color ? start_of(part.style) : std::string_view();
    line += start;
    line += part.text;
    if (!start.empty()) line += kReset;
  }
  return line;
}

}  // namespace acceptscope
