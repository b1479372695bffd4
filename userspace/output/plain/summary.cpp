// SPDX-License-Identifier: BSD-2-Clause
#include "output/plain/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/names.hpp"
#include "output/plain/worker_table.hpp"
#include "output/words/finding_lines.hpp"
#include "output/words/histogram_rows.hpp"
#include "output/words/service_lines.hpp"
#include "output/words/service_table.hpp"
#include "output/words/summary_words.hpp"
#include "output/words/worker_lines.hpp"
#include "text/escape.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kLabelWidth = 14;
constexpr std::size_t kHistogramRows = 10;
constexpr std::size_t kHistogramWidth = 40;  ///< columns of each
constexpr std::size_t kCalmVerdicts = 3;

/// "WARNING 0.0.0.0:8000, keepalive_pinning: 3 of 32 workers own …", below it the evidence and the advice, and then the
/// other findings: facts in a line, the others with theirs.
void add_verdict(std::vector<StyledLine>& lines, const ServiceRow& service, const Snapshot& snapshot,
                 const TextOptions& options) {
  const Finding& verdict = service.verdict;
  StyledLine start = severity_word(verdict.severity);
  start.add(" ");
  const std::string where = service_name(service, snapshot, options);
  append(lines,
         wrapped(start,
                 fmt::format("{}, {}: {}", where, enum_name(verdict.code), sentence(verdict.summary, options.ascii)),
                 options.width));
  append(lines, finding_details(verdict, 2, options.width, options.ascii));
  for (const Finding* finding : further_findings(service)) {
    append(lines, finding_headline(StyledLine("  Also "), *finding, options.width, options.ascii));
    if (finding->severity >= Severity::warning)
      append(lines, finding_details(*finding, 4, options.width, options.ascii));
  }
}

/// The head table, if there are several services; then the worst verdicts first, and only a few of the harmless ones.
void add_verdicts(std::vector<StyledLine>& lines, const Snapshot& snapshot, const TextOptions& options) {
  const std::vector<const ServiceRow*> services = worst_first(snapshot);
  if (services.size() > 1) {
    const ServiceTable table(snapshot, options, options.width + 1);
    lines.push_back(table.header());
    for (const ServiceRow* service : services) lines.push_back(table.row(*service));
    lines.emplace_back();
  }
  std::size_t calm = 0, said = 0;
  for (const ServiceRow* service : services) {
    if (service->verdict.summary.empty()) continue;
    if (service->verdict.severity < Severity::warning && calm++ >= kCalmVerdicts) continue;
    add_verdict(lines, *service, snapshot, options);
    ++said;
  }
  if (said > 0) lines.emplace_back();
}

/// Histograms beside each other, so that they fit in 80 columns, to be pasted; in fewer below each other.
std::vector<StyledLine> histograms(const ServiceRow& service, const TextOptions& options) {
  const bool beside = options.width >= 2 * kHistogramWidth;
  const std::size_t width = std::min(kHistogramWidth - 2, options.width);
  const auto column = [&](std::string title, const std::vector<HistogramBucket>& buckets) {
    if (buckets.empty()) return std::vector<StyledLine>();
    std::vector<StyledLine> lines{StyledLine("  " + std::move(title), Style::faint)};
    append(lines, histogram_rows(buckets, kHistogramRows, width, options.ascii));
    return lines;
  };
  std::vector<StyledLine> lifetimes = column("lifetimes, accept to close", service.lifetime.buckets);
  std::vector<StyledLine> waits = column("accept waits", service.accept_wait.buckets);
  if (lifetimes.empty()) return waits;
  if (beside) return side_by_side(std::move(lifetimes), waits, kHistogramWidth, options.ascii);
  append(lifetimes, std::move(waits));
  return lifetimes;
}

void add_service(std::vector<StyledLine>& lines, const ServiceRow& service, const WorkerTable& table,
                 const Snapshot& snapshot, const TextOptions& options) {
  lines.emplace_back();
  lines.push_back(service_headline(service, snapshot, options));
  append(lines, requests_lines(service, snapshot, options, 2));
  append(lines, workers_lines(service, options));
  const std::vector<const WorkerRow*> rows = table_rows(service);
  if (!rows.empty()) lines.push_back(table.header());
  for (const WorkerRow* worker : rows) lines.push_back(table.row(service, *worker));
  append(lines, below_table(service, options.ascii));
  if (service.counts.connections() == 0) return;
  lines.emplace_back();
  for (ServiceDetail& detail : service_details(service, options.ascii)) {
    StyledLine label;
    label.add_spaces(2).add_left(std::move(detail.label), kLabelWidth, Style::faint);
    append(lines, wrapped(label, detail.text, options.width));
  }
  std::vector<StyledLine> drawn = histograms(service, options);
  if (!drawn.empty()) lines.emplace_back();
  append(lines, std::move(drawn));
}

}  // namespace

std::vector<StyledLine> summary_lines(const Snapshot& snapshot, const TextOptions& wanted) {
  const TextOptions options = with_common_netns(snapshot, wanted);
  const WorkerTable table(snapshot, options);
  std::vector<StyledLine> lines;
  add_verdicts(lines, snapshot, options);
  append(lines, wrapped({}, run_in_a_sentence(snapshot, options), options.width));
  for (const ServiceRow& service : snapshot.services) add_service(lines, service, table, snapshot, options);
  lines.emplace_back();
  for (const StyledLine& line : closing_lines(snapshot, options.ascii)) append(lines, broken(line, options.width, 0));
  return lines;
}

}  // namespace acceptscope
