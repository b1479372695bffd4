// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>

#include "output/tui/parts.hpp"
#include "unit/output/golden.hpp"
#include "unit/output/tui/screens.hpp"

namespace acceptscope {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

ConnectionRow open_row(std::uint16_t port, Nanoseconds age, Nanoseconds idle, std::uint32_t requests) {
  ConnectionRow row = sample::open_connection(port);
  row.peer = sample::endpoint("10.0.0.7", port);
  row.age_min = age;
  row.idle = idle;
  row.requests = requests;
  row.bytes_received = requests * 80U;
  row.bytes_sent = requests * 12'000U;
  return row;
}

/// Three connections of the worker under the cursor, which is the busiest one.
Snapshot listed() {
  Snapshot s = sample::uneven();
  s.connections = {open_row(40'001, 59s, 1s, 4'000), open_row(40'002, 58s, 50s, 12), open_row(40'003, 57s, 2ms, 900)};
  s.connections[0].preexisting = true;
  s.connections[2].peer = sample::endpoint("2001:db8::7", 40'003);
  s.connections[2].unread_bytes = 512;
  return s;
}

const TuiState kList = pressed(U"\r", sample::uneven());

/// The peers' ports from the top.
std::vector<std::string> ports(const Snapshot& s, const TuiState& state) {
  std::vector<std::string> found;
  for (const std::string& line : screen(s, state))
    if (const std::size_t at = line.find(":4000"); at != std::string::npos) found.push_back(line.substr(at + 5, 1));
  return found;
}

TEST(TuiConnections, EnterOnAWorkerListsThem) {
  const Snapshot s = listed();

  expect_golden("tui_connections_80.txt", joined(screen(s, kList)));
  expect_golden("tui_connections_120.txt", joined(screen(s, kList, sized(120, 40))));
}

TEST(TuiConnections, EnterAsksForThePictureAndTheWorkerIsToldToTheProgram) {
  const Snapshot s = sample::uneven();
  const TuiTurn turn = on_key(tui_key::enter, pressed(U"jj", s), s, sized(80, 24));

  EXPECT_EQ(turn.request, TuiRequest::list_connections);
  const std::optional<ListedWorker> worker = listed_worker(s, turn.state);
  ASSERT_TRUE(worker.has_value());
  EXPECT_EQ(worker->service, key_of(s.services[0]));
  EXPECT_EQ(worker->worker.pid, 4122u);
  EXPECT_EQ(listed_worker(s, pressed(U"\x1b", s, turn.state)), std::nullopt);
  EXPECT_EQ(listed_worker(s, pressed(U"jj", s)), std::nullopt);
}

TEST(TuiConnections, EscapeLeadsBackToTheWorker) {
  const Snapshot s = listed();
  const TuiState state = pressed(U"\x1b", s, kList);

  EXPECT_THAT(screen(s, state)[0], HasSubstr("[workers]"));
  EXPECT_EQ(state.worker->pid, 4121u);
}

TEST(TuiConnections, TheSortKeyTurnsThroughWhatIsKnown) {
  const Snapshot s = listed();
  TuiState state = kList;
  EXPECT_THAT(ports(s, state), ElementsAre("1", "2", "3")) << "age";
  EXPECT_THAT(ports(s, state = pressed(U"s", s, state)), ElementsAre("2", "1", "3")) << "idle";
  EXPECT_THAT(ports(s, state = pressed(U"s", s, state)), ElementsAre("1", "3", "2")) << "requests";
  EXPECT_THAT(ports(s, state = pressed(U"sss", s, state)), ElementsAre("3", "1", "2")) << "unread";

  Snapshot plain = listed();
  for (ConnectionRow& row : plain.connections) row.idle.reset(), row.requests.reset();
  EXPECT_THAT(screen(plain, kList), Not(Contains(HasSubstr("IDLE"))));
  EXPECT_EQ(pressed(U"s", plain, kList).connection_sort, ConnectionSort::received);
}

TEST(TuiConnections, ManyScrollAndTheRestIsCounted) {
  Snapshot s = listed();
  s.connections.assign(2'000, s.connections[0]);
  s.connections_omitted = 1'234;

  EXPECT_THAT(screen(s, kList), Contains(HasSubstr("Open connections of 4121: 3,234")));
  EXPECT_THAT(screen(s, kList), Contains(HasSubstr("of 2,001")));
  EXPECT_THAT(screen(s, pressed(U"G", s, kList)), Contains(HasSubstr("and 1,234 more, younger than these")));
}

TEST(TuiConnections, HandedOverOnesSayWhoHasThem) {
  Snapshot s = listed();
  s.connections[1].held_by_pid = 4199;

  EXPECT_THAT(screen(s, kList, sized(120, 40)), Contains(AllOf(HasSubstr(":40002"), HasSubstr("4199"))));
  EXPECT_THAT(screen(listed(), kList, sized(120, 40)), Not(Contains(HasSubstr("HELD BY"))));
}

TEST(TuiConnections, WithoutAnyItSaysSo) {
  EXPECT_THAT(screen(sample::uneven(), kList), Contains(HasSubstr("no open connection")));
}

}  // namespace
}  // namespace acceptscope
