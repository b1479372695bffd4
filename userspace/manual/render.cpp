// SPDX-License-Identifier: BSD-2-Clause
/// The three forms of the manual.
#include <fmt/format.h>

#include <algorithm>

#include "manual/manual.hpp"
#include "text/escape.hpp"
#include "text/utf8.hpp"
#include "util/version.hpp"

namespace acceptscope::manual {
namespace {

/// A run of text, literal or not.
struct Span {
  std::string_view text;
  bool literal;
};

std::vector<Span> spans(std::string_view text) {
  std::vector<Span> result;
  for (bool literal = false; !text.empty(); literal = !literal) {
    const std::size_t end = std::min(text.find('`'), text.size());
    if (end > 0) result.push_back({text.substr(0, end), literal});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

// roff

/// Characters that are requests, hyphens or quotes to roff, and those beyond ASCII (groff_char(7)).
std::string roff_text(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Utf8Character c = first_character(text);
    if (c.code >= 0x80)
      result += fmt::format("\\[u{:04X}]", static_cast<std::uint32_t>(c.code));
    else if (c.code == '\\')
      result += "\\e";
    else if (c.code == '-')
      result += "\\-";
    else if (c.code == '\'')
      result += "\\(aq";
    else if (c.code == '^')
      result += "\\(ha";
    else if (c.code == '~')
      result += "\\(ti";
    else
      result += text.substr(0, c.bytes);
    text.remove_prefix(c.bytes);
  }
  return result;
}

std::string roff_spans(std::string_view text) {
  std::string result;
  for (const Span& span : spans(text))
    result += span.literal ? fmt::format("\\fB{}\\fR", roff_text(span.text)) : roff_text(span.text);
  return result;
}

/// A text line must not begin like a request.
std::string roff_line(std::string line) {
  if (!line.empty() && (line.front() == '.' || line.front() == '\'')) line.insert(0, "\\&");
  return line + '\n';
}

/// Broken before 80 columns and, as roff wants it, at the end of each sentence.
std::string roff_lines(std::string_view text) {
  constexpr std::size_t most = 78;
  const std::string whole = roff_spans(text);
  std::string result, line;
  bool ended = false;
  for (std::string_view rest = whole; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    if (word.empty()) continue;
    if (!line.empty() && (ended || line.size() + 1 + word.size() > most)) {
      result += roff_line(std::move(line));
      line.clear();
    }
    line.append(line.empty() ? "" : " ").append(word);
    ended = std::string_view(".!?").find(word.back()) != std::string_view::npos;
  }
  return line.empty() ? result : result + roff_line(std::move(line));
}

std::string roff_code(std::string_view text) {
  std::string result = ".PP\n.in +4n\n.EX\n";
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    result += roff_line(roff_text(line));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return result + ".EE\n.in\n";
}

std::string roff_block(const Block& block) {
  switch (block.kind) {
    case Block::Kind::paragraph: return fmt::format(".PP\n{}", roff_lines(block.text));
    case Block::Kind::heading: return fmt::format(".SS {}\n", roff_spans(block.text));
    case Block::Kind::code: return roff_code(block.text);
    case Block::Kind::items: break;
  }
  std::string text;
  for (const Item& item : block.items)
    text += fmt::format(".TP\n{}{}", roff_line(roff_spans(item.term)), roff_lines(item.text));
  return text;
}

// Text

StyledLine styled(std::string_view text, bool ascii) {
  StyledLine line;
  for (const Span& span : spans(text))
    line.add(sentence(std::string(span.text), ascii), span.literal ? Style::strong : Style::plain);
  return line;
}

void add_broken(std::vector<StyledLine>& lines, const StyledLine& line, std::size_t indent, std::size_t width) {
  for (const StyledLine& part : broken(line, width - std::min(width, indent), 0))
    lines.push_back(StyledLine().add_spaces(indent).append(part));
}

void add_block(std::vector<StyledLine>& lines, const Block& block, std::size_t width, bool ascii) {
  constexpr std::size_t indent = 2, deep = 6;
  switch (block.kind) {
    case Block::Kind::paragraph: add_broken(lines, styled(block.text, ascii), indent, width); break;
    case Block::Kind::heading:
      add_broken(lines, StyledLine(sentence(block.text, ascii), Style::strong), 0, width);
      break;
    case Block::Kind::code:
      for (std::string_view rest = block.text; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        add_broken(lines, StyledLine(sentence(std::string(line), ascii)), deep, width);
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      }
      break;
    case Block::Kind::items:
      for (const Item& item : block.items) {
        add_broken(lines, styled(item.term, ascii), indent, width);
        add_broken(lines, styled(item.text, ascii), deep, width);
      }
      break;
  }
}

// Markdown

std::string markdown_block(const Block& block) {
  switch (block.kind) {
    case Block::Kind::paragraph: return fmt::format("{}\n\n", block.text);
    case Block::Kind::heading: return fmt::format("### {}\n\n", block.text);
    case Block::Kind::code: return fmt::format("```sh\n{}```\n\n", block.text);
    case Block::Kind::items: break;
  }
  std::string text;
  for (const Item& item : block.items) text += fmt::format("- {}: {}\n", item.term, item.text);
  return text + '\n';
}

std::string capitals(std::string_view name) {
  std::string text(name);
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

}  // namespace

std::string roff(const Page& page) {
  std::string text = fmt::format(
      ".\\\" SPDX-License-Identifier: BSD-2-Clause\n.\\\" Generated: see userspace/manual\n"
      ".TH {} {} {} \"acceptscope {}\"\n.SH NAME\n{} \\- {}\n",
      roff_text(capitals(page.name)), page.section, release_date(), version(), roff_text(page.name),
      roff_text(page.brief));
  for (const Section& section : page.sections) {
    text += fmt::format(".SH {}\n", roff_text(section.title));
    for (std::size_t i = 0; i < section.blocks.size(); ++i) {
      std::string block = roff_block(section.blocks[i]);
      const bool first = i == 0 || section.blocks[i - 1].kind == Block::Kind::heading;
      if (first && block.starts_with(".PP\n")) block.erase(0, 4);  // a heading begins a paragraph already
      text += block;
    }
  }
  return text;
}

std::vector<StyledLine> lines(const Section& section, std::size_t width, bool ascii) {
  std::vector<StyledLine> lines{StyledLine(std::string(section.title), Style::strong)};
  for (const Block& block : section.blocks) {
    const bool first = &block == &section.blocks.front();
    if (!first) lines.emplace_back();
    add_block(lines, block, width, ascii);
  }
  return lines;
}

std::string markdown(const Page& page) {
  std::string text =
      fmt::format("<!-- Generated: see userspace/manual. -->\n# {}({})\n\n{}\n\n", page.name, page.section, page.brief);
  for (const Section& section : page.sections) {
    text += fmt::format("## {}\n\n", section.title);
    for (const Block& block : section.blocks) text += markdown_block(block);
  }
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

}  // namespace acceptscope::manual
