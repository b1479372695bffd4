// SPDX-License-Identifier: BSD-2-Clause
/// The columns of every table of workers, each described once: the plain text, the full screen, the page and the README
/// take theirs from here. A new column is one row in worker_columns.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.hpp"
#include "util/enum_names.hpp"

namespace acceptscope {

/// What the full screen sorts its workers by.
enum class WorkerSort : std::uint8_t {
  requests,
  busy,
  cpu,
  in_flight,
  connections,
  rate,
  open,
  unread,
  lifetime,
  traffic,
  pid
};

template <>
struct EnumNames<WorkerSort> {
  static constexpr std::string_view name(WorkerSort value) {
    switch (value) {
      case WorkerSort::requests: return "requests";
      case WorkerSort::busy: return "busy";
      case WorkerSort::cpu: return "CPU";
      case WorkerSort::in_flight: return "in flight";
      case WorkerSort::connections: return "connections";
      case WorkerSort::rate: return "accepts/s";
      case WorkerSort::open: return "open";
      case WorkerSort::unread: return "unread";
      case WorkerSort::lifetime: return "lifetime";
      case WorkerSort::traffic: return "traffic";
      case WorkerSort::pid: return "pid";
    }
    return {};
  }
};

/// Input of a cell.
struct WorkerCell {
  const ServiceRow& service;
  const WorkerRow& worker;
  Nanoseconds time{0};  ///< for rates: length of the run, or of the last tick if `live`
  bool live = false;    ///< rates and busy are those of the last tick
  bool ascii = false;

  [[nodiscard]] std::uint64_t accepts() const { return live ? worker.recent_accepts : worker.counts.accepts; }
  [[nodiscard]] std::uint64_t requests() const { return live ? worker.recent_requests : load().count; }
  [[nodiscard]] Nanoseconds busy() const { return live ? worker.recent_busy : load().busy; }
  /// Of a worker without figures: nothing.
  [[nodiscard]] RequestLoad load() const { return worker.requests ? worker.requests->load : RequestLoad{}; }
  /// Whether its requests are known: a worker without figures, of a service that has some, has served none.
  [[nodiscard]] bool counts_requests() const { return worker.requests || service.requests; }
};

/// Where a column stands in a view of text.
struct ColumnPlace {
  int position = 0;       ///< 1, 2, ... from the left; 0: not in this view
  std::size_t least = 0;  ///< width in columns of the terminal, so that the table does not jump when numbers grow
  int leaves = 0;         ///< if the room is short, the column with the highest number leaves first; 0: it stays
};

/// What a column is for, beyond its text.
enum class ColumnKind : std::uint8_t {
  text,
  pid,      ///< the header tells whether workers are threads
  command,  ///< on the page with the command line as its title
  share,    ///< on the page with a bar
  bar,      ///< no text: the worker's connections, drawn by the view
};

/// When a column is shown at all.
enum class ColumnShown : std::uint8_t {
  always,
  with_preexisting,
  with_handed_over,
  with_requests,
  with_cpu,
  with_containers,
  while_tracing
};

struct WorkerColumn {
  std::string_view header;       ///< in text
  std::string_view page_header;  ///< on the page; empty: not there
  std::string_view help;         ///< for the README; empty: not in the plain text
  bool left = false;             ///< aligned to the left
  ColumnPlace plain, tui;
  ColumnKind kind = ColumnKind::text;
  ColumnShown shown = ColumnShown::always;
  std::string (*cell)(const WorkerCell&) = nullptr;
  std::optional<WorkerSort> sort = {};                      ///< sorts the full screen
  std::uint64_t (*sort_value)(const WorkerRow&) = nullptr;  ///< most first
};

/// All columns, in the order of the page.
[[nodiscard]] std::span<const WorkerColumn> worker_columns();

/// The columns of a view of text, from the left: worker_columns_of(&WorkerColumn::plain).
[[nodiscard]] std::vector<const WorkerColumn*> worker_columns_of(ColumnPlace WorkerColumn::*view);

/// Whether a table of these services has the column; `live`: while tracing.
[[nodiscard]] bool is_shown(const WorkerColumn& column, std::span<const ServiceRow> services, bool live);

/// Whether the full screen offers the order: it shows the column.
[[nodiscard]] bool is_offered(WorkerSort sort, const ServiceRow& service);

/// The header in text; `threads`: workers are threads.
[[nodiscard]] std::string header_text(const WorkerColumn& column, bool threads);

/// The value to sort by, for the most first.
[[nodiscard]] std::uint64_t sort_value(const WorkerRow& worker, WorkerSort sort);

/// Sets to 0 the widths of the columns that have to leave, until the others fit into `room` with `gap` behind each.
/// `leaves` is as long as `widths`: the column with the highest number leaves first, the left one of two with the same;
/// those with 0 stay, whether they fit or not. Columns of width 0 take no room.
void fit_columns(std::span<std::size_t> widths, std::span<const int> leaves, std::size_t room, std::size_t gap);

/// The room that the columns take, `gap` behind each included.
[[nodiscard]] std::size_t room_of(std::span<const std::size_t> widths, std::size_t gap);

}  // namespace acceptscope
