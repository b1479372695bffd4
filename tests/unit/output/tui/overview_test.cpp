// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>

#include "output/tui/parts.hpp"
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
using namespace std::chrono_literals;

/// Without a finding.
ServiceRow calm(std::uint16_t port) {
  ServiceRow row = service("127.0.0.1", port, {worker(port, 400U + port % 7, 4), worker(port + 1U, 380, 5)});
  row.verdict = {VerdictCode::balanced, Severity::ok, "Both workers take their share of the connections", {}, {}};
  return row;
}

/// The one on port 8000 is pinned, the one on port 9007 uneven; the others are calm.
Snapshot twenty_services() {
  std::vector<ServiceRow> rows;
  for (std::uint16_t port = 9001; port < 9019; ++port) rows.push_back(calm(port));
  rows[6].verdict = sample::uneven_service().verdict;
  rows[6].findings = {rows[6].verdict};
  rows.push_back(sample::pinned_service());
  for (WorkerRow& row : rows.back().workers) row.active_connections = row.open;
  rows.push_back(sample::uneven_service());
  rows.back().endpoint.port = 80;
  rows.back().verdict.severity = Severity::info;
  return snapshot(std::move(rows));
}

std::vector<std::uint16_t> ports_of(const std::vector<const ServiceRow*>& services) {
  std::vector<std::uint16_t> ports;
  for (const ServiceRow* row : services) ports.push_back(row->endpoint.port);
  return ports;
}

Snapshot calm_services(std::initializer_list<std::uint16_t> ports) {
  std::vector<ServiceRow> rows;
  for (const std::uint16_t port : ports) rows.push_back(calm(port));
  return snapshot(std::move(rows));
}

void alarm(Snapshot& s, std::size_t index, Severity severity) { s.services[index].verdict.severity = severity; }

TEST(TuiOverview, TwentyServicesOneOfThemPinned) {
  const Snapshot s = twenty_services();
  for (const auto& [width, height] : {std::pair{80U, 24U}, std::pair{120U, 40U}})
    expect_golden("tui_overview_" + std::to_string(width) + ".txt", joined(screen(s, {}, sized(width, height))));
}

TEST(TuiOverview, TheWorstFindingComesFirstAndThenThePorts) {
  Snapshot s = calm_services({9003, 9001, 9002, 9004});
  alarm(s, 0, Severity::warning);
  alarm(s, 2, Severity::critical);

  EXPECT_THAT(ports_of(overview_order(s, {})), ElementsAre(9002, 9003, 9001, 9004));
}

TEST(TuiOverview, KeepsItsOrderUntilItIsSortedOrANewServiceAppears) {
  Snapshot s = calm_services({9001, 9002, 9003});
  TuiState state = on_snapshot({}, s);
  alarm(s, 2, Severity::critical);
  state = on_snapshot(state, s);
  EXPECT_THAT(ports_of(overview_order(s, state)), ElementsAre(9001, 9002, 9003));
  EXPECT_THAT(ports_of(overview_order(s, pressed(U"jjk", s, state))), ElementsAre(9001, 9002, 9003));

  EXPECT_THAT(ports_of(overview_order(s, pressed(U"s", s, state))), ElementsAre(9003, 9001, 9002));

  Snapshot more = calm_services({9001, 9002, 9003, 9000});
  alarm(more, 1, Severity::warning);
  EXPECT_THAT(ports_of(overview_order(more, on_snapshot(state, more))), ElementsAre(9002, 9000, 9001, 9003));
}

TEST(TuiOverview, AServiceThatIsGoneLeavesTheOthersInTheirPlaces) {
  Snapshot s = calm_services({9001, 9002, 9003});
  const TuiState state = on_snapshot({}, s);
  s.services.erase(s.services.begin());
  alarm(s, 1, Severity::critical);

  EXPECT_THAT(ports_of(overview_order(s, on_snapshot(state, s))), ElementsAre(9002, 9003));
}

TEST(TuiOverview, EnterOpensTheServiceAndEscapeLeadsBackOnce) {
  const Snapshot s = twenty_services();
  TuiState state = pressed(U"jj\r", s, on_snapshot({}, s));
  EXPECT_THAT(screen(s, state), Contains(HasSubstr("0.0.0.0:80  4 workers could accept")));

  state = pressed(U"\x1b", s, state);
  EXPECT_THAT(screen(s, state)[0], HasSubstr("[overview]"));
  EXPECT_EQ(service_at_cursor(s, state)->endpoint.port, 80) << "the cursor is where it was";
  EXPECT_EQ(pressed(U"\x1b", s, state), state);
}

TEST(TuiOverview, TheHelpLeadsBackToIt) {
  const Snapshot s = twenty_services();
  EXPECT_THAT(screen(s, pressed(U"?", s)), Contains(HasSubstr("Shift-Tab")));
  EXPECT_THAT(screen(s, pressed(U"?\x1b", s))[0], HasSubstr("[overview]"));
  EXPECT_EQ(pressed(U"\t", s).page, TuiPage::workers) << "the overview has no other pages";
}

TEST(TuiOverview, AnOpenServiceStaysWhateverOthersDo) {
  const Snapshot alone = snapshot({sample::pinned_service()});
  std::vector<ServiceRow> rows = twenty_services().services;
  rows[0].counts.accepts = 1'000'000;
  const Snapshot s = snapshot(std::move(rows));
  const TuiState opened = pressed(U"\r", s);
  EXPECT_THAT(screen(s, on_snapshot(opened, s)), Contains(HasSubstr("0.0.0.0:8000  8 workers could accept")));
  EXPECT_THAT(screen(s, on_snapshot(on_snapshot({}, alone), s)),
              Contains(HasSubstr("0.0.0.0:8000  8 workers could accept")));
  EXPECT_THAT(screen(s, pressed(U"m", alone)), Contains(HasSubstr("0.0.0.0:8000  8 workers could accept")));
}

TEST(TuiOverview, SaysThatTheWorstIsNoLongerFirst) {
  Snapshot s = calm_services({9001, 9002, 9003});
  const TuiState state = on_snapshot({}, s);
  EXPECT_THAT(screen(s, state), Not(Contains(HasSubstr("first again"))));

  alarm(s, 2, Severity::critical);

  EXPECT_THAT(screen(s, state), Contains(HasSubstr(" 3 services: 1 CRITICAL, 2 OK  (s: the worst first again)")));
  EXPECT_THAT(ports_of(overview_order(s, pressed(U"\r\x1b", s, state))), ElementsAre(9003, 9001, 9002))
      << "who comes back looks anew";
}

/// At the start, findings show up one after the other.
TEST(TuiOverview, IsSortedAgainInTheFirstSecondsUntilTheCursorMoves) {
  Snapshot s = calm_services({9001, 9002, 9003});
  s.run.duration = 1s;
  const TuiState state = on_snapshot({}, s);
  alarm(s, 2, Severity::critical);

  EXPECT_THAT(ports_of(overview_order(s, on_snapshot(state, s))), ElementsAre(9003, 9001, 9002));
  const TuiState moved = pressed(U"j", s, state);
  EXPECT_THAT(ports_of(overview_order(s, on_snapshot(moved, s))), ElementsAre(9001, 9002, 9003));
}

/// At the start, services show up one after the other.
TEST(TuiOverview, OneThatHasBeenAloneForAMomentOnlyIsNotOpened) {
  Snapshot alone = snapshot({sample::pinned_service()});
  alone.run.duration = 2s;

  EXPECT_THAT(screen(twenty_services(), on_snapshot({}, alone))[0], HasSubstr("[overview]"));
}

TEST(TuiOverview, TheCursorWalksAndItsFindingIsToldInFull) {
  const Snapshot s = twenty_services();
  const std::string first = joined(screen(s));
  EXPECT_THAT(first, HasSubstr("5.9 in 99 % of"));
  TuiState state = pressed(U"G", s);
  EXPECT_THAT(screen(s, state), Contains(HasSubstr(" OK balanced: Both workers")));
  EXPECT_THAT(screen(s, state), Contains(HasSubstr("-20 of 20")));
  EXPECT_EQ(service_at_cursor(s, pressed(U"gj", s, state))->endpoint.port, 9007);
}

TEST(TuiOverview, IsThereForSeveralServicesOnly) {
  EXPECT_THAT(screen(snapshot({sample::pinned_service()}))[0], Not(HasSubstr("overview")));
  EXPECT_THAT(screen(snapshot({}))[0], Not(HasSubstr("overview")));
}

}  // namespace
}  // namespace acceptscope
