// SPDX-License-Identifier: BSD-2-Clause
/// The manual: two pages, made of the tables that the program works with and of some prose. `acceptscope help` prints
/// its sections; man pages and Markdown are stored in userspace/manual/generated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/styled_line.hpp"

namespace acceptscope::manual {

// In every text, `...` marks what is typed or appears literally; there is no other markup.

struct Paragraph {
  std::string text;
};
struct Heading {  ///< within a section
  std::string text;
};
struct Code {  ///< shown as it is, line by line
  std::string text;
};
struct Item {
  std::string term;
  std::string text;
};
using Items = std::vector<Item>;

/// Any of these. No std::variant: GCC 12 takes lists of them for uninitialized at -O2.
struct Block {
  enum class Kind : std::uint8_t { paragraph, heading, code, items };

  Block(Paragraph&& paragraph) : kind(Kind::paragraph), text(std::move(paragraph.text)) {}
  Block(Heading&& heading) : kind(Kind::heading), text(std::move(heading.text)) {}
  Block(Code&& code) : kind(Kind::code), text(std::move(code.text)) {}
  Block(Items&& list) : kind(Kind::items), items(std::move(list)) {}

  Kind kind;
  std::string text;  ///< unless it is a list
  Items items;
};

struct Section {
  std::string_view topic;  ///< its name for `acceptscope help`; empty: it has none
  std::string_view title;  ///< "EXIT STATUS"
  std::vector<Block> blocks;
};

struct Page {
  std::string_view name;     ///< "acceptscope-dump"
  std::string_view section;  ///< "5"
  std::string_view brief;
  std::vector<Section> sections;
};

/// acceptscope(8) and acceptscope-dump(5), built at each call.
[[nodiscard]] std::vector<Page> pages();

/// The section about `topic`; empty if there is none.
[[nodiscard]] std::optional<Section> section_about(std::string_view topic);

/// All topics, in the order of the pages.
[[nodiscard]] std::vector<std::string_view> topics();

/// For man(1): the macros of man(7). Passes `mandoc -T lint` and groff without warnings.
[[nodiscard]] std::string roff(const Page& page);

/// For a terminal of `width` columns.
[[nodiscard]] std::vector<StyledLine> lines(const Section& section, std::size_t width, bool ascii);

/// The page in Markdown, for who reads the sources.
[[nodiscard]] std::string markdown(const Page& page);

}  // namespace acceptscope::manual
