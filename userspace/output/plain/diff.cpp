// SPDX-License-Identifier: BSD-2-Clause
#include "output/plain/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "output/words/diff_words.hpp"
#include "output/words/worker_lines.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {
namespace {

using Lines = std::vector<StyledLine>;

std::string side_text(const DiffSide& side, bool ascii) {
  return fmt::format("{}, {}, {}", escape_text(side.hostname, {.ascii = ascii}), instant_text(side.started_at),
                     duration_text(side.duration, ascii));
}

std::string value_text(FigureUnit unit, std::optional<double> value, bool ascii) {
  return sentence(figure_text(unit, value), ascii);
}

constexpr std::size_t kColumns = 6;
using Row = std::array<std::string, kColumns>;

/// Aligned: numbers to the right, words to the left.
Lines table(const std::vector<Row>& rows) {
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  Lines lines;
  for (const Row& row : rows) {
    const Style style = &row == &rows.front() ? Style::faint : Style::plain;
    StyledLine& line = lines.emplace_back();
    for (std::size_t i = 0; i < kColumns; ++i) {
      const bool is_number = i >= 1 && i <= 3;
      line.add_spaces(2);
      is_number ? line.add_right(row[i], widths[i], style) : line.add_left(row[i], widths[i], style);
    }
  }
  return lines;
}

StyledLine styled_word(FixCode code) {
  return StyledLine(std::string(fix_word(code)), code == FixCode::worse ? Style::warning : Style::strong);
}

Lines service_lines(const ServiceDiff& service, bool ascii) {
  std::vector<Row> rows{{"FIGURE", "BEFORE", "AFTER", "CHANGE", "MORE THAN CHANCE", "TEST"}};
  for (const FigureChange& change : service.figures)
    rows.push_back({change.figure, value_text(change.unit, change.before, ascii),
                    value_text(change.unit, change.after, ascii), sentence(change_text(change), ascii),
                    chance_text(change), change.test.value_or("")});
  Lines lines{StyledLine(), StyledLine(diff_name(service), Style::strong)};
  append(lines, table(rows));
  return lines;
}

void add_lone(Lines& lines, const std::vector<LoneService>& services, std::string_view where) {
  for (const LoneService& service : services)
    lines.emplace_back(fmt::format("Only in {}: {}, {}", where, service.endpoint.to_string(),
                                   count_of(service.connections, "connection")));
}

void add_condition(Lines& lines, const ConditionOutcome& outcome, bool ascii) {
  const bool fails = outcome.holds.value_or(false);
  StyledLine line = fails ? StyledLine("FAIL", Style::warning) : StyledLine(outcome.holds ? "ok" : "UNDECIDED");
  line.add(fmt::format("  {}  {}: {}", outcome.endpoint.to_string(), escape_text(outcome.condition, {.ascii = ascii}),
                       sentence(outcome.figures, ascii)));
  lines.push_back(std::move(line));
}

}  // namespace

std::string render_diff(const Diff& diff, const TextOptions& options) {
  const bool ascii = options.ascii;
  Lines lines;
  for (const ServiceDiff& service : diff.services)
    append(lines,
           wrapped(styled_word(service.verdict.code).add(" "),
                   fmt::format("{}: {}", diff_name(service), sentence(service.verdict.summary, ascii)), options.width));
  if (diff.services.empty()) lines.emplace_back("No service is in both dumps.", Style::strong);
  lines.emplace_back();
  lines.emplace_back("before  " + side_text(diff.before, ascii));
  lines.emplace_back("after   " + side_text(diff.after, ascii));
  for (const ServiceDiff& service : diff.services) append(lines, service_lines(service, ascii));
  if (!diff.only_before.empty() || !diff.only_after.empty()) lines.emplace_back();
  add_lone(lines, diff.only_before, "BEFORE");
  add_lone(lines, diff.only_after, "AFTER");
  if (!diff.services.empty()) {
    lines.emplace_back();
    for (const std::string& note : diff_notes(diff.services)) lines.emplace_back(note, Style::faint);
  }
  if (!diff.conditions.empty()) lines.emplace_back();
  for (const ConditionOutcome& outcome : diff.conditions) add_condition(lines, outcome, ascii);

  std::string text;
  for (StyledLine& line : lines) {
    line.cut(std::numeric_limits<std::size_t>::max(), ascii);
    text += line.text(options.color) + '\n';
  }
  return text;
}

}  // namespace acceptscope
