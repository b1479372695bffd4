// SPDX-License-Identifier: BSD-2-Clause
/// Shared parts of the full-screen view's files.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "output/tui/tui.hpp"

namespace acceptscope {

enum class TuiAction : std::uint8_t {
  quit,
  help,
  open,
  back,
  next_page,
  previous_page,
  sort,
  reverse,
  search,
  filter,
  erase,
  heat,
  pause,
  previous_service,
  next_service,
  choose_service,
  up,
  down,
  page_up,
  page_down,
  home,
  end,
  write_dump,
  repaint,
  none
};

/// One line of the help, of the README's table and of the key map.
struct TuiKeyRow {
  TuiAction action;
  std::u32string_view keys;  ///< none if the terminal turns the key into a signal
  std::string_view names;
  std::string_view meaning;
  std::string_view label{};  ///< in the last line of the screen; empty: not listed
  int leaves = 0;            ///< if the last line is short, the label with the highest number leaves first
};

[[nodiscard]] std::span<const TuiKeyRow> tui_keys();

/// The service on the screen: the one that was opened, or the only one. Null if there is none, or the overview is
/// shown.
[[nodiscard]] const ServiceRow* shown_service(const Snapshot& snapshot, const TuiState& state);

/// Whether the screen shows the services below each other: there are several, and none was opened.
[[nodiscard]] bool shows_overview(const Snapshot& snapshot, const TuiState& state);

/// The worker whose connections are on the screen; null if it is another screen.
[[nodiscard]] const WorkerRow* worker_with_list(const Snapshot& snapshot, const TuiState& state);

/// The row of the worker; null if the service has none.
[[nodiscard]] const WorkerRow* find_worker(const ServiceRow& service, const std::optional<WorkerId>& worker);

/// The chosen order of the listed connections, or the one by age if they have no such figure.
[[nodiscard]] ConnectionSort shown_sort(const Snapshot& snapshot, ConnectionSort chosen);

/// The services of the overview from the top: as they were shown last; if there are new ones, worst_first().
[[nodiscard]] std::vector<const ServiceRow*> overview_order(const Snapshot& snapshot, const TuiState& state);

/// The service under the cursor of the overview: the first, unless the user moved it.
[[nodiscard]] const ServiceRow* service_at_cursor(const Snapshot& snapshot, const TuiState& state);

/// The service whose figures decide which strips there are; null without services.
[[nodiscard]] const ServiceRow* service_for_strips(const Snapshot& snapshot, const TuiState& state);

/// The chosen order, or the one by connections if the service has no such figure.
[[nodiscard]] WorkerSort shown_sort(const ServiceRow& service, WorkerSort chosen);

/// The chosen strips, or those of traffic if the service has no such figure.
[[nodiscard]] TuiHeat shown_heat(const ServiceRow& service, TuiHeat chosen);

/// The workers in the chosen order, those with as much by connections; supervisors last.
[[nodiscard]] std::vector<const WorkerRow*> sorted_workers(const ServiceRow& service, WorkerSort sort,
                                                           bool reversed = false);

/// The rows on the screen, without those that the filter hides.
[[nodiscard]] std::vector<const WorkerRow*> worker_rows(const ServiceRow& service, const TuiState& state);
[[nodiscard]] std::vector<const ServiceRow*> overview_rows(const Snapshot& snapshot, const TuiState& state);

/// Whether the row has what the user typed: a service in its address and finding, a worker in its pid and command, a
/// connection in its peer. Everything has an empty text.
[[nodiscard]] bool is_match(const ServiceRow& row, std::u32string_view typed);
[[nodiscard]] bool is_match(const ServiceRow& service, const WorkerRow& row, std::u32string_view typed);
[[nodiscard]] bool is_match(const ConnectionRow& row, std::u32string_view typed);

/// What was typed, escaped.
[[nodiscard]] std::string typed_text(std::u32string_view typed, bool ascii);

/// At the head of the column that the rows are sorted by.
[[nodiscard]] std::string sort_mark(bool ascending, bool ascii);

/// The head of a column that sorts: the columns of the screen that it takes, and the value of the enumeration.
struct TuiHeadSpan {
  std::size_t from = 0, to = 0;
  std::size_t sort = 0;
};

/// A page below the headline: fixed lines on top, and lines that scroll.
struct TuiBody {
  std::vector<StyledLine> head;
  std::vector<StyledLine> rows;  ///< from `first` on, as many as there was room for
  std::size_t first = 0;         ///< of `total`
  std::size_t total = 0;
  std::vector<TuiHeadSpan> heads{};
  std::size_t hidden = 0;  ///< rows that the filter leaves out
};

/// The input of a page.
struct TuiScene {
  const Snapshot& snapshot;
  const History& history;
  const TuiState& state;
  const TuiOptions& options;
};

/// A strip of the last ticks: a column each, the latest at the right edge; `most` is as high as a column gets.
[[nodiscard]] StyledLine strip(const TuiScene& scene, const History::Ticks& samples, TuiHeat heat, std::size_t width,
                               std::uint64_t most);
/// "TRAFFIC, last 41.0 s        now"
[[nodiscard]] StyledLine strip_header(const TuiScene& scene, TuiHeat heat, std::size_t width);
/// The highest value in a strip.
[[nodiscard]] std::uint64_t most_of(const TuiScene& scene, const History::Ticks& samples, TuiHeat heat,
                                    std::size_t width);

/// The head of a column, the gap in front of it included, which has the mark if the text leaves no room for it.
struct TuiHead {
  std::string text;
  bool left = false;
  std::size_t width = 0;
  bool sorted = false;
  bool ascending = false;
};
[[nodiscard]] StyledLine head_cell(const TuiHead& head, bool ascii);

/// `line` over the whole width, as the one under the cursor.
[[nodiscard]] StyledLine selected(StyledLine line, const TuiOptions& options);

/// `room` lines, the head included.
[[nodiscard]] TuiBody overview_page(const TuiScene& scene, std::size_t room);
[[nodiscard]] TuiBody connections_page(const TuiScene& scene, std::size_t room);
[[nodiscard]] TuiBody workers_page(const TuiScene& scene, const ServiceRow& service, std::size_t room);
[[nodiscard]] TuiBody histograms_page(const TuiScene& scene, const ServiceRow& service, std::size_t room);
[[nodiscard]] TuiBody peers_page(const TuiScene& scene, const ServiceRow& service, std::size_t room);
[[nodiscard]] TuiBody findings_page(const TuiScene& scene, const ServiceRow& service, std::size_t room);
[[nodiscard]] TuiBody help_page(const TuiScene& scene, std::size_t room);

/// The lines of the current page that scroll: how many there are, and how many of them the screen has room for.
struct TuiScroll {
  std::size_t total = 0;
  std::size_t room = 0;
};
[[nodiscard]] TuiScroll scroll_of(const Snapshot& snapshot, const TuiState& state, const TuiOptions& options);

/// What is where on the screen.
struct TuiSpot {
  std::optional<std::size_t> row;   ///< of the list, scrolled out ones included
  std::optional<std::size_t> sort;  ///< of the column head
};
[[nodiscard]] TuiSpot spot_at(const TuiMouse& mouse, const Snapshot& snapshot, const TuiState& state,
                              const TuiOptions& options);

/// The first line in view, chosen so that `total` lines fill the room if possible.
[[nodiscard]] std::size_t clamped_first(std::size_t first, std::size_t total, std::size_t room);

/// Cuts all `rows` of a page to the rows in view.
[[nodiscard]] TuiBody scrolled(std::vector<StyledLine> head, std::vector<StyledLine> rows, const TuiState& state,
                               std::size_t room);

}  // namespace acceptscope
