// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "output/tui/parts.hpp"

namespace acceptscope {
namespace {

// clang-format off
constexpr std::array kKeys{
    TuiKeyRow{TuiAction::quit, U"q\x110008", "q, F10", "end the run: closing summary and dump", "q Quit"},
    TuiKeyRow{TuiAction::help, U"?h\x110007", "?, h, F1", "this list; any other page key leads back", "? Help"},
    TuiKeyRow{TuiAction::next_page, U"\t\x11000a", "Tab, right", "next page: workers, histograms, peers, findings and what each means", "Tab Page"},
    TuiKeyRow{TuiAction::previous_page, U"\x110006\x110009", "Shift-Tab, left", "previous page", ""},
    TuiKeyRow{TuiAction::next_service, U">.", ">", "next service, by port", "<> Service"},
    TuiKeyRow{TuiAction::previous_service, U"<,", "<", "previous service", ""},
    TuiKeyRow{TuiAction::choose_service, U"123456789", "1 to 9", "the service with this number", ""},
    TuiKeyRow{TuiAction::sort, U"s", "s",
              "sort the workers by requests, busy, in flight, connections, accepts/s, open, unread, lifetime, traffic, pid, in turn", "s Sort"},
    TuiKeyRow{TuiAction::heat, U"m", "m",
              "what the strips of the last 60 ticks show: busy time, traffic, accepts, open connections, in turn", "m Map"},
    TuiKeyRow{TuiAction::pause, U"p ", "p, space", "hold the picture still; tracing goes on", "p Pause"},
    TuiKeyRow{TuiAction::up, U"k\x110000", "k, up", "up; on the workers' page, to the worker above, with its details", ""},
    TuiKeyRow{TuiAction::down, U"j\x110001", "j, down", "down", ""},
    TuiKeyRow{TuiAction::page_up, U"\x110002\x02", "PgUp, Ctrl-B", "a screen up", ""},
    TuiKeyRow{TuiAction::page_down, U"\x110003\x06", "PgDn, Ctrl-F", "a screen down", ""},
    TuiKeyRow{TuiAction::home, U"g\x110004", "g, Home", "to the top", ""},
    TuiKeyRow{TuiAction::end, U"G\x110005", "G, End", "to the end", ""},
    TuiKeyRow{TuiAction::write_dump, U"w", "w",
              "write a dump now: to the file of --output, else to acceptscope-TIME.json here", "w Write"},
    TuiKeyRow{TuiAction::repaint, U"\x0c", "Ctrl-L", "repaint the screen", ""},
    TuiKeyRow{TuiAction::none, U"", "Ctrl-C", "the same as q; once more while the run is ending: quit at once", ""},
    TuiKeyRow{TuiAction::none, U"", "Ctrl-Z", "back to the shell, stopped; fg comes back", ""},
};
// clang-format on

TuiAction action_of(TuiKey key) {
  for (const TuiKeyRow& row : kKeys)
    if (row.keys.find(key) != std::u32string_view::npos) return row.action;
  return TuiAction::none;
}

/// The value `steps` after `value` in its enumeration, wrapping around at the end.
template <IsNamedEnum Enum>
Enum turned(Enum value, std::size_t steps) {
  return static_cast<Enum>((static_cast<std::size_t>(value) + steps) % enum_values<Enum>.size());
}

/// The next one that the service has figures for: shown(service, value) is the value then.
template <IsNamedEnum Enum>
Enum next(Enum value, const ServiceRow* service, Enum (*shown)(const ServiceRow&, Enum)) {
  if (service == nullptr) return turned(value, 1);
  Enum following = turned(shown(*service, value), 1);
  while (shown(*service, following) != following) following = turned(following, 1);
  return following;
}

void show_page(TuiState& state, std::size_t steps) {
  if (!state.help) state.page = turned(state.page, steps);
  state.help = false;  // from the help back to the page before
  state.first = 0;
}

void show_service(TuiState& state, const ServiceRow& service) {
  if (state.service != key_of(service)) state.worker.reset(), state.first = 0;
  state.service = key_of(service);
}

void step_service(TuiState& state, const Snapshot& snapshot, bool forward) {
  const std::vector<const ServiceRow*> services = services_in_order(snapshot);
  if (services.empty()) return;
  const auto at = std::find(services.begin(), services.end(), shown_service(snapshot, state)) - services.begin();
  const std::size_t steps = forward ? 1 : services.size() - 1;
  show_service(state, *services[(static_cast<std::size_t>(at) + steps) % services.size()]);
}

void choose_service(TuiState& state, const Snapshot& snapshot, std::size_t number) {
  const std::vector<const ServiceRow*> services = services_in_order(snapshot);
  if (number <= services.size()) show_service(state, *services[number - 1]);
}

/// `at` moved by the action, within `total`.
std::size_t moved(TuiAction action, std::size_t at, std::size_t total, std::size_t room) {
  const std::size_t page = std::max<std::size_t>(room, 2) - 1;
  const std::size_t last = total == 0 ? 0 : total - 1;
  switch (action) {
    case TuiAction::up: return at - std::min<std::size_t>(at, 1);
    case TuiAction::down: return std::min(at + 1, last);
    case TuiAction::page_up: return at - std::min(at, page);
    case TuiAction::page_down: return std::min(at + page, last);
    case TuiAction::home: return 0;
    default: return last;
  }
}

void move_cursor(TuiState& state, TuiAction action, const ServiceRow& service, const TuiScroll& scroll) {
  const std::vector<const WorkerRow*> workers = sorted_workers(service, state.sort);
  if (workers.empty()) return;
  const auto found = std::find_if(workers.begin(), workers.end(),
                                  [&](const WorkerRow* worker) { return state.worker == id_of(*worker); });
  std::size_t at = clamped_first(state.first, workers.size(), scroll.room);  // the first key only shows the cursor
  if (found != workers.end())
    at = moved(action, static_cast<std::size_t>(found - workers.begin()), workers.size(), scroll.room);
  else if (action != TuiAction::up && action != TuiAction::down)
    at = moved(action, at, workers.size(), scroll.room);
  state.worker = id_of(*workers[at]);
  const std::size_t room = std::max<std::size_t>(scroll.room, 1);
  state.first = clamped_first(std::clamp(state.first, at + 1 - std::min(at + 1, room), at), workers.size(), room);
}

void move(TuiState& state, TuiAction action, const Snapshot& snapshot, const TuiOptions& options) {
  const ServiceRow* service = shown_service(snapshot, state);
  if (!state.help && state.page == TuiPage::workers) {
    if (service == nullptr) return;
    TuiState with_cursor = state;  // the worker's details take room
    if (!service->workers.empty()) with_cursor.worker = id_of(service->workers.front());
    return move_cursor(state, action, *service, scroll_of(snapshot, with_cursor, options));
  }
  const TuiScroll scroll = scroll_of(snapshot, state, options);
  const std::size_t most = scroll.total - std::min(scroll.total, scroll.room);
  state.first = std::min(moved(action, std::min(state.first, most), scroll.total, scroll.room), most);
}

}  // namespace

std::span<const TuiKeyRow> tui_keys() { return kKeys; }

TuiTurn on_key(TuiKey key, TuiState state, const Snapshot& snapshot, const TuiOptions& options) {
  state.message = {};
  const TuiAction action = action_of(key);
  TuiRequest request = TuiRequest::none;
  switch (action) {
    case TuiAction::quit: request = TuiRequest::quit; break;
    case TuiAction::write_dump: request = TuiRequest::write_dump; break;
    case TuiAction::repaint: request = TuiRequest::repaint; break;
    case TuiAction::help: state.help = !state.help, state.first = 0; break;
    case TuiAction::next_page: show_page(state, 1); break;
    case TuiAction::previous_page: show_page(state, enum_values<TuiPage>.size() - 1); break;
    case TuiAction::next_service: step_service(state, snapshot, true); break;
    case TuiAction::previous_service: step_service(state, snapshot, false); break;
    case TuiAction::choose_service: choose_service(state, snapshot, key - U'0'); break;
    case TuiAction::sort: state.sort = next(state.sort, shown_service(snapshot, state), shown_sort); break;
    case TuiAction::heat: state.heat = next(state.heat, shown_service(snapshot, state), shown_heat); break;
    case TuiAction::pause: state.paused = !state.paused; break;
    case TuiAction::none: break;
    default: move(state, action, snapshot, options);
  }
  return {std::move(state), request};
}

std::string tui_keys_markdown() {
  std::string text = "| key | meaning |\n| --- | --- |\n";
  for (const TuiKeyRow& row : kKeys) text += fmt::format("| {} | {} |\n", row.names, row.meaning);
  return text;
}

}  // namespace acceptscope
