// SPDX-License-Identifier: BSD-2-Clause
#include "output/plain/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "output/words/diff_words.hpp"
#include "output/words/worker_columns.hpp"
#include "output/words/worker_lines.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kHang = 4;  ///< indent of what continues a line

using Lines = std::vector<StyledLine>;

constexpr std::size_t kColumns = 6;
using Row = std::array<std::string, kColumns>;

/// Aligned: numbers to the right, words to the left. Where the room is short, the test and then the certainty leave.
Lines table(const std::vector<Row>& rows, std::size_t room) {
  constexpr std::size_t gap = 2;
  constexpr std::array leaves{0, 0, 0, 0, 1, 2};
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  fit_columns(widths, leaves, room, gap);
  Lines lines;
  for (const Row& row : rows) {
    const Style style = &row == &rows.front() ? Style::faint : Style::plain;
    StyledLine& line = lines.emplace_back();
    for (std::size_t i = 0; i < kColumns; ++i) {
      if (widths[i] == 0) continue;
      const bool is_number = i >= 1 && i <= 3;
      line.add_spaces(gap);
      is_number ? line.add_right(row[i], widths[i], style) : line.add_left(row[i], widths[i], style);
    }
  }
  return lines;
}

StyledLine styled_word(FixCode code) {
  return StyledLine(std::string(fix_word(code)), code == FixCode::worse ? Style::warning : Style::strong);
}

Lines service_lines(const ServiceDiff& service, std::size_t width, bool ascii) {
  std::vector<Row> rows{{"FIGURE", "BEFORE", "AFTER", "CHANGE", "MORE THAN CHANCE", "TEST"}};
  for (const FigureChange& change : service.figures) rows.push_back(figure_cells(change, ascii));
  Lines lines{StyledLine(), StyledLine(diff_name(service, ascii), Style::strong)};
  append(lines, table(rows, width));
  return lines;
}

StyledLine condition_line(const ConditionOutcome& outcome, bool ascii) {
  StyledLine line(std::string(condition_word(outcome)), outcome.holds.value_or(false) ? Style::warning : Style::plain);
  return line.add("  " + condition_text(outcome, ascii));
}

}  // namespace

std::string render_diff(const Diff& diff, const TextOptions& options) {
  const bool ascii = options.ascii;
  Lines lines;
  for (const ServiceDiff& service : diff.services)
    append(lines, wrapped(styled_word(service.verdict.code).add(" "),
                          fmt::format("{}: {}", diff_name(service, ascii), sentence(fix_sentence(service), ascii)),
                          options.width));
  if (diff.services.empty()) lines.emplace_back("No service is in both dumps.", Style::strong);
  lines.emplace_back();
  lines.emplace_back("before  " + side_text(diff.before, ascii));
  lines.emplace_back("after   " + side_text(diff.after, ascii));
  for (const ServiceDiff& service : diff.services) append(lines, service_lines(service, options.width, ascii));
  const std::vector<std::string> lone = lone_services(diff, ascii);
  if (!lone.empty()) lines.emplace_back();
  for (const std::string& line : lone) lines.emplace_back(line);
  if (!diff.services.empty()) {
    lines.emplace_back();
    for (const std::string& note : diff_notes(diff.services)) lines.emplace_back(note, Style::faint);
  }
  if (!diff.conditions.empty()) lines.emplace_back();
  for (const ConditionOutcome& outcome : diff.conditions) lines.push_back(condition_line(outcome, ascii));

  std::string text;
  for (const StyledLine& line : lines) {
    for (StyledLine& part : broken(line, options.width, kHang)) {
      part.cut(options.width, ascii);
      text += part.text(options.color) + '\n';
    }
  }
  return text;
}

}  // namespace acceptscope
