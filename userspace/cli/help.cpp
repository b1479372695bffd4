// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/option_table.hpp"
#include "model/findings/table.hpp"
#include "model/names.hpp"

namespace acceptscope::cli {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kTextColumn = 34;
constexpr std::size_t kCommandColumn = 47;
constexpr std::size_t kExampleColumn = 50;
constexpr std::size_t kFindingColumn = 14;

constexpr std::array kGroups{
    GroupRow{Group::selection, "Selection (all given options must match)"},
    GroupRow{Group::time, "Time"},
    GroupRow{Group::output, "Output"},
    GroupRow{Group::capture, "Capture"},
    GroupRow{Group::demo, "Demo (each client runs for 5 s, or for --duration)"},
    GroupRow{Group::diff, "Diff (- reads a dump from standard input, as for report)"},
    GroupRow{Group::general, "General"},
};

constexpr std::array kGeneral{
    TextRow{"-h, --help", "print this help"},
    TextRow{"--help-findings", "print what each finding means, what to do, and why its threshold is what it is"},
    TextRow{"-V, --version", "print the version, what it was built from and with"},
};

constexpr std::array kExamples{
    TextRow{"acceptscope --port 8000", "watch the workers behind port 8000 until Ctrl-C"},
    TextRow{"acceptscope -p 8000 -d 60 -o hot.json", "trace a busy minute, dump it for the post-mortem"},
    TextRow{"acceptscope -p 8000 -- ab -k -c 40 -n 10000 http://127.0.0.1:8000/", "trace while a command runs"},
    TextRow{"acceptscope report hot.json --html hot.html", "show its closing summary, and write a page"},
    TextRow{"acceptscope diff before.json after.json", "see whether the fix worked"},
};

constexpr std::array kExitStatuses{
    TextRow{"0", "success"},
    TextRow{"1", "failure while running"},
    TextRow{"2", "usage error"},
    TextRow{"3", "this kernel or these privileges do not suffice (acceptscope doctor shows what is missing)"},
    TextRow{"4", "a condition of --fail-if holds"},
};

/// `text` broken at spaces into lines of at most kWidth columns; all lines but the first are indented to `column`.
std::string wrapped(std::string_view text, std::size_t column) {
  std::string result;
  std::size_t used = column;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (used > column && used + 1 + word.size() > kWidth) {
      result.append("\n").append(column, ' ');
      used = column;
    }
    if (used > column) result += ' ';
    result += word;
    used += word.size() + (used > column ? 1 : 0);
  }
  return result;
}

/// `left`, then `right` from `column` on; `right` starts on the next line if `left` is too long.
std::string two_columns(const std::string& left, std::string_view right, std::size_t column) {
  if (left.size() + 2 > column) return fmt::format("{}\n{:{}}{}\n", left, "", column, wrapped(right, column));
  return fmt::format("{:{}}{}\n", left, column, wrapped(right, column));
}

std::string help_of(const OptionRow& row) {
  const std::string text =
      row.default_text.empty() ? std::string(row.meaning) : fmt::format("{} [{}]", row.meaning, row.default_text);
  return two_columns("  " + option_names(row, "    "), text, kTextColumn);
}

}  // namespace

std::span<const GroupRow> group_table() { return kGroups; }
std::span<const TextRow> general_options() { return kGeneral; }
std::span<const TextRow> examples() { return kExamples; }
std::span<const TextRow> exit_statuses() { return kExitStatuses; }

std::string option_names(const OptionRow& row, std::string_view no_short) {
  const std::string names = row.short_name.empty() ? fmt::format("{}{}", no_short, row.long_name)
                                                   : fmt::format("{}, {}", row.short_name, row.long_name);
  return row.argument.empty() ? names : fmt::format("{} {}", names, row.argument);
}

std::string help_text() {
  std::string text = "acceptscope - which prefork worker wins each TCP connection, and how long it keeps it\n";
  text += "\nUsage:\n";
  for (const CommandRow& row : command_table()) {
    std::string left = "  acceptscope";
    for (const std::string_view part : {row.name, row.arguments}) {
      if (!part.empty()) left.append(" ").append(part);
    }
    text += two_columns(left, row.meaning, kCommandColumn);
  }
  text += "\nExamples:\n";
  for (const TextRow& row : kExamples) text += two_columns(fmt::format("  {}", row.term), row.text, kExampleColumn);
  for (const auto& [group, heading] : kGroups) {
    text += fmt::format("\n{}:\n", heading);
    for (const OptionRow& row : option_table()) {
      if (row.group == group) text += help_of(row);
    }
  }
  for (const TextRow& row : kGeneral)
    text +=
        two_columns(fmt::format("  {}{}", row.term.starts_with("--") ? "    " : "", row.term), row.text, kTextColumn);
  std::string statuses = "Exit status: ";
  for (const TextRow& row : kExitStatuses)
    statuses += fmt::format("{}{} {}", &row == kExitStatuses.data() ? "" : ", ", row.term, row.text);
  return text + "\nTIME is a number with an optional unit: ms, s, m or h; seconds without one.\n" +
         wrapped(statuses + ".", 0) + "\nCtrl-C ends the run normally; a second one quits at once.\n";
}

std::string findings_text() {
  std::string text;
  for (const FindingKind& kind : finding_kinds()) {
    text += fmt::format("{}{} ({})\n", text.empty() ? "" : "\n", enum_name(kind.code), severities_text(kind));
    text += two_columns("  when", kind.when, kFindingColumn);
    text += two_columns("  what to do", kind.what_to_do, kFindingColumn);
    text += two_columns("  why", kind.why, kFindingColumn);
  }
  return text;
}

}  // namespace acceptscope::cli
