// SPDX-License-Identifier: BSD-2-Clause
/// The open connections of one worker, a row each.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "output/tui/parts.hpp"
#include "output/words/worker_cells.hpp"
#include "output/words/worker_columns.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kGap = 2;

using Row = const ConnectionRow&;

struct Column {
  std::string_view header;
  bool left;
  int leaves;  ///< as in ColumnPlace
  std::optional<ConnectionSort> sort;
  std::string (*cell)(Row row, bool ascii);
  bool (*known)(Row row);              ///< the column is shown if a row knows it
  bool (*is_first)(Row one, Row two);  ///< in the order of the column
};

bool always(Row) { return true; }

constexpr std::array kColumns{
    Column{"PEER", true, 0, ConnectionSort::peer, [](Row row, bool) { return row.peer.to_string(); }, always,
           [](Row one, Row two) { return one.peer < two.peer; }},
    Column{"AGE", false, 0, ConnectionSort::age,
           [](Row row, bool ascii) { return age_text(row.age_min, row.preexisting, ascii); }, always,
           [](Row one, Row two) { return one.age_min > two.age_min; }},
    Column{"IDLE", false, 1, ConnectionSort::idle, [](Row row, bool ascii) { return duration_text(row.idle, ascii); },
           [](Row row) { return row.idle.has_value(); }, [](Row one, Row two) { return one.idle > two.idle; }},
    Column{"REQS", false, 2, ConnectionSort::requests,
           [](Row row, bool) { return row.requests ? count_text(*row.requests) : "-"; },
           [](Row row) { return row.requests.has_value(); },
           [](Row one, Row two) { return one.requests > two.requests; }},
    Column{"IN", false, 4, ConnectionSort::received, [](Row row, bool) { return bytes_text(row.bytes_received); },
           always, [](Row one, Row two) { return one.bytes_received > two.bytes_received; }},
    Column{"OUT", false, 5, ConnectionSort::sent, [](Row row, bool) { return bytes_text(row.bytes_sent); }, always,
           [](Row one, Row two) { return one.bytes_sent > two.bytes_sent; }},
    Column{"UNREAD", false, 3, ConnectionSort::unread, [](Row row, bool) { return bytes_text(row.unread_bytes); },
           always, [](Row one, Row two) { return one.unread_bytes > two.unread_bytes; }},
    Column{"ACCEPTED BY", false, 7, std::nullopt, [](Row row, bool) { return std::to_string(row.pid); },
           [](Row row) { return row.held_by_pid.has_value(); }, nullptr},
    Column{"HELD BY", false, 6, std::nullopt,
           [](Row row, bool) { return row.held_by_pid ? std::to_string(*row.held_by_pid) : "-"; },
           [](Row row) { return row.held_by_pid.has_value(); }, nullptr},
};

const Column& column_of(ConnectionSort sort) {
  return *std::find_if(kColumns.begin(), kColumns.end(), [sort](const Column& column) { return column.sort == sort; });
}

bool is_known(const Column& column, const Snapshot& snapshot) {
  return column.known == &always || std::any_of(snapshot.connections.begin(), snapshot.connections.end(), column.known);
}

/// 0: the column is left out.
std::array<std::size_t, kColumns.size()> widths_of(const TuiScene& scene) {
  std::array<std::size_t, kColumns.size()> widths{};
  std::array<int, kColumns.size()> leaves{};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    leaves[i] = kColumns[i].leaves;
    if (!is_known(kColumns[i], scene.snapshot)) continue;
    widths[i] = std::max<std::size_t>(kColumns[i].header.size(), kColumns[i].left ? 15 : 7);
    for (Row row : scene.snapshot.connections)
      widths[i] = std::max(widths[i], display_width(kColumns[i].cell(row, scene.options.ascii)));
  }
  fit_columns(widths, leaves, scene.options.width, kGap);
  return widths;
}

/// A line of the table; `text` gives the cell of a column.
template <class Text>
StyledLine line_of(std::span<const std::size_t> widths, const Text& text) {
  StyledLine line(" ");
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    if (widths[i] == 0) continue;
    const auto& [cell, style] = text(kColumns[i]);
    kColumns[i].left ? line.add_left(cell, widths[i], style) : line.add_right(cell, widths[i], style);
    line.add_spaces(kGap);
  }
  return line;
}

/// Where the heads are that sort.
std::vector<TuiHeadSpan> head_spans(std::span<const std::size_t> widths) {
  std::vector<TuiHeadSpan> spans;
  std::size_t at = 1;
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    if (widths[i] == 0) continue;
    if (kColumns[i].sort) spans.push_back({at - 1, at + widths[i], static_cast<std::size_t>(*kColumns[i].sort)});
    at += widths[i] + kGap;
  }
  return spans;
}

/// The gap in front of a column has the mark if its head leaves no other room.
StyledLine head_line(const TuiScene& scene, std::span<const std::size_t> widths) {
  const ConnectionSort sort = shown_sort(scene.snapshot, scene.state.connection_sort);
  StyledLine line;
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    if (widths[i] == 0) continue;
    if (i > 0) line.add_spaces(kGap - 1);
    const bool ascending = scene.state.reversed != (kColumns[i].sort == ConnectionSort::peer);
    line.append(head_cell(
        {std::string(kColumns[i].header), kColumns[i].left, widths[i] + 1, kColumns[i].sort == sort, ascending},
        scene.options.ascii));
  }
  return line;
}

/// Those as far in the order by peer.
std::vector<const ConnectionRow*> sorted_connections(const Snapshot& snapshot, const TuiState& state) {
  std::vector<const ConnectionRow*> rows;
  for (Row row : snapshot.connections)
    if (is_match(row, state.filter)) rows.push_back(&row);
  const auto sort_by = [&](ConnectionSort sort) {
    std::stable_sort(rows.begin(), rows.end(), [is_first = column_of(sort).is_first](const auto* one, const auto* two) {
      return is_first(*one, *two);
    });
  };
  sort_by(ConnectionSort::peer);
  sort_by(shown_sort(snapshot, state.connection_sort));
  if (state.reversed) std::reverse(rows.begin(), rows.end());
  return rows;
}

}  // namespace

ConnectionSort shown_sort(const Snapshot& snapshot, ConnectionSort chosen) {
  return is_known(column_of(chosen), snapshot) ? chosen : ConnectionSort::age;
}

TuiBody connections_page(const TuiScene& scene, std::size_t room) {
  const auto widths = widths_of(scene);
  StyledLine head = head_line(scene, widths);
  std::vector<StyledLine> rows;
  for (const ConnectionRow* row : sorted_connections(scene.snapshot, scene.state))
    rows.push_back(line_of(
        widths, [&](const Column& column) { return std::pair(column.cell(*row, scene.options.ascii), Style::plain); }));
  const std::size_t shown = rows.size();
  if (rows.empty()) rows.emplace_back(" no open connection", Style::faint);
  if (const std::uint64_t more = scene.snapshot.connections_omitted; more > 0)
    rows.emplace_back(fmt::format(" and {} more, younger than these", count_text(more)), Style::faint);
  TuiBody body = scrolled({std::move(head)}, std::move(rows), scene.state, room);
  body.heads = head_spans(widths);
  body.hidden = scene.snapshot.connections.size() - shown;
  return body;
}

}  // namespace acceptscope
