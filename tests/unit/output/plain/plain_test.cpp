// SPDX-License-Identifier: BSD-2-Clause
#include "output/plain/plain.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "output/words/service_lines.hpp"
#include "text/escape.hpp"
#include "unit/output/golden.hpp"
#include "unit/output/sample.hpp"

namespace acceptscope {
namespace {

using sample::kHostNetns;
using sample::service;
using sample::snapshot;
using sample::uneven;
using sample::worker;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using namespace std::chrono_literals;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TextOptions live() { return {.width = 100, .host_netns = kHostNetns}; }
TextOptions closing() { return {.width = 100, .final = true, .host_netns = kHostNetns}; }

ServiceRow service_with_workers(std::uint16_t port, std::uint32_t workers) {
  std::vector<WorkerRow> rows;
  for (std::uint32_t i = 0; i < workers; ++i) rows.push_back(worker(5'000 + i, 2 * (workers - i), 1));
  return service("0.0.0.0", port, std::move(rows));
}

TEST(Plain, LiveBlock) { expect_golden("live.txt", render(uneven(), live())); }

TEST(Plain, LiveBlockInAscii) {
  TextOptions options = live();
  options.ascii = true;
  const std::string text = render(uneven(), options);

  expect_golden("live_ascii.txt", text);
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
}

TEST(Plain, LiveBlockWithEverything) {
  TextOptions options = live();
  options.width = 120;
  Snapshot s = sample::complete();
  s.run.end_reason.reset();

  expect_golden("live_complete.txt", render(s, options));
}

TEST(Plain, Summary) { expect_golden("summary.txt", render(uneven(), closing())); }

TEST(Plain, SummaryWithEverything) { expect_golden("summary_complete.txt", render(sample::complete(), closing())); }

TEST(Plain, SummaryOfPinnedConnectionsShowsAgesWhereNoLifetimeIsKnown) {
  expect_golden("summary_pinned.txt", render(snapshot({sample::pinned_service()}), closing()));
}

/// The lines from the titles of the histograms to the empty one after them.
std::vector<std::string> histograms_of(const ServiceRow& service) {
  std::vector<std::string> lines = lines_of(render(snapshot({service}), closing()));
  const auto title =
      std::find_if(lines.begin(), lines.end(), [](const std::string& line) { return line.ends_with("accept waits"); });
  return {title, std::find(title, lines.end(), "")};
}

TEST(Plain, SummaryDrawsLifetimesAndWaitsBesideEachOtherIn80Columns) {
  ServiceRow row = service("0.0.0.0", 8'000, {worker(4'121, 30, 1)});
  row.lifetime.buckets = {{4ms, 10}, {16ms, 20}};
  row.accept_wait.buckets = {{10us, 1}, {60us, 2}, {100us, 27}, {std::nullopt, 1}};

  EXPECT_EQ(histograms_of(row),
            (std::vector<std::string>{"  lifetimes, accept to close              accept waits",
                                      "   ≤ 4.2 ms 10 ███████████                  ≤ 16 µs  1 ▉",
                                      "   ≤ 8.4 ms  0                              ≤ 33 µs  0",
                                      "  ≤ 16.8 ms 20 ██████████████████████       ≤ 66 µs  2 █▋",
                                      "                                           ≤ 131 µs 27 ██████████████████████",
                                      "                                             longer  1 ▉"}));

  row.lifetime.buckets.clear();
  EXPECT_EQ(histograms_of(row).front(), "  accept waits") << "nothing closed: no lifetimes, and no gap for them";
}

TEST(Plain, LiveBlockOfPinnedConnections) {
  expect_golden("live_pinned.txt", render(snapshot({sample::pinned_service()}), live()));
}

TEST(Plain, PinnedConnectionsOnNarrowAndOnWideTerminals) {
  for (const std::size_t width : {80U, 200U}) {
    TextOptions options = closing();
    options.width = width;
    expect_golden("summary_pinned_" + std::to_string(width) + ".txt",
                  render(snapshot({sample::pinned_service()}), options));
    options.final = false;
    expect_golden("live_pinned_" + std::to_string(width) + ".txt",
                  render(snapshot({sample::pinned_service()}), options));
  }
}

TEST(Plain, NoLineIsLongerThanTheWidth) {
  Snapshot s = sample::complete();
  s.services.push_back(service_with_workers(9'001, 100));
  s.services.push_back(sample::pinned_service());
  s.run.backends_refused.push_back({"tracepoint", "a reason that is much longer than a line of a small terminal", {}});
  s.run.command->argv = {"a-command", "--with-an-option=that/is/longer/than/a/line/of/a/small/terminal/by/far"};
  for (const bool final : {false, true})
    for (std::size_t width = 40; width <= 200; ++width)
      for (const std::string& line : lines_of(render(s, {.width = width, .final = final})))
        ASSERT_LE(display_width(line), width) << line;
}

TEST(Plain, ManyIdleWorkersShareOneLine) {
  std::vector<WorkerRow> workers = {worker(5'000, 4, 2), worker(5'001, 2, 1)};
  for (std::uint32_t pid = 5'002; pid < 5'070; ++pid) workers.push_back(sample::idle_worker(pid));
  const Snapshot s = snapshot({service("0.0.0.0", 80, std::move(workers))});

  for (const TextOptions& options : {live(), closing()}) {
    const std::vector<std::string> lines = lines_of(render(s, options));
    EXPECT_THAT(lines, Contains(HasSubstr("70 workers could accept; 68 idle; effective workers 1.8 of 70")));
    EXPECT_THAT(lines, Contains(StartsWith("  68 idle: pids 5002, 5003, 5004, ")));
    EXPECT_THAT(lines, Not(Contains(HasSubstr("   5002  "))));
  }
  EXPECT_THAT(render(s, closing()), HasSubstr(" 5065 and 4 more\n"));
}

/// Two of 50 workers serve; a third one only has connections.
Snapshot few_serve() {
  std::vector<WorkerRow> workers = {sample::serving(worker(5'000, 4, 2), 0, 0, 0s),
                                    sample::serving(worker(5'001, 2, 1), 40, 2, 3s),
                                    sample::serving(worker(5'002, 1, 1), 60, 1, 4s)};
  for (std::uint32_t pid = 5'003; pid < 5'050; ++pid) workers.push_back(sample::idle_worker(pid));
  ServiceRow row = service("0.0.0.0", 80, std::move(workers));
  row.effective_workers.requests = 1.92;
  return snapshot({std::move(row)});
}

TEST(Plain, WhereRequestsAreCountedTheRowsAreThoseWhoServe) {
  const std::vector<std::string> lines = lines_of(render(few_serve(), closing()));

  EXPECT_THAT(lines, Contains(HasSubstr("50 workers could accept; 3 had connections; 48 idle; effective workers 1.9 "
                                        "of 50 by requests")));
  EXPECT_THAT(lines, Contains(StartsWith("  48 idle: pids 5000, 5003, ")));
  const auto row = [&lines](std::string_view pid) {
    return std::find_if(lines.begin(), lines.end(), [pid](const std::string& line) { return line.starts_with(pid); });
  };
  EXPECT_LT(row("   5002  "), row("   5001  "));
  EXPECT_THAT(lines, Not(Contains(StartsWith("   5000  "))));
}

TEST(Plain, TheLimitOfAWorkerTellsThePlacesInReach) {
  Snapshot s = few_serve();
  const auto text = [&s](bool final) {
    const TextOptions options{.width = 400, .final = final, .host_netns = kHostNetns};
    return requests_lines(s.services[0], s, options, 0).at(0).text(false);
  };
  EXPECT_THAT(text(false), HasSubstr("2 of 50 workers serve"));
  EXPECT_THAT(text(false), Not(HasSubstr("places")));

  s.run.worker_limit = 32;
  EXPECT_THAT(text(false), HasSubstr(", 96 of 1,600 places in reach, 3 taken"));
  EXPECT_THAT(text(true), HasSubstr(", 96 of 1,600 places in reach, at most 64 taken"));
}

TEST(Plain, IdleWorkersKeepTheirRowsAndSupervisorsHaveNone) {
  const std::string text = render(snapshot({sample::pinned_service()}), live());

  EXPECT_THAT(text, HasSubstr("\n   4128  uvicorn "));
  EXPECT_THAT(text, Not(HasSubstr("\n   4120  ")));
  EXPECT_THAT(text, HasSubstr("\n  Supervised by uvicorn app:app (pid 4120)\n"));
}

TEST(Plain, AHeadTableOfAllServicesAndTheWorstVerdictsFirst) {
  std::vector<ServiceRow> services;
  for (std::uint16_t port = 1; port <= 6; ++port) {
    services.push_back(service("0.0.0.0", port, {worker(5'000, 2, 1)}));
    services.back().verdict = {VerdictCode::balanced, Severity::ok, "all is well", {}, {}};
  }
  services[2].verdict.severity = Severity::warning;
  services[4].verdict.severity = Severity::critical;
  const std::vector<std::string> lines = lines_of(render(snapshot(std::move(services)), closing()));

  EXPECT_EQ(lines[0], "FINDING  SERVICE   WORKERS IDLE OPEN ACCEPTS ACC/S CODE");
  EXPECT_EQ(lines[1], "CRITICAL 0.0.0.0:5       1    0    1       2  <0.1 balanced");
  EXPECT_EQ(lines[2], "WARNING  0.0.0.0:3       1    0    1       2  <0.1 balanced");
  EXPECT_EQ(lines[6], "OK       0.0.0.0:6       1    0    1       2  <0.1 balanced");
  EXPECT_EQ(lines[8], "CRITICAL 0.0.0.0:5, balanced: all is well");
  EXPECT_EQ(lines[9], "WARNING 0.0.0.0:3, balanced: all is well");
  EXPECT_EQ(lines[12], "OK 0.0.0.0:4, balanced: all is well");
  EXPECT_EQ(lines[13], "") << "the table has the other calm ones";
}

TEST(Plain, VerdictsAreAsciiWhereThatIsAskedFor) {
  TextOptions options = closing();
  options.ascii = true;

  EXPECT_THAT(render(snapshot({sample::pinned_service()}), options), HasSubstr("median age >= 41 s"));
}

TEST(Plain, ColorsNeverChangeTheText) {
  TextOptions colored = live();
  colored.color = true;
  std::string text = render(sample::complete(), colored);
  EXPECT_THAT(text, HasSubstr("\x1b[1;33mLOST ring_full 12\x1b[0m: "));

  for (std::size_t start; (start = text.find('\x1b')) != std::string::npos;)
    text.erase(start, text.find('m', start) + 1 - start);

  EXPECT_EQ(text, render(sample::complete(), live()));
}

TEST(Plain, SaysThatNothingWasAcceptedYetOnWhichPortsAndSinceWhen) {
  Snapshot s = snapshot({});
  s.run.duration = 12s;
  s.run.filters.ports = {"8000", "9000-9010"};
  s.run.filters.pids = {77};

  EXPECT_EQ(render(s, live()),
            "acceptscope  12.0 s  kprobe  ports 8000, 9000-9010; PID 77\n"
            "Nothing accepted yet (ports 8000, 9000-9010; PID 77; since 2024-05-01 14:02:11 UTC). None of the\n"
            "selected processes listens there, or has a connection that it accepted.\n");
}

TEST(Plain, SaysThatSomebodyListensOnThePortAtAnotherAddress) {
  Snapshot s = snapshot({});
  s.run.filters.ports = {"8000"};
  s.run.filters.addresses = {"127.0.0.1"};
  s.run.listening_instead = {{8000, "nginx", 4, {"::"}}};

  EXPECT_THAT(render(s, live()), HasSubstr("Nobody listens on port 8000; address 127.0.0.1; listening here: 8000 on :: "
                                           "(nginx, 4 processes)."));
}

TEST(Plain, NotesOfTheRunAreInTheSummary) {
  Snapshot s = snapshot({});
  s.run.notes = {"app (pid 7) listens on /run/app.sock: a Unix socket, not TCP, not traced."};

  EXPECT_THAT(render(s, closing()), HasSubstr("Note: app (pid 7) listens on /run/app.sock: a Unix socket"));
}

TEST(Plain, SummaryOfARunWithoutAccepts) {
  Snapshot s = snapshot({});
  s.run.filters.ports.clear();
  s.run.end_reason = EndReason::duration;

  EXPECT_EQ(render(s, closing()),
            "Nothing was accepted in 60.0 s (any port; since 2024-05-01 14:02:11 UTC).\n"
            "\n"
            "Backend kprobe (not fentry: Operation not permitted); ended after the time asked for.\n"
            "No losses; the kernel's totals and 0 records agree.\n"
            "Tracing cost 851 ns per accept, 0.4 % of one CPU in acceptscope, 16.8 MB of memory.\n");
}

TEST(Plain, AWrongPortIsToldAtOnceAndAtTheEnd) {
  Snapshot s = snapshot({});
  s.run.filters.ports = {"9999"};
  EXPECT_THAT(render(s, live()), HasSubstr("Nothing accepted yet (port 9999;")) << "somebody listens";
  s.run.listening_instead = {{8000, "uvi\x1b[31m", 8}, {22, "sshd", 1}, {81, {}, 0}};
  constexpr const char* others =
      "Nobody listens on port 9999; listening here: 8000 (uvi\\x1b[31m, 8 processes), 22 (sshd, 1";
  EXPECT_THAT(render(s, live()), HasSubstr(others));
  EXPECT_THAT(render(s, closing()), HasSubstr("Nobody listens on"));
  s.run.listening_instead->resize(7, {90, "x", 1});
  EXPECT_THAT(render(s, live()), HasSubstr(", and others."));
  s.run.listening_instead->clear();
  EXPECT_THAT(render(s, live()), HasSubstr("Nobody listens on port 9999, and on no other TCP port here."));
}

TEST(Plain, ServicesOfOtherNetworkNamespacesAreMarked) {
  Snapshot s = uneven();
  EXPECT_THAT(render(s, live()), Not(HasSubstr("netns")));

  s.services[0].netns = 7;
  EXPECT_THAT(render(s, live()), HasSubstr("0.0.0.0:8000 (netns 7)  1,204 accepts"));
}

TEST(Plain, WhenTheHostsNamespaceIsNotKnownServicesAreMarkedIfTheyDiffer) {
  Snapshot s = snapshot({service_with_workers(80, 1), service_with_workers(80, 1)});
  EXPECT_THAT(render(s, {}), Not(HasSubstr("netns")));

  s.services[1].netns = 7;
  EXPECT_THAT(render(s, {}), HasSubstr("0.0.0.0:80 (netns 7)"));
}

TEST(Plain, ThreadsAreShownBesideTheirProcess) {
  Snapshot s = uneven();
  s.services[0].workers[0].tid = 4130;

  EXPECT_THAT(render(s, live()), HasSubstr("PID/TID"));
  EXPECT_THAT(render(s, live()), HasSubstr("4121/4130"));
  EXPECT_THAT(render(s, closing()), HasSubstr("uvicorn (PID 4121, TID 4130)"));
}

TEST(Plain, TextFromOutsideIsEscapedEverywhere) {
  const std::string hostile = "a\x1b[2J\n\xff";
  Snapshot s = sample::complete();
  for (ServiceRow& row : s.services)
    for (WorkerRow& w : row.workers) w.comm = hostile;
  s.run.command->argv = {hostile};
  s.run.filters = {{hostile}, {hostile}, {}, {hostile}, {hostile}};
  s.consistency.broken = {hostile};
  s.services[0].verdict = {VerdictCode::balanced, Severity::ok, hostile, {hostile}, {hostile}};

  for (const TextOptions& options : {live(), closing()}) {
    const std::string text = render(s, options);
    EXPECT_THAT(text, HasSubstr("a\\x1b[2J\\n"));
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\xff'), std::string::npos);
  }
}

TEST(Plain, FirstTickHasNoRateRatherThanZero) {
  Snapshot s = uneven();
  s.recent_interval = 0s;

  EXPECT_THAT(render(s, live()), HasSubstr("0.0.0.0:8000  1,204 accepts  43 open (peak 47)\n"));
}

TEST(PlainWidth, LeavesOutTheLeastImportantColumnsFirst) {
  Snapshot s = uneven();
  for (WorkerRow& w : s.services[0].workers) w.cmdline.reset();  // short commands
  const auto header_at = [&s](std::size_t width) {
    for (const std::string& line : lines_of(render(s, {.width = width})))
      if (line.starts_with("    PID")) return line;
    return std::string();
  };

  EXPECT_EQ(header_at(80), "    PID  COMMAND     REQS   REQ/S    INFL    BUSY  RESP p95  ACCEPTS   OPEN");
  EXPECT_EQ(header_at(55), "    PID  COMMAND     REQS    INFL    BUSY  ACCEPTS");
  EXPECT_EQ(header_at(24), "    PID  COMMAND");

  s.services[0].requests.reset();
  EXPECT_EQ(header_at(80), "    PID  COMMAND           ACCEPTS   ACC/S   OPEN    SHARE    LIFE p50  WAIT p95");
  EXPECT_EQ(header_at(55), "    PID  COMMAND  ACCEPTS   ACC/S   OPEN    SHARE");
}

/// The README quotes the file.

}  // namespace
}  // namespace acceptscope
