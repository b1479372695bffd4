// SPDX-License-Identifier: BSD-2-Clause
#include "output/plain/worker_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "output/words/worker_cells.hpp"
#include "text/bar.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kGap = 2;
constexpr std::size_t kBarLeast = 6;
constexpr std::size_t kBarMost = 24;

/// What a cell is made of.
struct Cell {
  const ServiceRow& service;
  const WorkerRow& worker;
  std::uint64_t rate_events;
  Nanoseconds rate_time;
  bool ascii;
};

struct Column {
  PlainColumn shown;
  bool left;          // aligned
  std::size_t least;  // columns, so that the table does not jump when numbers grow
  int rank;           // the highest is left out first
  std::string (*cell)(const Cell&);
};

constexpr std::size_t kPid = 0;
constexpr std::size_t kBar = 2;
constexpr std::size_t kBefore = 4;
constexpr std::size_t kUnread = 7;

constexpr std::array<Column, kPlainColumns> kColumns = {{
    {{"PID", "process id in the initial pid namespace; with `--by thread` PID/TID"},
     false,
     5,
     0,
     [](const Cell& c) { return pid_text(c.worker); }},
    {{"COMMAND",
      "command name, from the kernel; (exited) if the process ended, or gave up the listening socket, during the run"},
     true,
     7,
     1,
     [](const Cell& c) { return command_text(c.worker, c.ascii); }},
    {{"", "bar: the worker's connections, accepted and from before; the busiest worker of the service fills it"},
     true,
     kBarLeast,
     7,
     nullptr},
    {{"ACCEPTS", "connections it accepted since tracing began"},
     false,
     7,
     2,
     [](const Cell& c) { return count_text(c.worker.counts.accepts); }},
    {{"BEFORE", "connections found in its hands when tracing began; left out when no worker had any"},
     false,
     6,
     2,
     [](const Cell& c) { return count_text(c.worker.counts.preexisting); }},
    {{"ACC/S", "accepts per second: in the last tick while tracing, over the whole run in the closing summary"},
     false,
     6,
     5,
     [](const Cell& c) { return rate_text(c.rate_events, c.rate_time); }},
    {{"OPEN", "of its connections, those still open"},
     false,
     5,
     3,
     [](const Cell& c) { return count_text(c.worker.open); }},
    {{"UNREAD", "of the open ones, those with bytes that it has not read yet; while tracing only"},
     false,
     6,
     10,
     [](const Cell& c) { return count_text(c.worker.unread_connections); }},
    {{"SHARE", "its part of the service's connections, accepted and from before"},
     false,
     7,
     4,
     [](const Cell& c) { return share_text(c.worker.counts.connections(), c.service.counts.connections()); }},
    {{"LIFE p50",
      "median lifetime, accept to close, of its closed connections; with ≥ none was closed yet and it is the median "
      "age of the open ones"},
     false,
     10,
     6,
     [](const Cell& c) { return median_lifetime_text(c.worker.lifetime, c.ascii); }},
    {{"LIFE p95", "95th percentile of the lifetimes of its closed connections; open ones are not in it"},
     false,
     8,
     9,
     [](const Cell& c) { return duration_text(c.worker.lifetime.p95, c.ascii); }},
    {{"WAIT p95", "95th percentile of the time its connections waited in the accept queue"},
     false,
     8,
     8,
     [](const Cell& c) { return duration_text(c.worker.accept_wait.p95, c.ascii); }},
}};

std::size_t total_width(const std::array<std::size_t, kPlainColumns>& widths) {
  std::size_t total = kIndent;
  for (const std::size_t width : widths) total += width > 0 ? width + kGap : 0;
  return total - kGap;
}

}  // namespace

WorkerTable::WorkerTable(const Snapshot& snapshot, const TextOptions& options)
    : ascii_(options.ascii),
      final_(options.final),
      rate_time_(options.final ? snapshot.run.duration : snapshot.recent_interval) {
  for (const ServiceRow& service : snapshot.services)
    for (const WorkerRow& worker : service.workers) threads_ = threads_ || worker.tid.has_value();
  for (std::size_t i = 0; i < kPlainColumns; ++i) {
    if (!is_wanted(i, snapshot)) continue;
    widths_[i] = std::max(kColumns[i].least, header_text(i).size());
    if (i == kBar) continue;
    for (const ServiceRow& service : snapshot.services)
      for (const WorkerRow& worker : service.workers)
        widths_[i] = std::max(widths_[i], display_width(cell(i, service, worker)));
  }
  fit(options.width);
}

bool WorkerTable::is_wanted(std::size_t column, const Snapshot& snapshot) const {
  if (column == kBefore) return snapshot.totals.counts.preexisting > 0;
  return column != kUnread || !final_;
}

void WorkerTable::fit(std::size_t width) {
  const auto more_important = [](const Column& a, const Column& b) { return a.rank < b.rank; };
  for (auto columns = kColumns; total_width(widths_) > width;) {
    const auto last = std::max_element(columns.begin(), columns.end(), more_important);
    if (last->rank == 0) return;
    widths_[static_cast<std::size_t>(last - columns.begin())] = 0;
    last->rank = 0;
  }
  const std::size_t spare = width - total_width(widths_);
  if (widths_[kBar] > 0) widths_[kBar] = std::min(kBarMost, widths_[kBar] + spare);
}

std::string WorkerTable::header_text(std::size_t column) const {
  return column == kPid && threads_ ? "PID/TID" : std::string(kColumns[column].shown.header);
}

std::string WorkerTable::cell(std::size_t column, const ServiceRow& service, const WorkerRow& worker) const {
  const std::uint64_t rate_events = final_ ? worker.counts.accepts : worker.recent_accepts;
  return kColumns[column].cell({service, worker, rate_events, rate_time_, ascii_});
}

StyledLine WorkerTable::header() const {
  StyledLine line;
  line.add_spaces(kIndent);
  for (std::size_t i = 0; i < kPlainColumns; ++i) {
    if (widths_[i] == 0) continue;
    if (i > 0) line.add_spaces(kGap);
    kColumns[i].left ? line.add_left(header_text(i), widths_[i], Style::faint)
                     : line.add_right(header_text(i), widths_[i], Style::faint);
  }
  return line;
}

StyledLine WorkerTable::row(const ServiceRow& service, const WorkerRow& worker) const {
  const Style style = worker.exited ? Style::faint : Style::plain;
  const auto busiest = static_cast<double>(service.workers.front().counts.connections());  // they are sorted
  StyledLine line;
  line.add_spaces(kIndent);
  for (std::size_t i = 0; i < kPlainColumns; ++i) {
    if (widths_[i] == 0) continue;
    if (i > 0) line.add_spaces(kGap);
    if (i == kBar)
      line.add_left(bar(static_cast<double>(worker.counts.connections()), busiest, widths_[i], ascii_), widths_[i],
                    Style::bar);
    else if (kColumns[i].left)
      line.add_left(cell(i, service, worker), widths_[i], style);
    else
      line.add_right(cell(i, service, worker), widths_[i], style);
  }
  return line;
}

std::vector<PlainColumn> plain_columns() {
  std::vector<PlainColumn> columns;
  columns.reserve(std::size(kColumns));
  for (const Column& column : kColumns) columns.push_back(column.shown);
  return columns;
}

std::string plain_columns_markdown() {
  std::string text = "| column | meaning |\n| --- | --- |\n";
  for (const PlainColumn& column : plain_columns()) text += fmt::format("| {} | {} |\n", column.header, column.help);
  return text;
}

}  // namespace acceptscope
