// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/worker_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/serving.hpp"
#include "model/worker_names.hpp"
#include "output/words/worker_cells.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kContainerMost = 32;  // columns; an ellipsis shows that it is cut

using C = const WorkerCell&;
using W = const WorkerRow&;
using Kind = ColumnKind;
using Shown = ColumnShown;
using Sort = WorkerSort;

std::uint64_t typical_lifetime_ns(W worker) {
  const LifetimeStats& lifetime = worker.lifetime;
  const auto known = lifetime.median ? lifetime.median : lifetime.closed > 0 ? lifetime.p50 : lifetime.open_age_p50;
  return static_cast<std::uint64_t>(known.value_or(Nanoseconds{0}).count());
}

/// "3 (32)": now, and at most.
std::string in_flight_text(C cell) {
  if (!cell.counts_requests()) return "-";
  const RequestLoad load = cell.load();
  return fmt::format("{} ({})", count_text(load.in_flight), count_text(load.in_flight_peak));
}

/// The two ends of the time were not read at the same moments as the busy time.
std::string busy_text(C cell) {
  if (!cell.counts_requests() || cell.time <= Nanoseconds{0}) return "-";
  return share_text(
      std::min(1.0, std::chrono::duration<double>(cell.busy()) / std::chrono::duration<double>(cell.time)));
}

/// Of a process: more than 100 % if several of its threads run.
std::string cpu_text(C cell) {
  if (!cell.worker.cpu_time || cell.time <= Nanoseconds{0}) return "-";
  return share_text(cell.live ? cell.worker.recent_cpu
                              : std::chrono::duration<double>(*cell.worker.cpu_time) / cell.time);
}

/// Of the requests of a worker.
std::string quantile_text(C cell, DurationStats RequestStats::*of,
                          std::optional<Nanoseconds> DurationStats::*quantile) {
  if (!cell.worker.requests) return "-";
  return duration_text((*cell.worker.requests).*of.*quantile, cell.ascii);
}

// clang-format off
constexpr std::array kColumns{
    WorkerColumn{"PID", "PID", "process id in the initial pid namespace; with `--by thread` PID/TID; in parentheses the one in this container's /proc, where they differ", false,
                 {1, 5, 0}, {1, 6, 0}, Kind::pid, Shown::always,
                 [](C c) { return pid_text(c.worker); },
                 Sort::pid, [](W w) { return ~std::uint64_t{w.pid}; }},
    WorkerColumn{"COMMAND", "Command",
                 "what tells the command: the script, module or class that an interpreter runs, the title that the program has given itself, else the command name from the kernel; (exited) if the process exited or closed the listening socket during the run", true,
                 {2, 7, 1}, {2, 7, 6}, Kind::command, Shown::always,
                 [](C c) { return command_text(c.service, c.worker, c.ascii); }},
    WorkerColumn{"REQS", "Requests", "requests that the worker served, whoever accepted the connection; this and the next six columns only if requests were counted", false,
                 {3, 7, 2}, {7, 7, 11}, Kind::text, Shown::with_requests,
                 [](C c) { return c.counts_requests() ? count_text(c.load().count) : "-"; },
                 Sort::requests, [](W w) { return w.requests ? w.requests->load.count : 0; }},
    WorkerColumn{"REQ/S", "Requests/s",
                 "requests per second: in the last tick while tracing, over the whole run in the closing summary", false,
                 {4, 6, 6}, {6, 6, 4}, Kind::text, Shown::with_requests,
                 [](C c) { return c.counts_requests() ? rate_text(c.requests(), c.time) : "-"; }},
    WorkerColumn{"INFL", "In flight (peak)", "requests in flight, read and not answered yet, and the most at once", false,
                 {5, 6, 3}, {5, 6, 1}, Kind::text, Shown::with_requests,
                 [](C c) { return in_flight_text(c); },
                 Sort::in_flight, [](W w) { return w.requests ? w.requests->load.in_flight : 0; }},
    WorkerColumn{"BUSY", "Busy",
                 "part of the time with at least one request in flight: of the last tick while tracing, of the whole run in the closing summary", false,
                 {6, 6, 3}, {3, 6, 1}, Kind::text, Shown::with_requests,
                 [](C c) { return busy_text(c); },
                 Sort::busy, [](W w) { return static_cast<std::uint64_t>(w.recent_busy.count()); }},
    WorkerColumn{"CPU", "CPU",
                 "CPU time of the process (thread), for whatever it does, as a part of one CPU: in the last tick while tracing, over the whole run in the closing summary", false,
                 {7, 6, 8}, {4, 6, 7}, Kind::text, Shown::with_cpu,
                 [](C c) { return cpu_text(c); },
                 Sort::cpu, [](W w) { return static_cast<std::uint64_t>(w.recent_cpu * 1e6); }},
    WorkerColumn{"RESP p50", "Response p50", "median response time: first read of a request to the first write of its answer", false,
                 {8, 8, 10}, {14, 8, 13}, Kind::text, Shown::with_requests,
                 [](C c) { return quantile_text(c, &RequestStats::response, &DurationStats::p50); }},
    WorkerColumn{"RESP p95", "Response p95", "95th percentile of the response times", false,
                 {9, 8, 7}, {15, 8, 7}, Kind::text, Shown::with_requests,
                 [](C c) { return quantile_text(c, &RequestStats::response, &DurationStats::p95); }},
    WorkerColumn{"UNREAD p95", "Unread wait p95",
                 "95th percentile of the unread wait: how long a request lay in the socket before the worker read it", false,
                 {10, 10, 9}, {16, 10, 8}, Kind::text, Shown::with_requests,
                 [](C c) { return quantile_text(c, &RequestStats::unread_wait, &DurationStats::p95); }},
    WorkerColumn{"", "",
                 "bar of the worker's connections, accepted and pre-existing; full for the busiest worker of the service", true,
                 {11, 6, 12}, {8, 8, 2}, Kind::bar, Shown::always, nullptr,
                 Sort::connections, [](W w) { return held_by(w).connections; }},
    WorkerColumn{"SHARE", "Share of connections", "share of the service's connections, accepted and pre-existing, that the worker had", false,
                 {17, 7, 10}, {18, 7, 12}, Kind::share, Shown::always,
                 [](C c) { return share_text(held_by(c.worker).connections, c.service.counts.connections()); }},
    WorkerColumn{"ACCEPTS", "Accepts", "connections that the worker accepted since tracing began", false,
                 {12, 7, 4}, {9, 7, 3}, Kind::text, Shown::always,
                 [](C c) { return count_text(c.worker.counts.accepts); }},
    WorkerColumn{"BEFORE", "From before",
                 "pre-existing connections: held by the worker when tracing began; omitted if no worker had any", false,
                 {13, 6, 4}, {10, 6, 3}, Kind::text, Shown::with_preexisting,
                 [](C c) { return count_text(c.worker.counts.preexisting); }},
    WorkerColumn{"ACC/S", "Accepts/s",
                 "accepts per second: in the last tick while tracing, over the whole run in the closing summary", false,
                 {14, 6, 10}, {11, 6, 10}, Kind::text, Shown::always,
                 [](C c) { return rate_text(c.accepts(), c.time); },
                 Sort::rate, [](W w) { return w.recent_accepts; }},
    WorkerColumn{"OPEN", "Open", "connections still open", false,
                 {15, 5, 5}, {12, 5, 5}, Kind::text, Shown::always,
                 [](C c) { return count_text(c.worker.open); },
                 Sort::open, [](W w) { return w.open; }},
    WorkerColumn{"", "Most open", "", false,
                 {}, {}, Kind::text, Shown::always,
                 [](C c) { return count_text(c.worker.counts.peak_open); }},
    WorkerColumn{"UNREAD", "", "open connections with data that the worker has not read yet; only while tracing", false,
                 {16, 6, 15}, {13, 6, 9}, Kind::text, Shown::while_tracing,
                 [](C c) { return count_text(c.worker.unread_connections); },
                 Sort::unread, [](W w) { return w.unread_connections; }},
    WorkerColumn{"", "Connection time", "", false,
                 {}, {}, Kind::text, Shown::always,
                 [](C c) { return duration_text(c.worker.connection_time, c.ascii); }},
    WorkerColumn{"BYTES", "", "", false,
                 {}, {20, 9, 15}, Kind::text, Shown::always,
                 [](C c) { return bytes_text(c.worker.counts.bytes()); },
                 Sort::traffic, [](W w) { return w.counts.bytes(); }},
    WorkerColumn{"", "Received", "", false,
                 {}, {}, Kind::text, Shown::always,
                 [](C c) { return bytes_text(c.worker.counts.bytes_received); }},
    WorkerColumn{"", "Sent", "", false,
                 {}, {}, Kind::text, Shown::always,
                 [](C c) { return bytes_text(c.worker.counts.bytes_sent); }},
    WorkerColumn{"HELD", "Held",
                 "connections that the worker really had: without those that it handed over, and with those that it took over; omitted if none was handed over", false,
                 {21, 6, 3}, {22, 6, 3}, Kind::text, Shown::with_handed_over,
                 [](C c) { return count_text(held_by(c.worker).connections); }},
    WorkerColumn{"LIFE p50", "Life p50",
                 "median lifetime, accept to close, of closed and open connections together (Kaplan-Meier); with ≥, too few have closed to tell, and this is a lower bound", false,
                 {18, 10, 11}, {17, 10, 9}, Kind::text, Shown::always,
                 [](C c) { return median_lifetime_text(c.worker.lifetime, c.ascii); },
                 Sort::lifetime, typical_lifetime_ns},
    WorkerColumn{"LIFE p95", "Life p95", "95th percentile of the lifetimes of closed connections; open ones are not included", false,
                 {19, 8, 14}, {21, 8, 16}, Kind::text, Shown::always,
                 [](C c) { return duration_text(c.worker.lifetime.p95, c.ascii); }},
    WorkerColumn{"WAIT p95", "Wait p95", "95th percentile of the accept wait: time in the accept queue", false,
                 {20, 8, 13}, {19, 8, 14}, Kind::text, Shown::always,
                 [](C c) { return duration_text(c.worker.accept_wait.p95, c.ascii); }},
    WorkerColumn{"CONTAINER", "Container",
                 "container, pod, machine or systemd unit, as far as the cgroup path and files of the runtime tell; only if the workers of a service are in several", false,
                 {22, 9, 15}, {23, 9, 17}, Kind::text, Shown::with_containers,
                 [](C c) { return c.worker.container ? escape_text(*c.worker.container, {kContainerMost, c.ascii}) : "-"; }},
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

bool is_shown(const WorkerColumn& column, std::span<const ServiceRow> services, bool live) {
  switch (column.shown) {
    case ColumnShown::always: return true;
    case ColumnShown::while_tracing: return live;
    case ColumnShown::with_requests: return std::ranges::any_of(services, counts_requests);
    case ColumnShown::with_cpu:
      return std::ranges::any_of(services, [](const ServiceRow& service) {
        return std::ranges::any_of(service.workers,
                                   [](const WorkerRow& worker) { return worker.cpu_time.has_value(); });
      });
    case ColumnShown::with_containers: return std::ranges::any_of(services, has_several_containers);
    case ColumnShown::with_preexisting:
      return std::ranges::any_of(services, [](const ServiceRow& service) { return service.counts.preexisting > 0; });
    case ColumnShown::with_handed_over:
      return std::ranges::any_of(services, [](const ServiceRow& service) { return service.handed_over > 0; });
  }
  return true;
}

bool is_offered(WorkerSort sort, const ServiceRow& service) {
  return is_shown(*find_column(sort), {&service, 1}, true);
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

}  // namespace acceptscope
