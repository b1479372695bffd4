// SPDX-License-Identifier: BSD-2-Clause
/// What the files of the full-screen view share.
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
  next_page,
  previous_page,
  sort,
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
  std::u32string_view keys;  ///< none for what the terminal makes a signal of
  std::string_view names;
  std::string_view meaning;
  std::string_view label;  ///< in the last line of the screen; empty: not there
};

[[nodiscard]] std::span<const TuiKeyRow> tui_keys();

/// The service that is shown; null if there is none.
[[nodiscard]] const ServiceRow* shown_service(const Snapshot& snapshot, const TuiState& state);

/// Services in an order that does not change with the traffic: by port, address, namespace.
[[nodiscard]] std::vector<const ServiceRow*> services_in_order(const Snapshot& snapshot);

/// The workers in the chosen order, supervisors last.
[[nodiscard]] std::vector<const WorkerRow*> sorted_workers(const ServiceRow& service, WorkerSort sort);

[[nodiscard]] std::string_view name_of(TuiPage page);
[[nodiscard]] std::string_view name_of(TuiHeat heat);

/// A page below the headline: lines that stay on top, and those that scroll.
struct TuiBody {
  std::vector<StyledLine> head;
  std::vector<StyledLine> rows;  ///< from `first` on, at most as many as there was room for
  std::size_t first = 0;         ///< of `total`
  std::size_t total = 0;
};

/// What a page is drawn from.
struct TuiScene {
  const Snapshot& snapshot;
  const History& history;
  const TuiState& state;
  const TuiOptions& options;
};

/// `room` lines, the head included.
[[nodiscard]] TuiBody workers_page(const TuiScene& scene, const ServiceRow& service, std::size_t room);
[[nodiscard]] TuiBody histograms_page(const TuiScene& scene, const ServiceRow& service, std::size_t room);
[[nodiscard]] TuiBody peers_page(const TuiScene& scene, const ServiceRow& service, std::size_t room);
[[nodiscard]] TuiBody help_page(const TuiScene& scene, std::size_t room);

/// The lines of the current page that scroll: how many there are, and how many of them the screen has room for.
struct TuiScroll {
  std::size_t total = 0;
  std::size_t room = 0;
};
[[nodiscard]] TuiScroll scroll_of(const Snapshot& snapshot, const TuiState& state, const TuiOptions& options);

/// Where the view of `total` lines begins so that it is full if it can be.
[[nodiscard]] std::size_t clamped_first(std::size_t first, std::size_t total, std::size_t room);

/// Cuts `rows` of a page that has them all to what is in view.
[[nodiscard]] TuiBody scrolled(std::vector<StyledLine> head, std::vector<StyledLine> rows, const TuiState& state,
                               std::size_t room);

}  // namespace acceptscope
