// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "output/tui/parts.hpp"
#include "output/words/service_table.hpp"

namespace acceptscope {
namespace {

// clang-format off
constexpr std::array kKeys{
    TuiKeyRow{TuiAction::help, U"?h\x110007", "F1, ?, h", "this list; any other page key leads back", "F1 Help", 1},
    TuiKeyRow{TuiAction::open, U"\r\n", "Enter", "open what is under the cursor: a service of the overview; of a worker the list of its open connections", "Enter Open", 3},
    TuiKeyRow{TuiAction::back, U"\x1b", "Esc", "back: from the help, from a worker's connections to the workers, from a service to the overview of all services", "Esc Back", 2},
    TuiKeyRow{TuiAction::search, U"/\x11000b", "F3, /", "search the workers by pid and command, the services by address and finding: the cursor goes to the first match as you type; F3 to the next one, Enter ends, Esc cancels", "F3 Search", 5},
    TuiKeyRow{TuiAction::filter, U"\\\x11000c", "F4, \\", "show only the rows with what you type, of a worker's connections those of a peer; Enter keeps it, Esc shows all again", "F4 Filter", 6},
    TuiKeyRow{TuiAction::erase, U"\x7f\b", "Backspace", "while typing: take the last character back"},
    TuiKeyRow{TuiAction::next_page, U"\t\x11000a", "Tab, right", "next page: workers, histograms, peers, findings and what each means", "Tab Page", 3},
    TuiKeyRow{TuiAction::previous_page, U"\x110006\x110009", "Shift-Tab, left", "previous page"},
    TuiKeyRow{TuiAction::next_service, U">.", ">", "next service, by port", "<> Service", 10},
    TuiKeyRow{TuiAction::previous_service, U"<,", "<", "previous service"},
    TuiKeyRow{TuiAction::choose_service, U"123456789", "1 to 9", "the service with this number, by port"},
    TuiKeyRow{TuiAction::sort, U"s\x11000d", "F6, s",
              "sort the workers by requests, busy, CPU, in flight, connections, accepts/s, open, unread, lifetime, traffic, pid, in turn; a worker's connections by age, idle, requests, in, out, unread, peer; the services of the overview again by the worst finding", "F6 Sort", 4},
    TuiKeyRow{TuiAction::reverse, U"I", "I", "turn the order around, least first; the mark at the head of a column shows the order"},
    TuiKeyRow{TuiAction::heat, U"m", "m",
              "what the strips of the last 60 ticks show: busy time, CPU time, traffic, accepts, open connections, in turn", "m Map", 7},
    TuiKeyRow{TuiAction::pause, U"p ", "p, space", "hold the picture still; tracing goes on", "p Pause", 8},
    TuiKeyRow{TuiAction::up, U"k\x110000", "k, up", "up; on the workers' page, to the worker above, with its details"},
    TuiKeyRow{TuiAction::down, U"j\x110001", "j, down", "down"},
    TuiKeyRow{TuiAction::page_up, U"\x110002\x02", "PgUp, Ctrl-B", "a screen up"},
    TuiKeyRow{TuiAction::page_down, U"\x110003\x06", "PgDn, Ctrl-F", "a screen down"},
    TuiKeyRow{TuiAction::home, U"g\x110004", "g, Home", "to the top"},
    TuiKeyRow{TuiAction::end, U"G\x110005", "G, End", "to the end"},
    TuiKeyRow{TuiAction::write_dump, U"w", "w",
              "write a dump now: to the file of --output, else to acceptscope-TIME.json here", "w Write", 9},
    TuiKeyRow{TuiAction::repaint, U"\x0c", "Ctrl-L", "repaint the screen"},
    TuiKeyRow{TuiAction::quit, U"q\x110008", "F10, q", "end the run: closing summary and dump", "F10 Quit"},
    TuiKeyRow{TuiAction::none, U"", "mouse", "a click selects a row, or sorts by the column whose head it hits, the other way round at the second click; the wheel scrolls; with Shift the terminal selects text"},
    TuiKeyRow{TuiAction::none, U"", "Ctrl-C", "the same as q; once more while the run is ending: quit at once"},
    TuiKeyRow{TuiAction::none, U"", "Ctrl-Z", "back to the shell, stopped; fg comes back"},
};
// clang-format on

/// At the start services and findings show up one after the other: until then a service that is alone does not count as
/// opened, and the overview is sorted again with every picture.
constexpr Nanoseconds kSettled = std::chrono::seconds(5);

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

/// The next one that `source` has figures for: shown(source, value) is the value then.
template <IsNamedEnum Enum, class Source>
Enum next(Enum value, const Source* source, Enum (*shown)(const Source&, Enum)) {
  if (source == nullptr) return turned(value, 1);
  Enum following = turned(shown(*source, value), 1);
  while (shown(*source, following) != following) following = turned(following, 1);
  return following;
}

void show_page(TuiState& state, const Snapshot& snapshot, std::size_t steps) {
  const bool has_pages = !shows_overview(snapshot, state) && worker_with_list(snapshot, state) == nullptr;
  if (!state.help && has_pages) state.page = turned(state.page, steps), state.first = 0;
  if (state.help) state.help = false, state.first = 0;  // back to the page before
}

/// Another list is on the screen, from its top and with all its rows.
void start_list(TuiState& state) {
  state.first = 0;
  state.filter.clear();
}

void show_service(TuiState& state, const ServiceRow& service) {
  if (state.service != key_of(service)) state.worker.reset(), state.connections = false, start_list(state);
  state.service = state.cursor = key_of(service);
}

/// From the overview: to the first or the last one.
void step_service(TuiState& state, const Snapshot& snapshot, bool forward) {
  const std::vector<const ServiceRow*> services = services_in_order(snapshot);
  if (services.empty()) return;
  const auto found = std::find(services.begin(), services.end(), shown_service(snapshot, state));
  const auto at = static_cast<std::size_t>(found - services.begin());
  const std::size_t last = services.size() - 1;
  show_service(state, *services[forward ? (at < last ? at + 1 : 0) : (at > 0 ? at - 1 : last)]);
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

/// Scrolls so that the line `at` of the list is in view.
void reveal(TuiState& state, std::size_t at, const TuiScroll& scroll) {
  const std::size_t room = std::max<std::size_t>(scroll.room, 1);
  state.first = clamped_first(std::clamp(state.first, at + 1 - std::min(at + 1, room), at), scroll.total, room);
}

/// Moves the cursor of a list, `at` before; returns where it is then. Without a cursor, the first key only shows it.
std::size_t move_cursor(TuiState& state, TuiAction action, std::optional<std::size_t> at, const TuiScroll& scroll) {
  const std::size_t top = clamped_first(state.first, scroll.total, scroll.room);
  const bool shows_it = !at && (action == TuiAction::up || action == TuiAction::down);
  const std::size_t to = shows_it ? top : moved(action, at.value_or(top), scroll.total, scroll.room);
  reveal(state, to, scroll);
  return to;
}

/// The index of the first of `rows` for which `is_it`.
template <class Row, class Predicate>
std::optional<std::size_t> index_of(const std::vector<const Row*>& rows, const Predicate& is_it) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row* row) { return is_it(*row); });
  return found == rows.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - rows.begin()));
}

/// Whether the workers of a service are on the screen, below the help.
bool is_at_workers(const Snapshot& snapshot, const TuiState& state) {
  return shown_service(snapshot, state) != nullptr && state.page == TuiPage::workers &&
         worker_with_list(snapshot, state) == nullptr;
}

void move_worker(TuiState& state, TuiAction action, const Snapshot& snapshot, const TuiOptions& options) {
  const ServiceRow* service = shown_service(snapshot, state);
  if (service == nullptr) return;
  const std::vector<const WorkerRow*> workers = worker_rows(*service, state);
  if (workers.empty()) return;
  const auto at = index_of(workers, [&](const WorkerRow& worker) { return state.worker == id_of(worker); });
  TuiState with_cursor = state;  // the worker's details take room
  with_cursor.worker = id_of(*workers.front());
  state.worker = id_of(*workers[move_cursor(state, action, at, scroll_of(snapshot, with_cursor, options))]);
}

void move_service(TuiState& state, TuiAction action, const Snapshot& snapshot, const TuiOptions& options) {
  const std::vector<const ServiceRow*> services = overview_rows(snapshot, state);
  if (services.empty()) return;
  const ServiceRow* const cursor = service_at_cursor(snapshot, state);
  const auto at = index_of(services, [&](const ServiceRow& service) { return &service == cursor; });
  state.cursor = key_of(*services[move_cursor(state, action, at, scroll_of(snapshot, state, options))]);
}

void move(TuiState& state, TuiAction action, const Snapshot& snapshot, const TuiOptions& options) {
  if (!state.help && shows_overview(snapshot, state)) return move_service(state, action, snapshot, options);
  if (!state.help && is_at_workers(snapshot, state)) return move_worker(state, action, snapshot, options);
  const TuiScroll scroll = scroll_of(snapshot, state, options);
  const std::size_t most = scroll.total - std::min(scroll.total, scroll.room);
  state.first = std::min(moved(action, std::min(state.first, most), scroll.total, scroll.room), most);
}

/// Without a cursor, the worker on top.
TuiRequest open_worker(TuiState& state, const Snapshot& snapshot) {
  const ServiceRow* const service = shown_service(snapshot, state);
  if (service == nullptr) return TuiRequest::none;
  const std::vector<const WorkerRow*> workers = worker_rows(*service, state);
  if (workers.empty()) return TuiRequest::none;
  if (find_worker(*service, state.worker) == nullptr)
    state.worker = id_of(*workers[std::min(state.first, workers.size() - 1)]);
  state.connections = true;
  start_list(state);
  return TuiRequest::list_connections;
}

TuiRequest open(TuiState& state, const Snapshot& snapshot) {
  if (state.help) return TuiRequest::none;
  if (!shows_overview(snapshot, state))
    return is_at_workers(snapshot, state) ? open_worker(state, snapshot) : TuiRequest::none;
  if (const ServiceRow* const service = service_at_cursor(snapshot, state)) show_service(state, *service);
  return TuiRequest::none;
}

std::vector<ServiceKey> keys_of(const std::vector<const ServiceRow*>& services) {
  std::vector<ServiceKey> keys;
  keys.reserve(services.size());
  for (const ServiceRow* service : services) keys.push_back(key_of(*service));
  return keys;
}

/// In the order of now, scrolled to the service that was open.
void show_overview(TuiState& state, const Snapshot& snapshot, const TuiOptions& options) {
  state.service.reset();
  state.order = keys_of(worst_first(snapshot));
  start_list(state);
  const std::vector<const ServiceRow*> services = overview_rows(snapshot, state);
  const ServiceRow* const cursor = service_at_cursor(snapshot, state);
  const auto at = index_of(services, [&](const ServiceRow& service) { return &service == cursor; });
  reveal(state, at.value_or(0), scroll_of(snapshot, state, options));
}

/// Scrolls the workers to the one whose connections were listed.
void show_workers(TuiState& state, const Snapshot& snapshot, const TuiOptions& options) {
  state.connections = false;
  start_list(state);
  const auto workers = worker_rows(*shown_service(snapshot, state), state);
  const auto at = index_of(workers, [&](const WorkerRow& worker) { return state.worker == id_of(worker); });
  reveal(state, at.value_or(0), scroll_of(snapshot, state, options));
}

/// A filter goes first: Esc shows all rows again.
void go_back(TuiState& state, const Snapshot& snapshot, const TuiOptions& options) {
  if (state.help)
    state.help = false, state.first = 0;
  else if (!state.filter.empty())
    start_list(state);
  else if (worker_with_list(snapshot, state) != nullptr)
    show_workers(state, snapshot, options);
  else if (snapshot.services.size() > 1 && !shows_overview(snapshot, state))
    show_overview(state, snapshot, options);
}

void sort(TuiState& state, const Snapshot& snapshot) {
  if (shows_overview(snapshot, state))
    state.order = keys_of(worst_first(snapshot));
  else if (worker_with_list(snapshot, state) != nullptr)
    state.connection_sort = next(state.connection_sort, &snapshot, shown_sort);
  else
    state.sort = next(state.sort, shown_service(snapshot, state), shown_sort);
}

enum class TuiList : std::uint8_t { none, services, workers, connections };

TuiList list_on_screen(const Snapshot& snapshot, const TuiState& state) {
  if (state.help) return TuiList::none;
  if (shows_overview(snapshot, state)) return TuiList::services;
  if (worker_with_list(snapshot, state) != nullptr) return TuiList::connections;
  return is_at_workers(snapshot, state) ? TuiList::workers : TuiList::none;
}

/// The index of the next match from `from` on, around the end; `from` if there is none.
template <class Row, class IsMatch>
std::size_t match_from(const std::vector<const Row*>& rows, std::size_t from, const IsMatch& matches) {
  for (std::size_t step = 0; step < rows.size(); ++step)
    if (const std::size_t at = (from + step) % rows.size(); matches(*rows[at])) return at;
  return from;
}

/// Puts the cursor on the match at or after it; `skip` rows further on for the next one.
void find(TuiState& state, std::size_t skip, const Snapshot& snapshot, const TuiOptions& options) {
  if (list_on_screen(snapshot, state) == TuiList::services) {
    const std::vector<const ServiceRow*> services = overview_rows(snapshot, state);
    if (services.empty()) return;
    const ServiceRow* const cursor = service_at_cursor(snapshot, state);
    const auto at = index_of(services, [&](const ServiceRow& service) { return &service == cursor; });
    const std::size_t to = match_from(services, at.value_or(0) + skip,
                                      [&](const ServiceRow& row) { return is_match(row, state.search); }) %
                           services.size();
    state.cursor = key_of(*services[to]);
    return reveal(state, to, scroll_of(snapshot, state, options));
  }
  const ServiceRow& service = *shown_service(snapshot, state);
  const std::vector<const WorkerRow*> workers = worker_rows(service, state);
  if (workers.empty()) return;
  const auto at = index_of(workers, [&](const WorkerRow& worker) { return state.worker == id_of(worker); });
  const auto matches = [&](const WorkerRow& row) { return is_match(service, row, state.search); };
  const std::size_t to = match_from(workers, at ? *at + skip : 0, matches) % workers.size();
  state.worker = id_of(*workers[to]);
  reveal(state, to, scroll_of(snapshot, state, options));
}

void begin_search(TuiState& state, TuiKey key, const Snapshot& snapshot, const TuiOptions& options) {
  const TuiList list = list_on_screen(snapshot, state);
  if (list == TuiList::none || list == TuiList::connections) return;
  if (key == tui_key::f3 && !state.search.empty()) return find(state, 1, snapshot, options);
  state.typing = TuiTyping::search;
  state.search.clear();
}

void begin_filter(TuiState& state, const Snapshot& snapshot) {
  if (list_on_screen(snapshot, state) == TuiList::none) return;
  state.typing = TuiTyping::filter;
  state.filter.clear();
  state.first = 0;
}

bool is_typed(TuiKey key) { return key >= U' ' && key != tui_key::backspace && key < tui_key::up; }

/// A key while the user types. Any key that is no text ends it; then the key means what it means elsewhere.
bool take_text(TuiKey key, TuiState& state, const Snapshot& snapshot, const TuiOptions& options) {
  constexpr std::size_t most = 60;
  std::u32string& text = state.typing == TuiTyping::search ? state.search : state.filter;
  const TuiAction action = action_of(key);
  if (is_typed(key)) {
    if (text.size() < most) text.push_back(key);
  } else if (action == TuiAction::erase) {
    if (!text.empty()) text.pop_back();
  } else if (key == tui_key::f3 && state.typing == TuiTyping::search) {
    find(state, 1, snapshot, options);
    return true;
  } else {
    if (action == TuiAction::back) text.clear();
    state.typing = TuiTyping::nothing;
    return action == TuiAction::back || action == TuiAction::open;
  }
  if (state.typing == TuiTyping::search) find(state, 0, snapshot, options);
  return true;
}

template <IsNamedEnum Enum>
void sort_by(TuiState& state, Enum& sort, Enum shown, std::size_t chosen) {
  const bool again = static_cast<std::size_t>(shown) == chosen;
  state.reversed = again && !state.reversed;
  sort = static_cast<Enum>(chosen);
}

void click(TuiState& state, const TuiSpot& spot, const Snapshot& snapshot) {
  const TuiList list = list_on_screen(snapshot, state);
  if (spot.sort && list == TuiList::workers)
    sort_by(state, state.sort, shown_sort(*shown_service(snapshot, state), state.sort), *spot.sort);
  if (spot.sort && list == TuiList::connections)
    sort_by(state, state.connection_sort, shown_sort(snapshot, state.connection_sort), *spot.sort);
  if (spot.row && list == TuiList::workers)
    state.worker = id_of(*worker_rows(*shown_service(snapshot, state), state)[*spot.row]);
  if (spot.row && list == TuiList::services) state.cursor = key_of(*overview_rows(snapshot, state)[*spot.row]);
}

}  // namespace

TuiState on_mouse(const TuiMouse& mouse, TuiState state, const Snapshot& snapshot, const TuiOptions& options) {
  constexpr int lines_per_turn = 3;
  if (mouse.act == TuiMouseAct::click) {
    click(state, spot_at(mouse, snapshot, state, options), snapshot);
    return state;
  }
  const TuiAction action = mouse.act == TuiMouseAct::wheel_up ? TuiAction::up : TuiAction::down;
  for (int i = 0; i < lines_per_turn; ++i) move(state, action, snapshot, options);
  return state;
}

std::span<const TuiKeyRow> tui_keys() { return kKeys; }

TuiTurn on_key(TuiKey key, TuiState state, const Snapshot& snapshot, const TuiOptions& options) {
  state.message = {};
  const TuiAction action = action_of(key);
  if (action != TuiAction::none && snapshot.services.size() == 1) state.service = key_of(snapshot.services.front());
  TuiRequest request = TuiRequest::none;
  if (state.typing != TuiTyping::nothing && take_text(key, state, snapshot, options))
    return {std::move(state), request};
  switch (action) {
    case TuiAction::quit: request = TuiRequest::quit; break;
    case TuiAction::write_dump: request = TuiRequest::write_dump; break;
    case TuiAction::repaint: request = TuiRequest::repaint; break;
    case TuiAction::help: state.help = !state.help, state.first = 0; break;
    case TuiAction::next_page: show_page(state, snapshot, 1); break;
    case TuiAction::previous_page: show_page(state, snapshot, enum_values<TuiPage>.size() - 1); break;
    case TuiAction::next_service: step_service(state, snapshot, true); break;
    case TuiAction::previous_service: step_service(state, snapshot, false); break;
    case TuiAction::choose_service: choose_service(state, snapshot, key - U'0'); break;
    case TuiAction::open: request = open(state, snapshot); break;
    case TuiAction::search: begin_search(state, key, snapshot, options); break;
    case TuiAction::filter: begin_filter(state, snapshot); break;
    case TuiAction::reverse: state.reversed = !state.reversed; break;
    case TuiAction::back: go_back(state, snapshot, options); break;
    case TuiAction::sort: sort(state, snapshot); break;
    case TuiAction::heat: state.heat = next(state.heat, service_for_strips(snapshot, state), shown_heat); break;
    case TuiAction::pause: state.paused = !state.paused; break;
    case TuiAction::erase:
    case TuiAction::none: break;
    default: move(state, action, snapshot, options);
  }
  return {std::move(state), request};
}

TuiState on_snapshot(TuiState state, const Snapshot& snapshot) {
  const bool settled = snapshot.run.duration >= kSettled;
  if (settled && snapshot.services.size() == 1) state.service = key_of(snapshot.services.front());
  if (!settled && !state.cursor) state.order.clear();
  state.order = keys_of(overview_order(snapshot, state));
  return state;
}

std::vector<TuiKeyText> tui_key_texts() {
  std::vector<TuiKeyText> texts;
  texts.reserve(kKeys.size());
  for (const TuiKeyRow& row : kKeys) texts.push_back({row.names, row.meaning});
  return texts;
}

}  // namespace acceptscope
