// SPDX-License-Identifier: BSD-2-Clause
#include "output/markdown/markdown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "model/names.hpp"
#include "output/words/diff_words.hpp"
#include "output/words/finding_lines.hpp"
#include "output/words/service_lines.hpp"
#include "output/words/service_table.hpp"
#include "output/words/summary_words.hpp"
#include "output/words/worker_columns.hpp"
#include "output/words/worker_lines.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kMostRows = 64;  // of a table of workers: an issue is read, the dump has them all
constexpr std::string_view kGapInText = "  ";

struct Heading {
  std::string text;
  bool left = false;
};

std::string row_of(std::span<const std::string> cells) {
  std::string row = "|";
  for (const std::string& cell : cells) row += fmt::format(" {} |", markdown_escape(cell, false));
  return row + '\n';
}

std::string head_of(std::span<const Heading> headings) {
  std::vector<std::string> names;
  std::string rule = "|";
  for (const Heading& heading : headings) {
    names.push_back(heading.text);
    rule += heading.left ? " :--- |" : " ---: |";
  }
  return row_of(names) + rule + '\n';
}

std::string paragraph(std::string_view text) { return markdown_escape(text) + "\n\n"; }

std::string item(std::string_view text, std::size_t indent = 0) {
  return fmt::format("{:{}}- {}\n", "", indent, markdown_escape(text));
}

/// A line of the text view as a paragraph: its indent and the spaces between its pieces mean nothing here.
std::string as_sentence(const StyledLine& line) {
  std::string text = line.text(false);
  text.erase(0, text.find_first_not_of(' '));
  for (std::size_t at; (at = text.find(kGapInText)) != std::string::npos;)
    text.replace(at, text.find_first_not_of(' ', at) - at, ", ");
  return text;
}

/// "**WARNING** accept_skew: 4 of 16 …"
std::string finding_line(const Finding& finding, bool ascii) {
  return fmt::format("**{}** {}: {}", severity_word(finding.severity).text(false),
                     markdown_escape(enum_name(finding.code)), markdown_escape(sentence(finding.summary, ascii)));
}

/// Evidence and advice, as list items.
std::string finding_items(const Finding& finding, std::size_t indent, bool ascii) {
  std::string text;
  for (const OutsideText& evidence : finding.evidence) text += item(sentence(evidence, ascii), indent);
  if (!finding.advice.empty()) text += fmt::format("{:{}}- What to do:\n", "", indent);
  for (const OutsideText& advice : finding.advice) text += item(sentence(advice, ascii), indent + 2);
  return text;
}

std::string findings(const ServiceRow& service, bool ascii) {
  if (service.verdict.summary.empty()) return {};
  std::string text = finding_line(service.verdict, ascii) + "\n\n" + finding_items(service.verdict, 0, ascii);
  for (const Finding* finding : further_findings(service)) {
    text += fmt::format("- Also {}\n", finding_line(*finding, ascii));
    if (finding->severity >= Severity::warning) text += finding_items(*finding, 2, ascii);
  }
  return text.ends_with("\n\n") ? text : text + '\n';
}

std::string services_table(const Snapshot& snapshot, const TextOptions& options) {
  if (snapshot.services.size() < 2) return {};
  std::vector<ServiceColumn> columns(service_columns().begin(), service_columns().end());
  std::erase_if(columns, [&](const ServiceColumn& column) { return !is_shown(column, options); });
  std::vector<Heading> headings(columns.size());
  std::ranges::transform(columns, headings.begin(), [](const ServiceColumn& column) {
    return Heading{std::string(column.header), column.left};
  });
  std::string text = head_of(headings);
  std::vector<std::string> cells(columns.size());
  for (const ServiceRow* service : worst_first(snapshot)) {
    std::ranges::transform(columns, cells.begin(), [&](const ServiceColumn& column) {
      return column.cell({*service, snapshot, options}).text(false);
    });
    text += row_of(cells);
  }
  return text + '\n';
}

std::string workers_table(const ServiceRow& service, const Snapshot& snapshot, const TextOptions& options) {
  const std::vector<const WorkerRow*> rows = table_rows(service);
  if (rows.empty()) return {};
  const bool threads = std::ranges::any_of(service.workers, [](const WorkerRow& row) { return row.tid.has_value(); });
  std::vector<const WorkerColumn*> columns = worker_columns_of(&WorkerColumn::plain);
  std::erase_if(columns, [&](const WorkerColumn* column) {
    return column->kind == ColumnKind::bar || !is_shown(*column, {&service, 1}, false);
  });
  std::vector<Heading> headings(columns.size());
  std::ranges::transform(columns, headings.begin(), [threads](const WorkerColumn* column) {
    return Heading{header_text(*column, threads), column->left};
  });
  std::string text = head_of(headings);
  std::vector<std::string> cells(columns.size());
  for (std::size_t i = 0; i < std::min(rows.size(), kMostRows); ++i) {
    const WorkerCell input{service, *rows[i], snapshot.run.duration, false, options.ascii};
    std::ranges::transform(columns, cells.begin(), [&](const WorkerColumn* column) { return column->cell(input); });
    text += row_of(cells);
  }
  text += '\n';
  if (rows.size() > kMostRows)
    text += paragraph(fmt::format("{} more are in the dump.", count_of(rows.size() - kMostRows, "worker")));
  return text;
}

std::string details(const ServiceRow& service, bool ascii) {
  std::string text;
  for (const ServiceDetail& detail : service_details(service, ascii)) {
    const std::string figures = as_sentence(StyledLine(detail.text));
    text += detail.label.empty() ? item(figures, 2) : item(fmt::format("{}: {}", detail.label, figures));
  }
  return text.empty() ? text : text + '\n';
}

std::string service_section(const ServiceRow& service, const Snapshot& snapshot, const TextOptions& options) {
  std::string text = fmt::format("### {}\n\n", markdown_escape(service_name(service, snapshot, options)));
  text += findings(service, options.ascii);
  const std::string numbers = as_sentence(service_headline(service, snapshot, options));
  text += paragraph(numbers.substr(service_name(service, snapshot, options).size() + 2));
  for (const StyledLine& line : requests_lines(service, snapshot, options, 0)) text += paragraph(as_sentence(line));
  for (const StyledLine& line : workers_lines(service, options)) text += paragraph(as_sentence(line));
  text += workers_table(service, snapshot, options);
  for (const StyledLine& line : below_table(service, options.ascii)) text += paragraph(as_sentence(line));
  return text + details(service, options.ascii);
}

TextOptions unlimited(TextOptions options) {
  options.width = std::numeric_limits<std::size_t>::max() / 2;
  options.final = true;
  return options;
}

std::string side_line(std::string_view when, const DiffSide& side, bool ascii) {
  return item(fmt::format("{}: {}", when, side_text(side, ascii)));
}

std::string figures_table(const ServiceDiff& service, bool ascii) {
  std::string text = head_of(std::vector<Heading>{
      {"FIGURE", true}, {"BEFORE"}, {"AFTER"}, {"CHANGE"}, {"MORE THAN CHANCE", true}, {"TEST", true}});
  for (const FigureChange& change : service.figures) text += row_of(figure_cells(change, ascii));
  return text + '\n';
}

}  // namespace

std::string markdown_escape(std::string_view text, bool starts_line) {
  constexpr std::string_view special = "\\`*_{}[]<>#|~&$^", nothing = "<!-- -->";
  std::string escaped;
  bool number = starts_line;  // "-" and "1." begin an item of a list, "=" a heading
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::string_view rest = text.substr(i + 1);
    const bool ends_number = i > 0 && (c == '.' || c == ')') && (rest.empty() || rest.starts_with(' '));
    const bool starts = number && (ends_number || (i == 0 && (c == '-' || c == '+' || c == '=')));
    number = number && c >= '0' && c <= '9';
    if (special.find(c) != std::string_view::npos || starts || (c == ':' && rest.starts_with("//"))) escaped += '\\';
    if (c == '.' && i >= 3 && text.substr(i - 3, 3) == "www") escaped += nothing;
    escaped += c;
    if (c == '@') escaped += nothing;  // GitHub would call whoever has the name
  }
  return escaped;
}

std::string render_markdown(const Snapshot& snapshot, const TextOptions& wanted) {
  const TextOptions options = with_common_netns(snapshot, unlimited(wanted));
  std::string text =
      fmt::format("## acceptscope: {}\n\n",
                  markdown_escape(fmt::format(
                      "{}, {}, {}", escape_text(snapshot.host.hostname, {.ascii = options.ascii}),
                      instant_text(snapshot.run.started_at), duration_text(snapshot.run.duration, options.ascii))));
  text += services_table(snapshot, options);
  text += paragraph(run_in_a_sentence(snapshot, options));
  for (const ServiceRow* service : worst_first(snapshot)) text += service_section(*service, snapshot, options);
  text += "### The run\n\n";
  for (const StyledLine& line : closing_lines(snapshot, options.ascii)) text += item(as_sentence(line));
  return text;
}

std::string render_markdown_diff(const Diff& diff, const TextOptions& options) {
  const bool ascii = options.ascii;
  std::string text = "## acceptscope: before and after\n\n";
  text += side_line("before", diff.before, ascii) + side_line("after", diff.after, ascii) + '\n';
  if (diff.services.empty()) text += paragraph("No service is in both dumps.");
  for (const ServiceDiff& service : diff.services) {
    text += fmt::format("### {}\n\n**{}** {}\n\n", markdown_escape(diff_name(service, ascii)),
                        fix_word(service.verdict.code), markdown_escape(sentence(fix_sentence(service), ascii)));
    text += figures_table(service, ascii);
  }
  if (!diff.services.empty())
    for (const std::string& note : diff_notes(diff.services)) text += paragraph(note);
  const std::vector<std::string> lone = lone_services(diff, ascii);
  for (const std::string& service : lone) text += item(service);
  if (!lone.empty() && !diff.conditions.empty()) text += '\n';
  for (const ConditionOutcome& outcome : diff.conditions)
    text += fmt::format("- **{}** {}\n", condition_word(outcome), markdown_escape(condition_text(outcome, ascii)));
  return text;
}

}  // namespace acceptscope
