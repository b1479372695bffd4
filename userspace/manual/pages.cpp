// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "cli/option_table.hpp"
#include "manual/manual.hpp"
#include "manual/prose.hpp"
#include "model/figures.hpp"
#include "model/findings/table.hpp"
#include "model/names.hpp"
#include "output/json/schema.hpp"
#include "output/tui/tui.hpp"
#include "output/words/worker_columns.hpp"

namespace acceptscope::manual {
namespace {

std::string literal(std::string_view text) { return fmt::format("`{}`", text); }

Items items_of(std::span<const cli::TextRow> rows) {
  Items items;
  std::ranges::transform(rows, std::back_inserter(items), [](const cli::TextRow& row) {
    return Item{literal(row.term), std::string(row.text)};
  });
  return items;
}

Section synopsis() {
  std::string usage;
  for (const cli::CommandRow& row : cli::command_table())
    usage += fmt::format("acceptscope{}{}{}{}\n", row.name.empty() ? "" : " ", row.name,
                         row.arguments.empty() ? "" : " ", row.arguments);
  return {"", "SYNOPSIS", {Code{usage}}};
}

Section description() {
  return {
      "",
      "DESCRIPTION",
      {Paragraph{
           "Traces the workers of prefork servers (uvicorn, gunicorn, nginx and others): which of them accept the TCP "
           "connections, how long they keep them, and which serve the requests that come on them. Programs in the "
           "kernel count; the application is not touched. A verdict says whether the load is spread over the "
           "workers, and what to do if it is not."},
       Paragraph{"Tracing needs root, or the capabilities under BACKENDS. It ends after `--duration`, with the command "
                 "behind `--`, or at Ctrl-C; then a closing summary is printed and the dump is written."}}};
}

Section commands() {
  Items items;
  for (const cli::CommandRow& row : cli::command_table())
    items.push_back({literal(fmt::format("{} {}", row.name.empty() ? "acceptscope" : row.name, row.arguments)),
                     std::string(row.meaning)});
  return {"commands", "COMMANDS", {std::move(items)}};
}

Section options() {
  Section section{"options", "OPTIONS", {}};
  for (const cli::GroupRow& group : cli::group_table()) {
    Items items = group.group == cli::Group::general ? items_of(cli::general_options()) : Items{};
    for (const cli::OptionRow& row : cli::option_table())
      if (row.group == group.group)
        items.push_back({literal(cli::option_names(row)), row.default_text.empty()
                                                              ? std::string(row.meaning)
                                                              : fmt::format("{} [{}]", row.meaning, row.default_text)});
    section.blocks.push_back(Heading{std::string(group.heading)});
    section.blocks.push_back(std::move(items));
  }
  section.blocks.push_back(Paragraph{"TIME is a number with an optional unit: ms, s, m or h; seconds without one."});
  return section;
}

Section keys() {
  Items items;
  for (const TuiKeyText& key : tui_key_texts()) items.push_back({literal(key.names), std::string(key.meaning)});
  return {"keys", "KEYS OF THE FULL SCREEN", {std::move(items)}};
}

Section columns() {
  Items items;
  for (const WorkerColumn* column : worker_columns_of(&WorkerColumn::plain))
    items.push_back({column->header.empty() ? "(bar)" : literal(column->header), std::string(column->help)});
  return {"columns", "COLUMNS", {std::move(items)}};
}

Section findings() {
  Items items;
  for (const FindingKind& kind : finding_kinds())
    items.push_back({fmt::format("`{}` ({})", enum_name(kind.code), severities_text(kind)),
                     fmt::format("{} What to do: {} Why this threshold: {}", kind.when, kind.what_to_do, kind.why)});
  return {
      "findings",
      "FINDINGS",
      {Paragraph{"The verdict on a service is the worst of its findings: the severest, and of those alike the first "
                 "in this list, which is in the order of harm."},
       std::move(items)}};
}

Section backends_section() {
  Section section{
      "backends",
      "BACKENDS",
      {Paragraph{"Three ways to see accepts and closes, which count the same; `--backend auto` takes the first that "
                 "really loads and attaches. `acceptscope doctor` shows the result for each, with the reason."},
       backends()}};
  std::ranges::move(backends_further(), std::back_inserter(section.blocks));
  return section;
}

Section figures() {
  Items items;
  for (const FigureRow& row : figure_table())
    items.push_back({literal(row.name), fmt::format("({}) {}", unit_name(row.unit), row.help)});
  return {
      "figures",
      "FIGURES",
      {Paragraph{"`diff` compares these, and `--fail-if` takes conditions on them: a figure can have a factor and the "
                 "prefix `before.` or `change.`; times and shares can have units. A condition on an unknown figure is "
                 "printed as UNDECIDED and does not hold."},
       std::move(items),
       Paragraph{"Every figure that chance can change has a two-sided test. A change with p below 0.01 is reported as "
                 "more than chance; one of less than 12.5 % (one bucket of the histograms) as little even then."},
       diff_tests()}};
}

Section environment() {
  return {"environment",
          "ENVIRONMENT",
          {Items{{"`COLUMNS`", "width of text that goes to no terminal; otherwise 80"},
                 {"`NO_COLOR`", "not empty: no colors, unless `--color always`"},
                 {"`TERM`", "the terminal, for the full screen"},
                 {"`LC_ALL`, `LC_CTYPE`, `LANG`",
                  "a locale in UTF-8 allows more than ASCII; under sudo it must be passed on"},
                 {"`SUDO_UID`, `SUDO_GID`", "whose the files are that are written under sudo"}}}};
}

Section signals() {
  return {
      "signals",
      "SIGNALS",
      {Items{{"`SIGINT`, `SIGTERM`", "end the run normally; a second SIGINT quits at once, without a dump"},
             {"`SIGHUP`", "away from a terminal, opens the file of `--log` again (logrotate); otherwise ends the run"},
             {"`SIGUSR1`",
              "writes the dump so far, to the file of `--output`, else to acceptscope-TIME.json in the "
              "current directory"}}}};
}

Section examples() {
  Section section{"examples", "EXAMPLES", {}};
  for (const cli::TextRow& row : cli::examples()) {
    std::string text(row.text);
    text.front() = static_cast<char>(text.front() - ('a' - 'A'));
    section.blocks.push_back(Paragraph{text + ":"});
    section.blocks.push_back(Code{std::string(row.term) + '\n'});
  }
  return section;
}

Section fields(std::string_view topic, std::string_view title, std::string text, const std::vector<FieldText>& rows) {
  Items items;
  for (const FieldText& row : rows) items.push_back({literal(row.path), fmt::format("({}) {}", row.type, row.help)});
  return {topic, title, {Paragraph{std::move(text)}, std::move(items)}};
}

Page program_page() {
  return {"acceptscope",
          "8",
          "which prefork worker wins each TCP connection and keeps it",
          {synopsis(), description(), commands(), options(), keys(), columns(), findings(),
           Section{"terms", "TERMS", {terms()}}, backends_section(), Section{"exactness", "EXACTNESS", exactness()},
           figures(), environment(), signals(), Section{"status", "EXIT STATUS", {items_of(cli::exit_statuses())}},
           examples(), Section{"", "SEE ALSO", {Paragraph{"`acceptscope-dump(5)`, `ss(8)`, `bpftool(8)`"}}},
           Section{"limits", "CAVEATS", limits()}}};
}

Page dump_page() {
  return {
      "acceptscope-dump",
      "5",
      "files that acceptscope writes",
      {Section{"",
               "DESCRIPTION",
               {Paragraph{"The dump (`--output`), the lines of `--log` and the output of `diff --json` are JSON, with "
                          "`schema_version` 1. Times are in seconds, instants are RFC 3339 in UTC, unknown values are "
                          "null. Fields may be added without a new version; a change of meaning raises it. "
                          "`acceptscope schema` prints the JSON Schema of each."}}},
       fields("dump", "THE DUMP", "One JSON object.", dump_fields()),
       fields("log", "LINES OF THE LOG", "One JSON object per connection and line.", log_fields()),
       fields("diff", "THE OUTPUT OF DIFF", "One JSON object.", diff_fields()),
       Section{"", "SEE ALSO", {Paragraph{"`acceptscope(8)`, `jq(1)`"}}}}};
}

}  // namespace

std::vector<Page> pages() { return {program_page(), dump_page()}; }

std::optional<Section> section_about(std::string_view topic) {
  for (Page& page : pages())
    for (Section& section : page.sections)
      if (!topic.empty() && section.topic == topic) return std::optional<Section>(std::move(section));
  return std::nullopt;
}

std::vector<std::string_view> topics() {
  std::vector<std::string_view> names;
  for (const Page& page : pages())
    for (const Section& section : page.sections)
      if (!section.topic.empty()) names.push_back(section.topic);
  return names;
}

}  // namespace acceptscope::manual
