// SPDX-License-Identifier: BSD-2-Clause
/// Search, filter, reversed order and mouse.
#include <gmock/gmock.h>

#include "output/tui/parts.hpp"
#include "text/escape.hpp"
#include "unit/output/golden.hpp"
#include "unit/output/tui/screens.hpp"

namespace acceptscope {
namespace {

using sample::service;
using sample::snapshot;
using sample::worker;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Pids 5000 to 5039, most connections first.
Snapshot forty_workers() {
  std::vector<WorkerRow> rows;
  for (std::uint32_t i = 0; i < 40; ++i) rows.push_back(worker(5'000 + i, 2 * (40 - i), i % 7));
  rows[30].cmdline = "python3 /srv/Odd\x1b";
  return snapshot({service("0.0.0.0", 80, std::move(rows))});
}

std::uint32_t cursor(const TuiState& state) { return state.worker ? state.worker->pid : 0; }

std::vector<std::uint32_t> pids_on(const Snapshot& s, const TuiState& state) {
  std::vector<std::uint32_t> pids;
  for (const WorkerRow* row : worker_rows(s.services[0], state)) pids.push_back(row->pid);
  return pids;
}

TEST(TuiSearch, GoesToTheFirstMatchAsOneTypesAndToTheNext) {
  const Snapshot s = forty_workers();
  TuiState state = pressed(U"/502", s);
  EXPECT_EQ(cursor(state), 5'020u);
  EXPECT_EQ(cursor(pressed(U"5", s, state)), 5'025u);
  EXPECT_EQ(cursor(pressed(U"5\x7f\x7f\x7f", s, state)), 5'025u) << "who takes back stays";
  const std::u32string next{tui_key::f3};
  EXPECT_EQ(cursor(state = pressed(next, s, state)), 5'021u);
  state = pressed(U"\r", s, state);
  EXPECT_EQ(state.typing, TuiTyping::nothing);
  EXPECT_FALSE(state.connections) << "Enter ended the search and nothing else";
  EXPECT_EQ(cursor(pressed(next, s, state)), 5'022u);
  EXPECT_EQ(cursor(pressed(std::u32string{U'/', U'5', U'0', U'3', U'9', tui_key::f3}, s)), 5'039u) << "around the end";
}

TEST(TuiSearch, LooksAtCommandsAndTheirArgumentsWithoutCase) {
  const Snapshot s = forty_workers();
  EXPECT_EQ(cursor(pressed(U"/oDD\\X1B", s)), 5'030u) << "as escaped on the screen";
  EXPECT_EQ(cursor(pressed(U"/app:app", s)), 5'000u);
  EXPECT_EQ(cursor(pressed(U"/nothing like it", s)), 5'000u);
}

TEST(TuiSearch, EscapeCancelsAndOtherKeysEndIt) {
  const Snapshot s = forty_workers();
  EXPECT_EQ(pressed(U"/502\x1b", s).search, U"");
  const TuiState moved = pressed(std::u32string{U'/', U'5', U'0', U'2', tui_key::down}, s);
  EXPECT_EQ(moved.typing, TuiTyping::nothing);
  EXPECT_EQ(cursor(moved), 5'021u);
  EXPECT_EQ(on_key(U'q', pressed(U"/", s), s, {}).request, TuiRequest::none) << "a letter is text";
}

TEST(TuiFilter, ShowsOnlyTheRowsWithTheText) {
  const Snapshot s = forty_workers();
  const TuiState typing = pressed(U"\\503", s);
  EXPECT_EQ(pids_on(s, typing).size(), 10u);
  expect_golden("tui_filter.txt", joined(screen(s, typing)));
  const TuiState kept = pressed(U"\r", s, typing);
  EXPECT_THAT(screen(s, kept), Contains(HasSubstr("filter 503: 10 of 40")));
  EXPECT_EQ(cursor(pressed(U"G", s, kept)), 5'039u);
  EXPECT_EQ(pids_on(s, pressed(U"\x1b", s, kept)).size(), 40u);
  EXPECT_EQ(pids_on(s, pressed(U"\x1b", s, typing)).size(), 40u);
  EXPECT_EQ(pressed(U"\r", s, pressed(U"\\nobody\r", s)).connections, false) << "nothing is there to open";
}

TEST(TuiFilter, OfTheOverviewAndOfConnections) {
  const Snapshot three = snapshot({service("0.0.0.0", 9000, {worker(1, 90, 1)}), service("::1", 80, {worker(2, 50, 1)}),
                                   service("0.0.0.0", 8000, {worker(3, 20, 1)})});
  const TuiState state = pressed(U"\\9000\r", three);
  EXPECT_EQ(overview_rows(three, state).size(), 1u);
  EXPECT_EQ(pressed(U"\r", three, state).service->endpoint.port, 9000);
  EXPECT_EQ(pressed(U"\r", three, state).filter, U"") << "the workers are another list";
  EXPECT_EQ(service_at_cursor(three, pressed(U"\\nobody", three)), nullptr);
  EXPECT_THAT(screen(three, pressed(U"\\nobody\rjG\r", three))[0], HasSubstr("[overview]"));

  Snapshot list = sample::uneven();
  list.connections = {sample::open_connection(1), sample::open_connection(2)};
  list.connections[0].peer = sample::endpoint("10.0.0.7", 5);
  const std::string text = joined(screen(list, pressed(U"\r\\10.0", list)));
  EXPECT_THAT(text, HasSubstr("10.0.0.7:5"));
  EXPECT_THAT(text, Not(HasSubstr("[2001:db8::7]:40000")));
}

TEST(TuiSort, IsTurnedAroundAndTheHeadShowsIt) {
  Snapshot s = snapshot({service("0.0.0.0", 80, {worker(11, 30, 1), worker(12, 20, 2), sample::supervisor(10)})});
  EXPECT_THAT(pids_on(s, {}), ElementsAre(11, 12, 10));
  EXPECT_THAT(pids_on(s, pressed(U"I", s)), ElementsAre(12, 11, 10)) << "supervisors stay last";
  EXPECT_THAT(screen(s), Contains(HasSubstr("CONNS▼")));
  EXPECT_THAT(screen(s, pressed(U"I", s)), Contains(HasSubstr("CONNS▲")));
}

/// Where the text is on the screen.
TuiMouse at_text(const Snapshot& s, const TuiState& state, const std::string& text) {
  const std::vector<std::string> lines = screen(s, state, sized(120, 40));
  for (std::size_t y = 0; y < lines.size(); ++y)
    if (const std::size_t at = lines[y].find(text); at != std::string::npos)
      return {TuiMouseAct::click, display_width(lines[y].substr(0, at)), y};
  ADD_FAILURE() << text;
  return {};
}

TuiState clicked(const Snapshot& s, const TuiState& state, const std::string& text) {
  return on_mouse(at_text(s, state, text), state, s, sized(120, 40));
}

TEST(TuiMouse, AClickSelectsARowAndAHeadSorts) {
  const Snapshot s = sample::uneven();
  EXPECT_EQ(cursor(clicked(s, {}, "4123 ")), 4'123u);
  EXPECT_EQ(cursor(clicked(s, {}, "Effective")), 0u);

  TuiState state = clicked(s, {}, "BUSY");
  EXPECT_EQ(state.sort, WorkerSort::busy);
  EXPECT_FALSE(state.reversed);
  state = clicked(s, state, "BUSY");
  EXPECT_TRUE(state.reversed) << "at the second click the other way round";
  state = clicked(s, state, "OPEN");
  EXPECT_EQ(state.sort, WorkerSort::open);
  EXPECT_FALSE(state.reversed);
}

TEST(TuiMouse, OnConnectionsAndOnTheOverview) {
  Snapshot list = sample::uneven();
  list.connections = {sample::open_connection(1)};
  EXPECT_EQ(clicked(list, pressed(U"\r", list), "UNREAD").connection_sort, ConnectionSort::unread);

  const Snapshot two = snapshot({sample::uneven_service(), service("::1", 9000, {worker(2, 50, 1)})});
  EXPECT_EQ(clicked(two, {}, "[::1]:9000").cursor->endpoint.port, 9000);
}

TEST(TuiMouse, TheWheelScrolls) {
  const Snapshot s = forty_workers();
  const TuiOptions options = sized(80, 24);
  TuiState state = on_mouse({TuiMouseAct::wheel_down, 0, 0}, {}, s, options);
  EXPECT_EQ(cursor(state), 5'002u);
  EXPECT_EQ(cursor(on_mouse({TuiMouseAct::wheel_up, 0, 0}, state, s, options)), 5'000u);
  const TuiState help = on_mouse({TuiMouseAct::wheel_down, 0, 0}, pressed(U"?", s), s, options);
  EXPECT_EQ(help.first, 3u);
}

}  // namespace
}  // namespace acceptscope
