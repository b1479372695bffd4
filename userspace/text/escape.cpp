// SPDX-License-Identifier: BSD-2-Clause
#include "text/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "text/utf8.hpp"

namespace acceptscope {
namespace {

struct Range {
  char32_t first, last;
};

/// Characters that have no column of their own or are harmful (Unicode 15: categories Cc, Cf, Co, Cs, Mn, Me, Zl, Zp
/// outside of living scripts, variation selectors, blank letters).
constexpr std::array kHidden = {
    Range{0x00, 0x1f},       Range{0x7f, 0xa0},       Range{0xad, 0xad},       Range{0x300, 0x36f},
    Range{0x483, 0x489},     Range{0x591, 0x5c7},     Range{0x600, 0x605},     Range{0x610, 0x61c},
    Range{0x64b, 0x65f},     Range{0x670, 0x670},     Range{0x6d6, 0x6ed},     Range{0x70f, 0x70f},
    Range{0x8e2, 0x902},     Range{0x115f, 0x1160},   Range{0x17b4, 0x17b5},   Range{0x180b, 0x180f},
    Range{0x1ab0, 0x1aff},   Range{0x1dc0, 0x1dff},   Range{0x2000, 0x200f},   Range{0x2028, 0x202f},
    Range{0x205f, 0x206f},   Range{0x20d0, 0x20ff},   Range{0x2800, 0x2800},   Range{0x3000, 0x3000},
    Range{0x302a, 0x302f},   Range{0x3099, 0x309a},   Range{0x3164, 0x3164},   Range{0xd800, 0xf8ff},
    Range{0xfe00, 0xfe0f},   Range{0xfe20, 0xfe2f},   Range{0xfeff, 0xfeff},   Range{0xffa0, 0xffa0},
    Range{0xfff0, 0xfffb},   Range{0xfffe, 0xffff},   Range{0x110bd, 0x110bd}, Range{0x1bca0, 0x1bca3},
    Range{0x1d165, 0x1d182}, Range{0x1f3fb, 0x1f3ff}, Range{0xe0000, 0x10ffff}};

/// Two columns wide (East_Asian_Width W and F).
constexpr std::array kWide = {
    Range{0x1100, 0x115e},   Range{0x231a, 0x231b},   Range{0x2329, 0x232a},   Range{0x23e9, 0x23ec},
    Range{0x2614, 0x2615},   Range{0x26a1, 0x26a1},   Range{0x2705, 0x2705},   Range{0x274c, 0x274c},
    Range{0x2e80, 0x303e},   Range{0x3041, 0x4dbf},   Range{0x4e00, 0xa4cf},   Range{0xa960, 0xa97c},
    Range{0xac00, 0xd7a3},   Range{0xf900, 0xfaff},   Range{0xfe30, 0xfe6f},   Range{0xff01, 0xff60},
    Range{0xffe0, 0xffe6},   Range{0x16fe0, 0x18cff}, Range{0x1b000, 0x1b2ff}, Range{0x1f300, 0x1f64f},
    Range{0x1f680, 0x1f6ff}, Range{0x1f900, 0x1faff}, Range{0x20000, 0x3fffd}};

template <std::size_t N>
bool in(const std::array<Range, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [c](Range range) { return c >= range.first && c <= range.last; });
}

/// Shows each byte that is not part of a valid character by itself.
std::size_t bytes_of(const Utf8Character& first) { return first.valid ? first.bytes : 1; }

std::size_t width_of(char32_t code) { return in(kWide, code) ? 2 : 1; }

std::string escape_code(char32_t code) {
  switch (code) {
    case '\n': return "\\n";
    case '\t': return "\\t";
    case '\r': return "\\r";
    case '\\': return "\\\\";
    default: break;
  }
  const auto number = static_cast<std::uint32_t>(code);
  if (number < 0x80) return fmt::format("\\x{:02x}", number);
  return number > 0xffff ? fmt::format("\\U{:08x}", number) : fmt::format("\\u{:04x}", number);
}

struct Piece {
  std::string text;
  std::size_t width;
};

Piece piece_of(const Utf8Character& first, std::string_view bytes, bool ascii) {
  std::string escaped;
  if (!first.valid)
    escaped = fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[0]));
  else if (first.code == '\\' || in(kHidden, first.code) || (ascii && first.code >= 0x80))
    escaped = escape_code(first.code);
  else
    return {std::string(bytes), width_of(first.code)};
  const std::size_t width = escaped.size();
  return {std::move(escaped), width};
}

}  // namespace

std::string escape_text(const OutsideText& outside, const EscapeOptions& options) {
  std::string_view raw = outside.raw();
  const std::string ellipsis = options.ascii ? "..." : "…";
  const std::size_t ellipsis_width = options.ascii ? 3 : 1;
  std::string text;
  std::size_t width = 0;
  std::size_t cut = 0;  // length of the text that leaves room for the ellipsis
  while (!raw.empty()) {
    const Utf8Character first = first_character(raw);
    const Piece piece = piece_of(first, raw.substr(0, bytes_of(first)), options.ascii);
    if (piece.width > options.max_width - width)
      return options.max_width < ellipsis_width ? std::string(options.max_width, '.') : text.substr(0, cut) + ellipsis;
    text += piece.text;
    width += piece.width;
    if (options.max_width - width >= ellipsis_width) cut = text.size();
    raw.remove_prefix(bytes_of(first));
  }
  return text;
}

std::string made_fit(std::string text) {
  const auto is_plain = [](unsigned char c) { return c >= 0x20 && c < 0x7f; };
  if (std::ranges::all_of(text, is_plain)) return text;
  std::string fit;
  for (std::string_view rest = text; !rest.empty();) {
    const Utf8Character first = first_character(rest);
    const std::string_view bytes = rest.substr(0, bytes_of(first));
    fit += bytes == "\\" ? std::string(bytes) : piece_of(first, bytes, false).text;
    rest.remove_prefix(bytes.size());
  }
  return fit;
}

std::string sentence(const OutsideText& text, bool ascii) {
  std::string plain = text.raw();
  const auto replace = [&plain](std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = plain.find(from, at)) != std::string::npos; at += to.size())
      plain.replace(at, from.size(), to);
  };
  if (ascii) replace("≥", ">="), replace("µs", "us");
  return escape_text(plain, {.ascii = ascii});
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Utf8Character first = first_character(text);
    width += width_of(first.code);
    text.remove_prefix(bytes_of(first));
  }
  return width;
}

}  // namespace acceptscope
