// SPDX-License-Identifier: BSD-2-Clause
#include "output/tui/tui.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "output/tui/parts.hpp"
#include "text/escape.hpp"
#include "unit/output/golden.hpp"
#include "unit/output/sample.hpp"
#include "unit/output/tui/screens.hpp"

namespace acceptscope {
namespace {

using sample::service;
using sample::snapshot;
using sample::worker;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Le;
using testing::Not;
using testing::ResultOf;
using testing::SizeIs;
using namespace std::chrono_literals;

Snapshot pinned() {
  Snapshot s = snapshot({sample::pinned_service()});
  for (WorkerRow& w : s.services[0].workers) w.active_connections = w.open;
  return s;
}

Snapshot many_workers(std::uint32_t count) {
  std::vector<WorkerRow> rows;
  for (std::uint32_t i = 0; i < count; ++i) rows.push_back(worker(5'000 + i, 2 * (count - i), i % 50));
  return snapshot({service("0.0.0.0", 80, std::move(rows))});
}

Snapshot three_services() {
  return snapshot({service("0.0.0.0", 9000, {worker(1, 90, 1)}), service("::1", 80, {worker(2, 50, 1)}),
                   service("0.0.0.0", 8000, {worker(3, 20, 1)})});
}

TEST(Tui, PinnedConnectionsOnThreeSizes) {
  for (const auto& [width, height] : {std::pair{80U, 24U}, std::pair{120U, 40U}, std::pair{200U, 60U}})
    expect_golden("tui_pinned_" + std::to_string(width) + ".txt", joined(screen(pinned(), {}, sized(width, height))));
}

/// The verdict's sentence and five rows are there also on a small terminal.
TEST(Tui, SmallTerminalsKeepTheVerdictAndFiveRows) {
  const std::vector<std::string> lines = screen(pinned(), {}, sized(60, 15));
  expect_golden("tui_pinned_60x15.txt", joined(lines));
  EXPECT_THAT(joined(lines), HasSubstr("no accepts"));
  EXPECT_GE(
      std::count_if(lines.begin(), lines.end(), [](const std::string& line) { return line.find(" 412") != line.npos; }),
      5);
}

/// Long command lines do not hide the figures, which are wrapped.
TEST(Tui, TheDetailsOfAWorkerAreWrapped) {
  Snapshot s = sample::uneven();
  s.services[0].workers[0].cmdline =
      "/opt/venv/bin/python3 -m uvicorn app.main:create_app --factory --host 0.0.0.0 --port 8000 --workers 32 --log-level warning --timeout-keep-alive 75 --limit-concurrency 64 --backlog 4096";
  expect_golden("tui_details_80.txt", joined(screen(s, pressed(U"j", s))));
  EXPECT_THAT(joined(screen(s, pressed(U"j", s))), HasSubstr("9 aborted"));
}

TEST(Tui, InAsciiAndNothingElse) {
  TuiOptions options = sized(80, 24);
  options.ascii = true;
  const std::string text = joined(screen(pinned(), pressed(U"jj", pinned()), options));

  expect_golden("tui_ascii.txt", text);
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
}

TEST(Tui, EverythingThereIsToShow) {
  Snapshot s = sample::complete();
  s.run.end_reason.reset();

  expect_golden("tui_complete.txt", joined(screen(s, pressed(U"j", s), sized(120, 30))));
}

/// The figures of a hot minute fit the smallest usual terminal.
TEST(Tui, BusyAndInFlightLeadTheRowIn80Columns) {
  const Snapshot s = sample::uneven();

  expect_golden("tui_requests_80.txt", joined(screen(s)));
  expect_golden("tui_requests_200.txt", joined(screen(s, {}, sized(200, 24))));
}

TEST(Tui, HistogramsPeersAndHelp) {
  Snapshot s = sample::uneven();
  s.services[0].peers = {{sample::endpoint("10.0.0.7", 0).address, 40, 30, 20, 41s, 3},
                         {sample::endpoint("2001:db8::7", 0).address, 7, 1, 0, 9s, 2}};
  s.services[0].peers_other = 5;

  expect_golden("tui_histograms.txt", joined(screen(s, pressed(U"\t", s))));
  expect_golden("tui_histograms_narrow.txt", joined(screen(s, pressed(U"\t", s), sized(60, 30))));
  expect_golden("tui_peers.txt", joined(screen(s, pressed(U"\t\t", s))));
  expect_golden("tui_help.txt", joined(screen(s, pressed(U"?", s), sized(100, 50))));
}

TEST(Tui, ColorsNeverChangeTheText) {
  const Snapshot s = pinned();
  const std::vector<StyledLine> lines = render_tui(s, history_of(s, 30), pressed(U"j", s), sized(120, 30));
  std::string text = joined(text_of(lines, true));
  EXPECT_THAT(text, HasSubstr("\x1b[1;33mCRITICAL\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("\x1b[7m"));

  for (std::size_t start; (start = text.find('\x1b')) != std::string::npos;)
    text.erase(start, text.find('m', start) + 1 - start);

  EXPECT_EQ(text, joined(text_of(lines)));
}

/// At every size, page and cursor position, the screen keeps its bounds and shows the losses.
TEST(Tui, HoldsForEverySize) {
  Snapshot lossy = sample::complete();
  lossy.losses = {.ring_full = 1, .connection_map_full = 2, .unknown_close = 3};
  lossy.consistency.broken = {"first", "second"};
  const Snapshot nothing = snapshot({});
  const History none;
  for (std::size_t height = 1; height < 40; ++height) {
    for (const std::size_t width : {1U, 2U, 7U, 20U, 60U, 75U, 80U, 99U, 200U}) {
      const TuiOptions options = sized(width, height);
      for (const Snapshot* s : {&nothing, &std::as_const(lossy)}) {
        for (const std::u32string_view keys : {U"", U"j", U"\t", U"\t\t", U"?", U"?G", U">G"}) {
          const std::vector<std::string> lines = text_of(render_tui(*s, none, pressed(keys, *s, {}, options), options));
          ASSERT_THAT(lines, SizeIs(height));
          ASSERT_THAT(lines, Each(ResultOf(display_width, Le(width)))) << width << "x" << height;
          if (s == &lossy && width >= 20) {
            ASSERT_THAT(lines, Contains(HasSubstr("LOST ring_full 1"))) << width << "x" << height;
          }
        }
      }
    }
  }
}

TEST(Tui, IdleWorkersKeepTheirRowsAndSupervisorsAreNotAmongThem) {
  const std::vector<std::string> lines = screen(pinned());

  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("○"), HasSubstr("4128"), HasSubstr("idle"))));
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("4120"), HasSubstr("superv"), Not(HasSubstr("○")))));
}

TEST(Tui, NothingYet) { EXPECT_THAT(screen(snapshot({})), Contains(HasSubstr("Nothing accepted yet"))); }

TEST(Tui, TextFromOutsideIsEscapedEverywhere) {
  const std::string hostile = "a\x1b[2J\n\xff";
  Snapshot s = sample::complete();
  for (ServiceRow& row : s.services)
    for (WorkerRow& w : row.workers) w.comm = hostile, w.cmdline = hostile, w.cgroup = hostile;
  s.run.filters = {{hostile}, {hostile}, {}, {hostile}, {hostile}};
  s.consistency.broken = {hostile};
  s.services[0].verdict = {VerdictCode::balanced, Severity::ok, hostile, {hostile}, {hostile}};
  TuiState state = pressed(U"j", s);
  state.message = hostile;

  const std::string text = joined(screen(s, state, sized(200, 60)));

  EXPECT_THAT(text, HasSubstr("a\\x1b[2J\\n"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\xff'), std::string::npos);
}

TEST(TuiKeys, QuitAndWriteAreLeftToTheProgram) {
  const Snapshot s = pinned();

  EXPECT_EQ(on_key(U'q', {}, s, {}).request, TuiRequest::quit);
  EXPECT_EQ(on_key(tui_key::f10, {}, s, {}).request, TuiRequest::quit);
  EXPECT_EQ(on_key(U'w', {}, s, {}).request, TuiRequest::write_dump);
  EXPECT_EQ(on_key(U'\x0c', {}, s, {}).request, TuiRequest::repaint);
  EXPECT_EQ(on_key(U's', {}, s, {}).request, TuiRequest::none);
}

TEST(TuiKeys, AKeyWithoutAMeaningChangesNothingButTheMessage) {
  TuiState state;
  state.message = "Wrote x";
  EXPECT_EQ(on_key(U'~', state, pinned(), {}).state, TuiState{});
}

TEST(TuiKeys, PagesGoRoundAndTheHelpLeadsBack) {
  const Snapshot s = pinned();

  EXPECT_EQ(pressed(U"\t", s).page, TuiPage::histograms);
  EXPECT_EQ(pressed(U"\t\t\t\t", s).page, TuiPage::workers);
  EXPECT_EQ(pressed(std::u32string{tui_key::back_tab}, s).page, TuiPage::findings);
  EXPECT_TRUE(pressed(U"\t?", s).help);
  EXPECT_FALSE(pressed(U"\t??", s).help);
  EXPECT_EQ(pressed(U"\t?\t", s).page, TuiPage::histograms);
}

TEST(TuiKeys, PauseIsShownAndLetGo) {
  EXPECT_TRUE(pressed(U"p", pinned()).paused);
  EXPECT_THAT(screen(pinned(), pressed(U"p", pinned()))[0], HasSubstr("PAUSED"));
  EXPECT_FALSE(pressed(U"pp", pinned()).paused);
}

TEST(TuiKeys, ServicesHaveNumbersInTheOrderOfTheirPorts) {
  const Snapshot s = three_services();
  const auto port_after = [&](std::u32string_view keys) {
    const TuiState state = pressed(keys, s);
    return state.service ? state.service->endpoint.port : 0;
  };

  EXPECT_THAT(screen(s, pressed(U"3", s)), Contains(HasSubstr("1 [::1]:80    2 0.0.0.0:8000   [3 0.0.0.0:9000]")));
  EXPECT_THAT(screen(s, pressed(U"3", s)), Contains(HasSubstr(" 0.0.0.0:9000  1 worker could accept")));
  EXPECT_EQ(port_after(U">"), 80);
  EXPECT_EQ(port_after(U"<"), 9000);
  EXPECT_EQ(port_after(U"2"), 8000);
  EXPECT_EQ(port_after(U"2>"), 9000);
  EXPECT_EQ(port_after(U"2>>"), 80);
  EXPECT_EQ(port_after(U"9"), 0);
  EXPECT_EQ(port_after(U"1<"), 9000);
}

TEST(TuiKeys, AServiceThatIsGoneGivesWayToTheOnlyOne) {
  TuiState state = pressed(U"1", three_services());

  EXPECT_THAT(screen(pinned(), state), Contains(HasSubstr(" 0.0.0.0:8000  8 workers could accept")));
}

std::vector<std::uint32_t> pids_of(const std::vector<std::string>& lines, const std::vector<std::uint32_t>& pids) {
  std::vector<std::uint32_t> found;
  for (const std::string& line : lines)
    for (const std::uint32_t pid : pids)
      if (line.find(std::to_string(pid).append(" uvicorn app:app")) != std::string::npos) found.push_back(pid);
  return found;
}

TEST(TuiKeys, SortsByWhatIsAskedForMostFirst) {
  std::vector<WorkerRow> rows = {worker(11, 30, 1), worker(12, 20, 2), worker(13, 10, 3)};
  rows[0].recent_accepts = 1, rows[1].recent_accepts = 3, rows[2].recent_accepts = 2;
  rows[0].unread_connections = 0, rows[1].unread_connections = 1, rows[2].unread_connections = 2;
  rows[0].lifetime.p50 = 1s, rows[1].lifetime.p50 = 3s, rows[2].lifetime.p50 = 2s;
  rows[0].counts.bytes_sent = 1, rows[1].counts.bytes_sent = 2, rows[2].counts.bytes_sent = 500'000;
  rows.push_back(sample::supervisor(10));
  const Snapshot s = snapshot({service("0.0.0.0", 80, rows)});
  const std::vector<std::vector<std::uint32_t>> expected = {{11, 12, 13, 10},  // connections
                                                            {12, 13, 11, 10},  // accepts/s
                                                            {13, 12, 11, 10},  // open
                                                            {13, 12, 11, 10},  // unread
                                                            {12, 13, 11, 10},  // lifetime
                                                            {13, 11, 12, 10},  // traffic: 100 bytes received per accept
                                                            {11, 12, 13, 10}};  // pid
  TuiState state;
  for (const std::vector<std::uint32_t>& order : expected) {
    EXPECT_EQ(pids_of(screen(s, state), {10, 11, 12, 13}), order) << static_cast<int>(state.sort);
    state = pressed(U"s", s, state);
  }
  EXPECT_EQ(state.sort, WorkerSort::connections);
}

TEST(TuiKeys, SortsByWhatIsServedOnlyWhereRequestsAreCounted) {
  std::vector<WorkerRow> rows = {sample::serving(worker(11, 30, 1), 10, 3, 1s),
                                 sample::serving(worker(12, 20, 2), 30, 2, 2s),
                                 sample::serving(worker(13, 10, 3), 20, 1, 3s), worker(14, 40, 0), worker(15, 41, 0)};
  const Snapshot s = snapshot({service("0.0.0.0", 80, rows)});
  const auto order = [&s](std::u32string_view keys) {
    std::vector<std::uint32_t> pids;
    for (const WorkerRow* row : sorted_workers(s.services[0], pressed(keys, s).sort)) pids.push_back(row->pid);
    return pids;
  };
  EXPECT_EQ(order(U""), (std::vector<std::uint32_t>{12, 13, 11, 15, 14})) << "those that serve none: by connections";
  EXPECT_EQ(order(U"s"), (std::vector<std::uint32_t>{13, 12, 11, 15, 14})) << "busy";
  EXPECT_EQ(order(U"ss"), (std::vector<std::uint32_t>{11, 12, 13, 15, 14})) << "in flight";
  EXPECT_EQ(order(U"sss"), (std::vector<std::uint32_t>{15, 14, 11, 12, 13})) << "connections";
  EXPECT_EQ(pressed(U"s", pinned()).sort, WorkerSort::rate) << "from connections, without requests";
}

TEST(TuiKeys, TheStripsShowWhatIsAskedFor) {
  const Snapshot s = pinned();
  EXPECT_THAT(screen(s, {}, sized(120, 30)), Contains(HasSubstr("TRAFFIC, last 30.0 s")));
  EXPECT_THAT(screen(s, pressed(U"m", s), sized(120, 30)), Contains(HasSubstr("ACCEPTS, last 30.0 s")));
  EXPECT_THAT(screen(s, pressed(U"mm", s), sized(120, 30)), Contains(HasSubstr("OPEN, last 30.0 s")));
  EXPECT_THAT(screen(s, pressed(U"mmm", s), sized(120, 30)), Contains(HasSubstr("TRAFFIC, last 30.0 s")));
  EXPECT_THAT(screen(sample::uneven(), {}, sized(120, 30)), Contains(HasSubstr("BUSY, last 30.0 s")));
}

/// The pid under the cursor, which the details name; 0 if there is none.
std::uint32_t cursor(const TuiState& state) { return state.worker ? state.worker->pid : 0; }

TEST(TuiCursor, WalksAThousandWorkersAndStaysInSight) {
  const Snapshot s = many_workers(1'000);
  TuiState state;
  EXPECT_EQ(cursor(state), 0u);
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    state = pressed(std::u32string{tui_key::down}, s, state);
    ASSERT_EQ(cursor(state), 5'000 + i);
    if (i % 97 != 0) continue;
    ASSERT_THAT(screen(s, state), Contains(HasSubstr(std::to_string(5'000 + i).append(" uvicorn app:app")))) << i;
  }
  state = pressed(U"j", s, state);
  EXPECT_EQ(cursor(state), 5'999u);
  state = pressed(std::u32string{tui_key::home}, s, state);
  EXPECT_EQ(cursor(state), 5'000u);
  state = pressed(std::u32string{tui_key::page_down, tui_key::page_down, tui_key::page_up}, s, state);
  EXPECT_GT(cursor(state), 5'005u);
  EXPECT_LT(cursor(state), 5'024u);
  state = pressed(std::u32string{tui_key::end, tui_key::up}, s, state);
  EXPECT_EQ(cursor(state), 5'998u);
  EXPECT_THAT(screen(s, state), Contains(HasSubstr("-1,000 of 1,000")));
}

TEST(TuiCursor, StaysWithItsWorkerWhenTheOrderChanges) {
  const Snapshot s = many_workers(100);
  const TuiState state = pressed(U"jjjs", s);

  EXPECT_EQ(cursor(state), 5'002u);
  EXPECT_THAT(screen(s, state), Contains(HasSubstr("python3 -m uvicorn")));
}

TEST(TuiCursor, TheHelpScrolls) {
  const Snapshot s = pinned();

  EXPECT_THAT(screen(s, pressed(U"?G", s)), Contains(HasSubstr("one scale for all workers")));
  EXPECT_THAT(screen(s, pressed(U"?Gg", s)), Contains(HasSubstr("this list")));
}

/// The README quotes the file.
TEST(TuiKeys, TheHelpNamesEveryOrderAndEveryStrip) {
  std::string sort, heat;
  for (const TuiKeyRow& row : tui_keys()) {
    if (row.action == TuiAction::sort) sort = row.meaning;
    if (row.action == TuiAction::heat) heat = row.meaning;
  }
  for (const WorkerSort order : enum_values<WorkerSort>) EXPECT_THAT(sort, HasSubstr(enum_name(order)));
  for (const TuiHeat shown : enum_values<TuiHeat>) EXPECT_THAT(heat, HasSubstr(enum_name(shown)));
}

}  // namespace
}  // namespace acceptscope
