// SPDX-License-Identifier: BSD-2-Clause
#include "output/plain/plain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/names.hpp"
#include "output/plain/summary.hpp"
#include "output/plain/worker_table.hpp"
#include "output/words/finding_lines.hpp"
#include "output/words/service_lines.hpp"
#include "output/words/worker_lines.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kHang = 4;  ///< indent of what continues a line of the summary

/// "acceptscope  12.0 s  fentry  port 8000", with totals if there are several services.
StyledLine top_line(const Snapshot& snapshot, const TextOptions& options) {
  StyledLine line("acceptscope", Style::strong);
  line.add(fmt::format("  {}", duration_text(snapshot.run.duration, options.ascii)));
  if (snapshot.services.size() > 1)
    line.add(fmt::format("  {}  {}  {} open", count_of(snapshot.services.size(), "service"),
                         count_of(snapshot.totals.counts.accepts, "accept"), count_text(snapshot.totals.open)));
  return line.add(fmt::format("  {}  {}", escape_text(snapshot.run.backend, {.ascii = options.ascii}),
                              describe_filters(snapshot.run.filters, options.ascii)),
                  Style::faint);
}

/// "  WARNING keepalive_pinning: 3 of 32 workers own 40 of 40 connections …", at most two lines; then a line for each
/// other finding that is more than a fact.
std::vector<StyledLine> verdict_lines(const ServiceRow& service, const TextOptions& options) {
  std::vector<StyledLine> lines;
  const auto add = [&](std::string start, const Finding& finding, std::size_t most) {
    std::vector<StyledLine> own = finding_headline(StyledLine(std::move(start)), finding, options.width, options.ascii);
    if (own.size() > most) {
      own.resize(most);
      own.back().add(options.ascii ? " ..." : " …");
    }
    append(lines, std::move(own));
  };
  if (!service.verdict.summary.empty()) add("  ", service.verdict, 2);
  for (const Finding* finding : further_findings(service))
    if (finding->severity >= Severity::warning) add("  also ", *finding, 1);
  return lines;
}

void add_service(std::vector<StyledLine>& lines, const ServiceRow& service, const WorkerTable& table,
                 const Snapshot& snapshot, const TextOptions& options) {
  lines.emplace_back();
  lines.push_back(service_headline(service, snapshot, options));
  append(lines, verdict_lines(service, options));
  append(lines, requests_lines(service, snapshot, options, 2));
  append(lines, workers_lines(service, options));
  const std::vector<const WorkerRow*> rows = table_rows(service);
  if (!rows.empty()) lines.push_back(table.header());
  for (const WorkerRow* row : rows) lines.push_back(table.row(service, *row));
  append(lines, below_table(service, options.ascii));
}

/// Losses come last, where the reader looks first.
std::vector<StyledLine> live_lines(const Snapshot& snapshot, const TextOptions& options) {
  const WorkerTable table(snapshot, options);
  std::vector<StyledLine> lines = {top_line(snapshot, options)};
  if (snapshot.totals.counts.connections() == 0)
    append(lines, wrapped({}, nothing_yet_text(snapshot, options.ascii), options.width));
  for (const ServiceRow& service : snapshot.services) add_service(lines, service, table, snapshot, options);
  std::vector<StyledLine> trouble = trouble_lines(snapshot, options.ascii);
  if (!trouble.empty()) lines.emplace_back();
  append(lines, std::move(trouble));
  return lines;
}

}  // namespace

std::string render(const Snapshot& snapshot, const TextOptions& options) {
  std::vector<StyledLine> lines = options.final ? summary_lines(snapshot, options) : live_lines(snapshot, options);
  std::string text;
  const auto add = [&](StyledLine& line) {
    line.cut(options.width, options.ascii);
    text += line.text(options.color) + '\n';
  };
  for (StyledLine& line : lines) {
    if (options.final)
      for (StyledLine& part : broken(line, options.width, kHang)) add(part);
    else
      add(line);
  }
  return text;
}

}  // namespace acceptscope
