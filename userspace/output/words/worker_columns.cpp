// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/worker_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "output/words/worker_cells.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

using C = const WorkerCell&;
using W = const WorkerRow&;
using Kind = ColumnKind;
using Shown = ColumnShown;
using Sort = WorkerSort;

std::uint64_t typical_lifetime_ns(W worker) {
  const auto known = worker.lifetime.closed > 0 ? worker.lifetime.p50 : worker.lifetime.open_age_p50;
  return static_cast<std::uint64_t>(known.value_or(Nanoseconds{0}).count());
}

// clang-format off
constexpr std::array kColumns{
    WorkerColumn{"PID", "PID", "process id in the initial pid namespace; with `--by thread` PID/TID", false,
                 {1, 5, 0}, {1, 6, 0}, Kind::pid, Shown::always,
                 [](C c) { return pid_text(c.worker); },
                 Sort::pid, [](W) { return std::uint64_t{0}; }},
    WorkerColumn{"COMMAND", "Command",
                 "command name, from the kernel; (exited) if the process exited or closed the listening socket during the run", true,
                 {2, 7, 1}, {2, 7, 6}, Kind::command, Shown::always,
                 [](C c) { return command_text(c.worker, c.ascii); }},
    WorkerColumn{"", "",
                 "bar of the worker's connections, accepted and pre-existing; full for the busiest worker of the service", true,
                 {3, 6, 7}, {3, 8, 1}, Kind::bar, Shown::always, nullptr,
                 Sort::connections, [](W w) { return w.counts.connections(); }},
    WorkerColumn{"SHARE", "Share of connections", "share of the service's connections, accepted and pre-existing", false,
                 {9, 7, 4}, {10, 7, 7}, Kind::share, Shown::always,
                 [](C c) { return share_text(c.worker.counts.connections(), c.service.counts.connections()); }},
    WorkerColumn{"ACCEPTS", "Accepts", "connections that the worker accepted since tracing began", false,
                 {4, 7, 2}, {4, 7, 2}, Kind::text, Shown::always,
                 [](C c) { return count_text(c.worker.counts.accepts); }},
    WorkerColumn{"BEFORE", "From before",
                 "pre-existing connections: held by the worker when tracing began; omitted if no worker had any", false,
                 {5, 6, 2}, {5, 6, 2}, Kind::text, Shown::with_preexisting,
                 [](C c) { return count_text(c.worker.counts.preexisting); }},
    WorkerColumn{"ACC/S", "Accepts/s",
                 "accepts per second: in the last tick while tracing, over the whole run in the closing summary", false,
                 {6, 6, 5}, {6, 6, 4}, Kind::text, Shown::always,
                 [](C c) { return rate_text(c.accepts, c.time); },
                 Sort::rate, [](W w) { return w.recent_accepts; }},
    WorkerColumn{"OPEN", "Open", "connections still open", false,
                 {7, 5, 3}, {7, 5, 3}, Kind::text, Shown::always,
                 [](C c) { return count_text(c.worker.open); },
                 Sort::open, [](W w) { return w.open; }},
    WorkerColumn{"", "Most open", "", false,
                 {}, {}, Kind::text, Shown::always,
                 [](C c) { return count_text(c.worker.counts.peak_open); }},
    WorkerColumn{"UNREAD", "", "open connections with data that the worker has not read yet; only while tracing", false,
                 {8, 6, 10}, {8, 6, 5}, Kind::text, Shown::while_tracing,
                 [](C c) { return count_text(c.worker.unread_connections); },
                 Sort::unread, [](W w) { return w.unread_connections; }},
    WorkerColumn{"", "Connection time", "", false,
                 {}, {}, Kind::text, Shown::always,
                 [](C c) { return duration_text(c.worker.connection_time, c.ascii); }},
    WorkerColumn{"BYTES", "", "", false,
                 {}, {12, 9, 9}, Kind::text, Shown::always,
                 [](C c) { return bytes_text(c.worker.counts.bytes()); },
                 Sort::traffic, [](W w) { return w.counts.bytes(); }},
    WorkerColumn{"", "Received", "", false,
                 {}, {}, Kind::text, Shown::always,
                 [](C c) { return bytes_text(c.worker.counts.bytes_received); }},
    WorkerColumn{"", "Sent", "", false,
                 {}, {}, Kind::text, Shown::always,
                 [](C c) { return bytes_text(c.worker.counts.bytes_sent); }},
    WorkerColumn{"LIFE p50", "Life p50",
                 "median lifetime, accept to close, of the closed connections; with ≥, no connection has closed yet and the value is the median age of the open ones", false,
                 {10, 10, 6}, {9, 10, 5}, Kind::text, Shown::always,
                 [](C c) { return median_lifetime_text(c.worker.lifetime, c.ascii); },
                 Sort::lifetime, typical_lifetime_ns},
    WorkerColumn{"LIFE p95", "Life p95", "95th percentile of the lifetimes of closed connections; open ones are not included", false,
                 {11, 8, 9}, {13, 8, 10}, Kind::text, Shown::always,
                 [](C c) { return duration_text(c.worker.lifetime.p95, c.ascii); }},
    WorkerColumn{"WAIT p95", "Wait p95", "95th percentile of the accept wait: time in the accept queue", false,
                 {12, 8, 8}, {11, 8, 8}, Kind::text, Shown::always,
                 [](C c) { return duration_text(c.worker.accept_wait.p95, c.ascii); }},
};
// clang-format on

constexpr const WorkerColumn* find_column(WorkerSort sort) {
  for (const WorkerColumn& column : kColumns)
    if (column.sort == sort) return &column;
  return nullptr;
}

static_assert(std::ranges::all_of(enum_values<WorkerSort>,
                                  [](WorkerSort sort) { return find_column(sort) != nullptr; }),
              "each sort is that of a column");

}  // namespace

std::span<const WorkerColumn> worker_columns() { return kColumns; }

std::vector<const WorkerColumn*> worker_columns_of(ColumnPlace WorkerColumn::*view) {
  std::vector<const WorkerColumn*> columns;
  for (const WorkerColumn& column : kColumns)
    if ((column.*view).position > 0) columns.push_back(&column);
  std::ranges::sort(columns, {}, [view](const WorkerColumn* column) { return (column->*view).position; });
  return columns;
}

std::string header_text(const WorkerColumn& column, bool threads) {
  return column.kind == ColumnKind::pid && threads ? "PID/TID" : std::string(column.header);
}

std::uint64_t sort_value(const WorkerRow& worker, WorkerSort sort) { return find_column(sort)->sort_value(worker); }

std::size_t room_of(std::span<const std::size_t> widths, std::size_t gap) {
  std::size_t room = 0;
  for (const std::size_t width : widths) room += width > 0 ? width + gap : 0;
  return room;
}

void fit_columns(std::span<std::size_t> widths, std::span<const int> leaves, std::size_t room, std::size_t gap) {
  while (room_of(widths, gap) > room) {
    std::size_t next = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (widths[i] > 0 && leaves[i] > 0 && (next == widths.size() || leaves[i] > leaves[next])) next = i;
    if (next == widths.size()) return;
    widths[next] = 0;
  }
}

std::string worker_columns_markdown() {
  std::string text = "| column | meaning |\n| --- | --- |\n";
  for (const WorkerColumn* column : worker_columns_of(&WorkerColumn::plain))
    text += fmt::format("| {} | {} |\n", column->header, column->help);
  return text;
}

}  // namespace acceptscope
