// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/html.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "model/verdict.hpp"
#include "output/json/json.hpp"
#include "unit/output/serving_sample.hpp"

namespace acceptscope {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++found;
  return found;
}

/// Every start tag is closed, in order; void and self-closing elements aside. Empty when well-formed.
std::string unbalanced(const std::string& html) {
  static const std::set<std::string> kVoid = {"meta", "link", "br"};
  static const std::regex kTag("<(/?)([a-zA-Z0-9]+)((?:[^<>\"]|\"[^\"]*\")*)>");
  std::vector<std::string> open;
  for (auto tag = std::sregex_iterator(html.begin(), html.end(), kTag); tag != std::sregex_iterator(); ++tag) {
    const std::string name = (*tag)[2];
    if (kVoid.contains(name) || (*tag)[3].str().ends_with("/")) continue;
    if ((*tag)[1].length() == 0) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return "</" + name + "> after <" + (open.empty() ? "" : open.back()) + ">";
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "open: " + open.back();
}

/// One of 8 workers has 100 connections; before the 7 others there were 20 workers, with a connection each.
Snapshot replaced_workers() {
  std::vector<WorkerRow> rows = {sample::worker(5000, 100, 100)};
  for (std::uint32_t i = 1; i < 8; ++i) rows.push_back(sample::idle_worker(5000 + i));
  for (std::uint32_t i = 0; i < 20; ++i) {
    rows.push_back(sample::worker(6000 + i, 1, 0));
    rows.back().exited = true;
  }
  rows.front().connection_time = 100 * 59s;
  ServiceRow service = sample::service("0.0.0.0", 8000, std::move(rows));
  service.workers_eligible = 28;
  service.counts.peak_open = 100;
  service.lifetime = sample::lifetime(20, 100);
  FairDraws draws;
  judge(service, 60s, {}, draws);
  return sample::snapshot({std::move(service)});
}

/// `workers` workers with `steps` different values each, and `connections` connections.
Snapshot large(std::uint32_t workers, std::size_t steps, std::size_t connections) {
  std::vector<WorkerRow> rows;
  for (std::uint32_t i = 0; i < workers; ++i) {
    rows.push_back(sample::worker(10'000 + i, 100 + workers - i, 3));
    rows.back().requests = sample::requests_of_a_minute(100 + workers - i, 4, 30s);
  }
  ServiceRow service = sample::service("0.0.0.0", 8000, std::move(rows));
  sample::add_findings(service);
  service.requests = sample::requests_of_a_minute(100'000, 40, 60s);
  service.timeline = {};
  service.timeline.step = 1s;
  for (std::size_t step = 0; step < steps; ++step)
    service.timeline.start.push_back(sample::kStart + static_cast<int>(step) * 1s);
  for (std::uint32_t i = 0; i < workers; ++i) {
    TimelineWorker worker{10'000 + i, {}, {}, {}, {}, {}};
    for (std::size_t step = 0; step < steps; ++step) {
      worker.accepts.push_back(1 + (step * 7 + i) % 23);
      worker.open.push_back(1 + (step * 5 + i) % 19);
      worker.bytes.push_back(1'000 * (1 + (step * 11 + i) % 997));
      worker.busy.push_back(1ms * (1 + (step * 13 + i) % 991));
    }
    service.timeline.workers.push_back(std::move(worker));
  }
  Snapshot s = sample::snapshot({std::move(service)});
  s.run.ended_at = sample::kStart + static_cast<int>(steps) * 1s;
  for (std::size_t i = 0; i < connections; ++i) {
    ConnectionRow row = sample::closed_connection(i + 1);
    row.pid = 10'000 + static_cast<std::uint32_t>(i) % workers;
    row.accepted_at = sample::kStart + static_cast<int>(i % 200) * 1s;
    row.closed_at = *row.accepted_at + 20s;
    s.connections.push_back(row);
  }
  return s;
}

constexpr std::string_view kHostile = "</title></script><img src=x onerror=alert(1)>\"'\n\x1b[31m\xff";

Snapshot hostile() {
  Snapshot s = sample::complete();
  const std::string text(kHostile);
  s.host = {text, text, 1};
  s.tool = {text, text};
  s.run.backend = text;
  s.run.by = text;
  s.run.backends_refused = {{text, text, text}};
  s.run.filters.ports = s.run.filters.addresses = s.run.filters.comms = s.run.filters.cgroups = {text};
  s.run.command->argv = {text};
  s.consistency.broken = {text};
  for (ServiceRow& service : s.services) {
    service.verdict.summary = text;
    service.verdict.evidence = service.verdict.advice = {text};
    service.findings = {service.verdict, service.verdict};
    for (WorkerRow& worker : service.workers) worker.comm = text, worker.cmdline = worker.cgroup = text;
  }
  for (ConnectionRow& row : s.connections) row.comm = text;
  return s;
}

TEST(RenderHtml, IsAWholeDocumentThatLoadsAndRunsNothing) {
  const std::string page = render_html(sample::complete());
  EXPECT_EQ(page.find("<!DOCTYPE html>\n<html lang=\"en\">"), 0U);
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy\" content=\"default-src 'none';"));
  for (const std::string_view foreign : {"<script", "http:", "https:", "src=", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(std::string(foreign)))) << foreign;
  EXPECT_EQ(unbalanced(page), "");
}

TEST(RenderHtml, GivesTheSameBytesForTheSameSnapshot) {
  EXPECT_EQ(render_html(sample::complete()), render_html(sample::complete()));
  EXPECT_EQ(render_html(large(8, 60, 100)), render_html(large(8, 60, 100)));
}

TEST(RenderHtml, OfADumpReadBackIsTheSame) {
  const Snapshot written = sample::without_live(sample::complete());
  std::stringstream dump;
  write_dump(dump, written);
  std::vector<ConnectionRow> connections;
  Result<Snapshot> read =
      read_dump(dump, "'x.json'", [&](ConnectionRow&& row) { connections.push_back(std::move(row)); });
  ASSERT_TRUE(read) << read.error().message().raw();
  read->connections = std::move(connections);
  EXPECT_EQ(render_html(*read), render_html(written));
}

TEST(RenderHtml, AnswersFirstWhichWorkersHowSkewedSinceWhenAndWhatToDo) {
  ServiceRow service = sample::pinned_service();
  service.timeline = sample::timeline();
  service.timeline.workers = {{4121, {}, {0, 0}, {20, 20}, {}, {1, 1}},
                              {4122, {}, {0, 0}, {12, 12}, {}, {1, 1}},
                              {4123, {}, {0, 0}, {8, 8}, {}, {1, 1}}};
  const std::string page = render_html(sample::snapshot({service}));
  const std::string head = page.substr(0, page.find("<figure"));
  EXPECT_THAT(head, HasSubstr("✖ CRITICAL"));
  EXPECT_THAT(head,
              HasSubstr("PID 4121, 4122, 4123 (3 of 8 workers): 40 of 40 open connections. 5 have none of them."));
  EXPECT_THAT(head, HasSubstr("As if 2.6 of 8 workers shared the open connections evenly"));
  EXPECT_THAT(head, HasSubstr("Since before tracing began (14:02:11 UTC)"));
  EXPECT_THAT(head, HasSubstr("Client: limit how long"));
}

TEST(RenderHtml, HasEveryFigureAndTable) {
  Snapshot s = sample::uneven();
  s.connections = {sample::closed_connection(1)};
  const std::string page = render_html(s);
  for (const std::string_view title :
       {"Connections per worker", "Inequality (Lorenz curve)", "Open connections by worker and time",
        "Accepts by worker and time", "Traffic by worker and time", "Active workers over time", "Lifetimes",
        "Accept waits", "Connections by worker"})
    EXPECT_THAT(page, HasSubstr("<figcaption><h3>" + std::string(title) + "</h3>")) << title;
  for (const std::string_view table : {"Workers", "Clients"})
    EXPECT_THAT(page, HasSubstr("<caption><strong>" + std::string(table) + "</strong></caption>"));
}

/// The figure called `title`.
std::string figure_of(const std::string& page, const std::string& title) {
  const std::size_t head = page.find("<h3>" + title + "</h3>");
  if (head == std::string::npos) return {};
  const std::size_t begin = page.rfind("<figure", head);
  return page.substr(begin, page.find("</figure>", head) - begin);
}

TEST(RenderHtml, ShowsRequests) {
  const std::string page = render_html(sample::serving());
  for (const std::string_view title : {"Busy by worker and time", "Response times", "Requests per connection"})
    EXPECT_THAT(page, HasSubstr("<figcaption><h3>" + std::string(title) + "</h3>")) << title;
  for (const std::string_view text :
       {"<dt>Requests</dt><dd class=\"n\">1,240</dd><dd class=\"s\">20 in flight at the end, 12 aborted</dd>",
        "<dt>Requests/s</dt><dd class=\"n\">20.7</dd>",
        "<dt>In flight, most at once</dt><dd class=\"n\">41</dd><dd class=\"s\">in one worker: 32</dd>",
        "<dd class=\"n\">99.0\u00a0%</dd><dd class=\"s\">PID 4121; at least one worker: 99.5\u00a0%</dd>",
        "<dt>Serving a request, per window</dt><dd class=\"n\">3 of 8</dd>", "<dd class=\"n\">2.6 of 8</dd>",
        "<dt>Response p50</dt><dd class=\"n\">1.9\u00a0s</dd><dd class=\"s\">p95 3.8\u00a0s, max 7.6\u00a0s</dd>",
        "<dt>Unread wait p95</dt><dd class=\"n\">6.0\u00a0ms</dd>"})
    EXPECT_THAT(page, HasSubstr(std::string(text)));
  EXPECT_EQ(unbalanced(page), "");
}

TEST(RenderHtml, BusyIsAPartOfEachStep) {
  const std::string heat = figure_of(render_html(sample::serving()), "Busy by worker and time");
  EXPECT_THAT(heat, HasSubstr("<title>14:02:11: 100 %</title>"));
  EXPECT_THAT(heat, HasSubstr("14:02:41: 98 %"));
  EXPECT_THAT(heat, HasSubstr("14:02:41: 50 %"));
  EXPECT_THAT(heat, HasSubstr("14:02:41: 0 %"));
  EXPECT_THAT(heat, HasSubstr("</svg>to 15 %</li>")) << "one scale on all pages";
}

TEST(RenderHtml, ABusyTimeAboveItsStepIsAllOfItAndTheLastStepEndsWithTheRun) {
  Snapshot s = sample::serving();
  s.run.ended_at = sample::kStart + 40s;
  std::vector<TimelineWorker>& workers = s.services[0].timeline.workers;
  workers[0].busy = {30'200ms, 5s};
  workers[1].busy = {1us, 10s};
  const std::string heat = figure_of(render_html(s), "Busy by worker and time");
  EXPECT_THAT(heat, HasSubstr("14:02:11: 100 %"));
  EXPECT_THAT(heat, HasSubstr("14:02:41: 50 %"));
  EXPECT_THAT(heat, HasSubstr("14:02:11: 0.1 %"));
  EXPECT_THAT(heat, HasSubstr("14:02:41: 100 %"));
}

TEST(RenderHtml, ResponseTimesAndUnreadWaitsShareAnAxis) {
  const std::string both = figure_of(render_html(sample::serving()), "Response times");
  EXPECT_THAT(both, HasSubstr("of 1,240 requests: p50 1.9 s"));
  EXPECT_THAT(both, HasSubstr("Unread wait, data received to first read, of 620 requests: p50 3.0 ms"));
  EXPECT_EQ(count(both, "<path class=\"second\""), 1U);
  EXPECT_THAT(both, HasSubstr(": 1,116 requests (90.0 %)</title>"));

  Snapshot unmeasured = sample::serving();
  unmeasured.services[0].requests->unread_wait = {};
  const std::string page = render_html(unmeasured);
  const std::string alone = figure_of(page, "Response times");
  EXPECT_THAT(alone, HasSubstr("No unread wait was measured."));
  EXPECT_THAT(alone, Not(HasSubstr("second")));
  EXPECT_THAT(page, HasSubstr("<dt>Unread wait p95</dt><dd class=\"n\">-</dd><dd class=\"s\">not measured</dd>"));
}

TEST(RenderHtml, RequestsPerConnectionSayWhatTheyCover) {
  Snapshot s = sample::serving();
  s.connections_omitted = 7;
  const std::string reuse = figure_of(render_html(s), "Requests per connection");
  EXPECT_THAT(reuse,
              HasSubstr("Of 40 connections: 19.5 requests on average. 40 still open: they may serve more. 40 from "
                        "before the run: counted since it began. 1 served by more than one worker. The dump "
                        "leaves out 7 connections (--dump-connections)."));
  EXPECT_THAT(reuse, HasSubstr("<title>0 requests: 1 connection (2.5 %)</title>"));
  EXPECT_THAT(reuse, HasSubstr("<title>17\u201332 requests: 16 connections (40.0 %)</title>"));
  EXPECT_THAT(reuse, HasSubstr("<title>33\u201364 requests: 7 connections (17.5 %)</title>"));
}

TEST(RenderHtml, RequestsPerConnectionAreOfAllConnectionsAndNotOfTheSampleThatIsDrawn) {
  Snapshot s = sample::serving();
  const ConnectionReuse all = reuse_of(s, nullptr);
  s.connections.resize(1);
  EXPECT_THAT(render_html(s, {.left_out = 39, .reuse = &all}), HasSubstr("Of 40 connections: 19.5 requests"));
}

TEST(RenderHtml, ListsListeningSocketsIfThereAreSeveral) {
  Snapshot s = sample::uneven();
  std::vector<ListenerRow>& sockets = s.services[0].listeners;
  sockets = {{.inode = 11, .holders = {4121}, .oldest_wait = {}, .not_emptied = {}, .overflows = 0}};
  EXPECT_THAT(render_html(s), Not(HasSubstr("Listening sockets</strong>")));
  sockets.push_back({.inode = 12,
                     .holders = {4122, 4123},
                     .depth = 19,
                     .depth_max = 19,
                     .oldest_wait = 8s,
                     .not_emptied = 8s,
                     .overflows = 3});
  const std::string page = render_html(s);
  EXPECT_THAT(page, HasSubstr("Listening sockets</strong>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"wrap\">4122, 4123</td>"));
  EXPECT_LT(page.find("4122, 4123</td>"), page.find("<td class=\"wrap\">4121</td>")) << "the worst first";
}

TEST(RenderHtml, SaysNothingOfRequestsThatWereNotCounted) {
  Snapshot s = sample::uneven();
  s.services[0].requests.reset();
  for (WorkerRow& worker : s.services[0].workers) worker.requests.reset();
  s.connections = {sample::closed_connection(1)};
  s.connections[0].requests.reset();
  const std::string whole = render_html(s);
  const std::string page = whole.substr(0, whole.find("<footer>"));  // without the meaning of all codes
  for (const std::string_view text : {"Requests", "Busy", "Response", "Unread wait", "In flight"})
    EXPECT_THAT(page, Not(HasSubstr(std::string(text)))) << text;
}

TEST(RenderHtml, NamesAndDescribesEveryDrawing) {
  const std::string page = render_html(large(8, 60, 100));
  static const std::regex kDrawing(
      "role=\"img\" aria-labelledby=\"(f[0-9]+)t \\1d\">\n<title id=\"\\1t\">[^<]+</title><desc id=\"\\1d\">[^<]+</desc>");
  const auto named = std::distance(std::sregex_iterator(page.begin(), page.end(), kDrawing), std::sregex_iterator());
  EXPECT_EQ(static_cast<std::size_t>(named), count(page, "role=\"img\""));
  EXPECT_EQ(count(page, "<svg"), count(page, "role=\"img\"") + count(page, "aria-hidden=\"true\""));
  EXPECT_EQ(count(page, "<table"), count(page, "<caption"));
}

TEST(RenderHtml, ShowsLossesFirstAndSaysSoWhenThereAreNone) {
  const std::string lossy = render_html(sample::complete());
  EXPECT_LT(lossy.find("LOST ring_full 12"), lossy.find("<main>"));
  EXPECT_LT(lossy.find("INCONSISTENT"), lossy.find("<main>"));
  const std::string clean = render_html(sample::uneven());
  EXPECT_THAT(clean, Not(HasSubstr("class=\"loss\"")));
  EXPECT_THAT(clean, HasSubstr("none; the kernel&#39;s totals and 1,161 records agree"));
}

TEST(RenderHtml, LetsNothingFromADumpBecomeMarkup) {
  const std::string page = render_html(hostile());
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("</script")));
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
  EXPECT_THAT(page, Not(HasSubstr("\xff")));
  EXPECT_EQ(count(page, "</title></script>"), 0U);
  EXPECT_EQ(unbalanced(page), "");
}

TEST(RenderHtml, TakesAnyNumbersThatADumpCanHold) {
  Snapshot s = sample::complete();
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  s.run.ended_at = s.run.started_at + -1h;
  s.run.duration = Nanoseconds::min();
  for (ServiceRow& service : s.services) {
    service.counts.accepts = service.counts.preexisting = service.open = kMost;
    service.workers_idle = 9, service.workers_eligible = 0;
    service.lifetime.buckets = {{Nanoseconds::max(), kMost}, {Nanoseconds{-5}, 1}, {std::nullopt, kMost}};
    service.lifetime.max = Nanoseconds::max();
    service.timeline.step = Nanoseconds{0};
    service.requests = RequestStats{{kMost, kMost, kMost, kMost, Nanoseconds::max()}, kMost, {}, {}, {}};
    for (DurationStats* durations : {&service.requests->response, &service.requests->unread_wait}) {
      durations->count = kMost;
      durations->max = Nanoseconds::max();
      durations->buckets = service.lifetime.buckets;
    }
    service.timeline.start = {Instant{std::numeric_limits<std::int64_t>::max()},
                              Instant{std::numeric_limits<std::int64_t>::min()}};
    for (WorkerRow& worker : service.workers) worker.counts.accepts = worker.counts.preexisting = kMost;
    for (TimelineWorker& worker : service.timeline.workers)
      worker.accepts = {kMost}, worker.bytes = {kMost, kMost, kMost},
      worker.busy = {Nanoseconds::min(), Nanoseconds::max(), Nanoseconds{1}};
  }
  for (ConnectionRow& row : s.connections)
    row.service = 77, row.accepted_at = Instant{std::numeric_limits<std::int64_t>::max()};
  s.connections[0].service = 0;
  for (ConnectionRow& row : s.connections) row.requests = std::numeric_limits<std::uint32_t>::max();
  EXPECT_EQ(unbalanced(render_html(s)), "");
}

TEST(RenderHtml, OfNothingSaysSo) {
  const std::string page = render_html(Snapshot{});
  EXPECT_THAT(page, HasSubstr("No service"));
  EXPECT_EQ(unbalanced(page), "");
}

TEST(RenderHtml, ThirtyTwoWorkersAndThreeThousandLanesStayBelowTwoAndAHalfMegabytes) {
  EXPECT_LT(render_html(large(32, 240, 3'000)).size(), 2'500'000U);
}

TEST(RenderHtml, DrawsABoundedSampleOfTheConnectionsAndSaysSo) {
  Snapshot s = large(4, 10, 500);
  s.connections_omitted = 1'234;
  const std::string page = render_html(s, {.max_lanes = 100, .left_out = 77});
  EXPECT_EQ(count(page, "<title>#"), 100U);
  EXPECT_THAT(page, HasSubstr("Drawn: 100 of 500, evenly taken"));
  EXPECT_THAT(page, HasSubstr("A sample: 77 connections of the dump are left out"));
  EXPECT_THAT(page, HasSubstr("The dump leaves out 1,234 connections"));
}

TEST(RenderHtml, OfAThousandWorkersFoldsRowsAndSaysSo) {
  const std::string page = render_html(large(1'000, 240, 3'000));
  EXPECT_LT(page.size(), 4'000'000U);
  EXPECT_THAT(page, HasSubstr("960 others, mean"));
  EXPECT_THAT(page, HasSubstr("800 workers more are in the dump"));
}

TEST(RenderHtml, PutsTheWorstServiceFirstAndFoldsTheLastOnes) {
  std::vector<ServiceRow> services;
  for (std::uint16_t port = 8000; port < 8010; ++port)
    services.push_back(sample::service("::1", port, {sample::worker(port, 5, 0)}));
  services[3].verdict.severity = Severity::critical;
  const std::string page = render_html(sample::snapshot(std::move(services)));
  EXPECT_LT(page.find("id=\"s4\""), page.find("id=\"s1\""));
  EXPECT_EQ(count(page, "<section id="), 6U);
  EXPECT_THAT(page, HasSubstr("<summary>4 services more</summary>"));
  EXPECT_THAT(page, HasSubstr("[::1]:8009"));
}

TEST(RenderHtml, ListsSeveralServicesAtTheHeadWithLinksToTheirSections) {
  const std::string page = render_html(sample::complete());
  const std::string head = page.substr(0, page.find("<main>"));
  EXPECT_THAT(head, HasSubstr("<strong>Services</strong>"));
  EXPECT_THAT(head, HasSubstr("<a href=\"#s1\">0.0.0.0:8000"));
  EXPECT_THAT(head, HasSubstr("<td>4</td><td>1</td><td>43</td><td>1,204</td>")) << "workers, idle, open, accepts";
  EXPECT_THAT(head, HasSubstr("<nav aria-label=\"Contents\">"));
  EXPECT_THAT(page, HasSubstr("<section id=\"s1\""));
  EXPECT_THAT(render_html(sample::uneven()), Not(HasSubstr("<nav"))) << "one service needs none";
}

TEST(RenderHtml, HasOneRowForAllIdleWorkersInPrint) {
  const std::string page = render_html(sample::snapshot({sample::pinned_service()}));
  EXPECT_EQ(count(page, "<tr class=\"idle folds\">"), 5U);
  EXPECT_THAT(page, HasSubstr("<tr class=\"idle print\"><th scope=\"row\">5</th>"));
  EXPECT_THAT(page, HasSubstr(">idle: 4124\u20134128</td>"));
}

TEST(RenderHtml, ListsTheOpenConnectionsTheOldestFirst) {
  Snapshot s = sample::snapshot({sample::pinned_service()});
  for (int i = 0; i < 250; ++i) {
    ConnectionRow row = sample::closed_connection(static_cast<std::uint64_t>(i) + 1);
    row.closed_at.reset(), row.lifetime.reset(), row.close_reason.reset();
    row.age_min = (i + 1) * 1s, row.preexisting = i == 249, row.requests = i;
    row.comm = OutsideText("<b>");
    s.connections.push_back(row);
  }
  s.connections[249].held_by_pid = 77;
  s.services[0].open = 300;
  const std::string page = render_html(s);
  EXPECT_THAT(page, HasSubstr("<summary>300 connections open at the end</summary>"));
  const std::string table = page.substr(page.find("Open connections, oldest first"));
  EXPECT_EQ(count(table.substr(0, table.find("</table>")), "<tr><th"), 201U) << "with the head";
  EXPECT_THAT(table, HasSubstr("<td>249</td><td class=\"w\">77, accepted by "));
  EXPECT_LT(table.find("\u2265 4.2 min"), table.find("<td>249 s")) << "pre-existing: at least";
  EXPECT_THAT(page, HasSubstr("50 that are younger are not listed. The dump, or what was read of it, does not list 50 "
                              "of the 300 open connections."));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
}

TEST(RenderHtml, SaysWhatEffectiveWorkersAreWhereItShowsThem) {
  const std::string page = render_html(sample::uneven());
  EXPECT_THAT(page, HasSubstr("<a href=\"#effective\">"));
  EXPECT_THAT(page, HasSubstr("<h3 id=\"effective\">"));
}

TEST(RenderHtml, BelowAFairDrawWithoutHarmSaysWhyItIsNoFinding) {
  Snapshot s = sample::uneven();
  s.services[0].findings.clear();
  Spread& spread = s.services[0].spread;
  spread.effective = 6.6, spread.uneven = false, spread.fair = FairBaseline{8.0, 8.0};
  EXPECT_THAT(render_html(s), HasSubstr("a fair draw gives at least 8.0 in 99 % of cases: too near to it to matter."));
  spread.fair = FairBaseline{6.0, 7.0};
  EXPECT_THAT(render_html(s), HasSubstr("a fair draw gives at least 6.0 in 99 % of cases: chance explains this."));
}

TEST(RenderHtml, AHeatMapHasItsNumbersInATable) {
  const std::string page = render_html(sample::serving());
  EXPECT_THAT(page, HasSubstr("<strong>Busy by worker and time, as numbers</strong>"));
  EXPECT_THAT(page, HasSubstr("</th><td>0 %</td>"));
}

TEST(RenderHtml, AllLinksHaveATarget) {
  const std::string page = render_html(sample::complete());
  static const std::regex kLink("href=\"#([^\"]+)\"");
  for (auto link = std::sregex_iterator(page.begin(), page.end(), kLink); link != std::sregex_iterator(); ++link)
    EXPECT_THAT(page, HasSubstr("id=\"" + (*link)[1].str() + "\""));
}

TEST(RenderHtml, AChartWithNothingInItIsALine) {
  Snapshot s = sample::uneven();
  for (TimelineWorker& worker : s.services[0].timeline.workers) worker.accepts = {0, 0}, worker.bytes = {0, 0};
  s.services[0].lifetime = {};
  s.services[0].accept_wait = {};
  const std::string page = render_html(s);
  for (const std::string_view line :
       {"<strong>Accepts by worker and time</strong>: nothing in the whole run.",
        "<strong>Active workers over time</strong>: no worker accepted or served in the whole run.",
        "<strong>Lifetimes</strong>: No connection was closed.", "<strong>Accept waits</strong>: No wait was seen."})
    EXPECT_THAT(page, HasSubstr(std::string(line)));
  EXPECT_EQ(figure_of(page, "Accepts by worker and time"), "");
}

TEST(Html, TheHeadNamesTheSameOwnersAsTheVerdict) {
  const Snapshot snapshot = replaced_workers();
  ASSERT_THAT(snapshot.services[0].verdict.summary.raw(),
              HasSubstr("7 of 8 workers are idle; 1 owns 100 of 120 connections"));

  const std::string page = render_html(snapshot);

  EXPECT_THAT(page, HasSubstr("PID 5000"));
  EXPECT_THAT(page, HasSubstr("1 of 8 workers): 100 of 120 connections"));
  EXPECT_THAT(page, HasSubstr("1 of 8 workers has more than an even share of the connections."));
  EXPECT_THAT(page, Not(HasSubstr("9 of 8 workers")));
}

}  // namespace
}  // namespace acceptscope
