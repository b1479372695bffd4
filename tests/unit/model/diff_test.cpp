// SPDX-License-Identifier: BSD-2-Clause
#include "model/diff.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "model/condition.hpp"

namespace acceptscope {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// A service on a port whose workers accepted `counts` connections.
ServiceRow service(std::uint16_t port, std::initializer_list<std::uint64_t> counts, std::uint32_t netns = 1) {
  ServiceRow row;
  row.endpoint = {IpAddress::parse("0.0.0.0").value(), port};
  row.netns = netns;
  for (const std::uint64_t count : counts) {
    WorkerRow& worker = row.workers.emplace_back();
    worker.pid = 100 + static_cast<std::uint32_t>(row.workers.size());
    worker.counts.accepts = count;
    row.counts.accepts += count;
    ++row.workers_eligible;
    row.workers_idle += count == 0;
  }
  row.effective_workers.fair_p01 = 5.4;
  return row;
}

ServiceRow pinned(std::uint16_t port) { return service(port, {20, 12, 8, 0, 0, 0, 0, 0}); }
ServiceRow spread(std::uint16_t port) { return service(port, {6, 5, 5, 5, 4, 5, 6, 4}); }

WaitStats waits(Nanoseconds p50, std::uint64_t count) {
  WaitStats stats;
  stats.count = count;
  stats.p50 = stats.p95 = p50;
  stats.buckets = {{p50, count}};
  return stats;
}

Snapshot run(std::vector<ServiceRow> services) {
  Snapshot snapshot;
  snapshot.run.duration = 60s;
  snapshot.run.interval = 1s;
  snapshot.services = std::move(services);
  return snapshot;
}

Diff compare_services(ServiceRow before, ServiceRow after) {
  return compare(run({std::move(before)}), run({std::move(after)}));
}

const FigureChange& figure(const Diff& diff, std::string_view name) {
  const auto& figures = diff.services.at(0).figures;
  return *std::find_if(figures.begin(), figures.end(), [&](const FigureChange& f) { return f.figure == name; });
}

TEST(Diff, AFixThatWorked) {
  const Diff diff = compare_services(pinned(80), spread(80));

  const FixVerdict& verdict = diff.services.at(0).verdict;
  EXPECT_EQ(verdict.code, FixCode::fixed);
  EXPECT_EQ(
      verdict.summary,
      "The load is spread now: effective workers 2.6 of 8 before, 7.8 of 8 after (a fair draw gives at least 5.4), 5 "
      "idle before, 0 after; more than chance (p = 0.001)");
  const FigureChange& effective = figure(diff, "effective_workers");
  EXPECT_NEAR(*effective.before, 2.63, 0.01);
  EXPECT_NEAR(*effective.change, 5.21, 0.01);
  EXPECT_EQ(effective.kind, ChangeKind::better);
  EXPECT_EQ(effective.test, "bootstrap of the deal");
  EXPECT_EQ(figure(diff, "top_share").kind, ChangeKind::better);
  EXPECT_EQ(figure(diff, "connections").kind, ChangeKind::unknown);
}

TEST(Diff, TheOtherWayRoundIsWorse) {
  EXPECT_EQ(compare_services(spread(80), pinned(80)).services.at(0).verdict.code, FixCode::worse);
}

TEST(Diff, BetterAndStillUneven) {
  const Diff diff = compare_services(pinned(80), service(80, {60, 50, 40, 30, 0, 0, 0, 0}));
  EXPECT_EQ(diff.services.at(0).verdict.code, FixCode::better);
}

TEST(Diff, WithinChanceIsUnchanged) {
  const Diff diff = compare_services(pinned(80), service(80, {19, 11, 9, 1, 0, 0, 0, 0}));
  EXPECT_EQ(diff.services.at(0).verdict.code, FixCode::unchanged);
  EXPECT_THAT(diff.services.at(0).verdict.summary.raw(), HasSubstr("within chance (p = "));
}

TEST(Diff, WhatIsNoChanceButTooLittleToMatterIsUnchanged) {
  const Diff diff = compare_services(service(80, {100'000, 100'000}), service(80, {106'000, 94'000}));
  EXPECT_LT(*figure(diff, "effective_workers").p_value, kSignificance);
  EXPECT_EQ(diff.services.at(0).verdict.code, FixCode::unchanged);
  EXPECT_THAT(diff.services.at(0).verdict.summary.raw(), HasSubstr("too little to matter"));
}

TEST(Diff, AHandfulOfConnectionsDecidesNothing) {
  const Diff diff = compare_services(pinned(80), service(80, {3, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(diff.services.at(0).verdict.code, FixCode::too_few_connections);
  EXPECT_THAT(diff.services.at(0).verdict.summary.raw(),
              StartsWith("Not enough to tell: 40 connections on 8 workers before, 3 on"));
}

TEST(Diff, AFixOfTheSpreadDoesNotHideALongerWait) {
  ServiceRow before = pinned(80);
  ServiceRow after = spread(80);
  before.accept_wait = waits(1ms, 40);
  after.accept_wait = waits(14ms, 40);
  const Diff diff = compare_services(before, after);

  EXPECT_EQ(figure(diff, "accept_wait_p50").kind, ChangeKind::worse);
  EXPECT_EQ(diff.services.at(0).verdict.code, FixCode::worse);
  EXPECT_EQ(
      diff.services.at(0).verdict.summary,
      "Worse: clients wait longer or are refused: accept_wait_p95 1.0 ms before, 14.0 ms after (p < 0.001); "
      "effective workers 2.6 of 8 before, 7.8 of 8 after (a fair draw gives at least 5.4), 5 idle before, 0 after; "
      "worse than before: accept_wait_p50, accept_wait_p95");
}

TEST(Diff, AWaitThatNobodyFeelsIsNotWorse) {
  ServiceRow before = spread(80);
  ServiceRow after = spread(80);
  before.accept_wait = waits(10us, 40);
  after.accept_wait = waits(90us, 40);
  const FixVerdict verdict = compare_services(before, after).services.at(0).verdict;

  EXPECT_EQ(verdict.code, FixCode::unchanged);
  EXPECT_THAT(verdict.summary.raw(), HasSubstr("; worse than before: accept_wait_p50, accept_wait_p95"));
}

TEST(Diff, ClientsThatAreRefusedNowAreWorse) {
  ServiceRow after = spread(80);
  after.findings.push_back({.code = VerdictCode::clients_refused,
                            .severity = Severity::critical,
                            .summary = "14 of 60 new connections were refused while waiting to be accepted",
                            .evidence = {},
                            .advice = {}});
  const FixVerdict verdict = compare_services(pinned(80), after).services.at(0).verdict;
  EXPECT_EQ(verdict.code, FixCode::worse);
  EXPECT_THAT(verdict.summary.raw(), HasSubstr("14 of 60 new connections were refused"));

  ServiceRow before = pinned(80);
  before.findings = after.findings;
  EXPECT_EQ(compare_services(before, after).services.at(0).verdict.code, FixCode::fixed) << "they were before";
}

TEST(Diff, ActiveWorkersAreTestedOnTheTimeline) {
  const auto with_timeline = [](ServiceRow row, std::size_t busy) {
    row.active_workers.serving.windows = 20;
    row.active_workers.serving.p50 = static_cast<std::uint32_t>(busy);
    row.timeline.step = 1s;
    row.timeline.start.resize(21);
    for (std::size_t i = 0; i < busy; ++i) {
      TimelineWorker& worker = row.timeline.workers.emplace_back();
      worker.active.assign(21, 3);
      worker.accepts.assign(21, 0);
    }
    return row;
  };
  Snapshot before = run({with_timeline(pinned(80), 3)});
  const Snapshot after = run({with_timeline(spread(80), 8)});

  EXPECT_EQ(figure(compare(before, after), "active_serving").kind, ChangeKind::better);
  before.run.interval = 10s;
  EXPECT_EQ(figure(compare(before, after), "active_serving").kind, ChangeKind::unknown) << "ticks of another length";
}

/// Eight workers that served `requests` requests, busy for `busy` and `response` each; one step per second.
ServiceRow serving(std::uint64_t requests, Nanoseconds busy, Nanoseconds response) {
  ServiceRow row = spread(80);
  DurationStats durations;
  durations.count = requests;
  durations.p50 = durations.p95 = durations.p99 = durations.max = response;
  durations.buckets = {{response, requests}};
  const std::uint64_t peak = requests / 60;
  row.requests = RequestStats{{requests, 1, peak, 0, busy}, 0, durations, durations, durations};
  row.effective_workers.requests = 6.5;
  row.active_workers.requests = ActiveStats{.min = 1, .p50 = 8, .p95 = 8, .max = 8, .windows = 59};
  row.timeline.step = 1s;
  row.timeline.start.resize(61);
  for (WorkerRow& worker : row.workers) {
    worker.requests = row.requests;
    worker.requests->load.in_flight_peak = peak / 2;
    TimelineWorker& series = row.timeline.workers.emplace_back();
    series.requests.assign(61, requests / 480);
    series.busy.assign(61, busy / 60);
  }
  return row;
}

TEST(Diff, RequestsAreComparedAndTested) {
  const Diff diff = compare_services(serving(9'600, 54s, 2s), serving(19'200, 6s, 1'500ms));

  EXPECT_EQ(figure(diff, "requests").change, 9'600);
  EXPECT_EQ(figure(diff, "requests_per_second").before, 160);
  EXPECT_EQ(figure(diff, "requests_per_second").kind, ChangeKind::changed);
  EXPECT_EQ(figure(diff, "requests_per_second").test, "Mann-Whitney");
  EXPECT_EQ(figure(diff, "active_requests").kind, ChangeKind::same);
  EXPECT_EQ(figure(diff, "effective_workers_requests").after, 6.5);
  EXPECT_EQ(figure(diff, "effective_workers_requests").p_value, std::nullopt)
      << "requests on one connection are not dealt independently";
  EXPECT_NEAR(*figure(diff, "busy_max").before, 0.9, 1e-9);
  EXPECT_EQ(figure(diff, "busy_max").kind, ChangeKind::better);
  EXPECT_EQ(figure(diff, "in_flight_peak").before, 160);
  EXPECT_EQ(figure(diff, "in_flight_peak_worker").before, 80);
  EXPECT_EQ(figure(diff, "response_p50").kind, ChangeKind::better);
  EXPECT_EQ(figure(diff, "response_p95").test, "Mood's quantile test");
  EXPECT_EQ(figure(diff, "response_p95").kind, ChangeKind::better);
  EXPECT_EQ(figure(diff, "unread_wait_p95").kind, ChangeKind::better);
}

TEST(Diff, LongerResponsesAreWorse) {
  const FixVerdict verdict = compare_services(serving(9'600, 6s, 1s), serving(9'600, 6s, 2s)).services.at(0).verdict;
  EXPECT_EQ(verdict.code, FixCode::worse);
  EXPECT_THAT(verdict.summary.raw(), HasSubstr("unread_wait_p95 1.0 s before, 2.0 s after"));
  EXPECT_THAT(verdict.summary.raw(), HasSubstr("; worse than before: response_p50, response_p95, unread_wait_p95"));
}

TEST(Diff, RequestsThatOneSideDidNotCountAreUnknownAndNotZero) {
  const Diff diff = compare_services(spread(80), serving(9'600, 6s, 1s));
  constexpr std::array kOfRequests{
      "requests",        "requests_per_second", "active_requests",       "effective_workers_requests",
      "busy_max",        "in_flight_peak",      "in_flight_peak_worker", "response_p50",
      "response_p95",    "response_p99",        "response_max",          "unread_wait_p50",
      "unread_wait_p95", "unread_wait_p99",     "unread_wait_max"};
  for (const std::string_view name : kOfRequests) {
    const FigureRow& row = *find_figure(name);
    EXPECT_EQ(row.of(spread(80), 60s), std::nullopt) << name;
    EXPECT_NE(row.of(serving(9'600, 6s, 1s), 60s), std::nullopt) << name;
    if (!row.in_diff) continue;
    EXPECT_EQ(figure(diff, name).before, std::nullopt) << name;
    EXPECT_EQ(figure(diff, name).change, std::nullopt) << name;
    EXPECT_EQ(figure(diff, name).p_value, std::nullopt) << name;
  }
}

TEST(Diff, RequestsPerStepAreComparableOnlyWithStepsOfOneLength) {
  ServiceRow before = serving(9'600, 54s, 2s);
  before.timeline.step = 2s;
  const Diff diff = compare_services(before, serving(19'200, 6s, 1s));
  for (const std::string_view name : {"requests_per_second", "busy_max", "active_requests"})
    EXPECT_EQ(figure(diff, name).kind, ChangeKind::unknown) << name;
}

TEST(Diff, ServicesAreMatchedByAddressAndPortWhateverTheNamespace) {
  const Diff diff = compare(run({service(1, {9}), service(2, {9}), service(3, {9})}),
                            run({service(3, {9}, 8), service(2, {9}, 5), service(4, {7})}));

  ASSERT_EQ(diff.services.size(), 2U);
  EXPECT_EQ(diff.services[0].before_index, 2U);
  EXPECT_EQ(diff.services[1].before_index, 1U);
  EXPECT_EQ(diff.services[1].after_index, 1U);
  EXPECT_EQ(diff.services[1].paired_by, PairedBy::address);
  ASSERT_EQ(diff.only_before.size(), 1U);
  EXPECT_EQ(diff.only_before[0].endpoint.port, 1);
  EXPECT_EQ(diff.only_before[0].connections, 9U);
  ASSERT_EQ(diff.only_after.size(), 1U);
  EXPECT_EQ(diff.only_after[0].endpoint.port, 4);
}

TEST(Diff, TwoLoneServicesAreComparedEvenOnOtherPorts) {
  const Diff diff = compare_services(pinned(80), spread(81));
  ASSERT_EQ(diff.services.size(), 1U);
  EXPECT_EQ(diff.services[0].endpoint_before.port, 80);
  EXPECT_EQ(diff.services[0].endpoint.port, 81);
}

TEST(Diff, OfEmptyDumps) {
  const Diff diff = compare(run({}), run({pinned(80)}));
  EXPECT_TRUE(diff.services.empty());
  EXPECT_EQ(diff.only_after.size(), 1U);
}

TEST(Figures, SupervisorsAreNoWorkersAndConnectionsFromBeforeCount) {
  ServiceRow row = service(80, {4, 0});
  row.workers[1].counts.preexisting = 4;
  row.counts.preexisting = 4;
  row.workers.emplace_back().role = Role::supervisor;
  EXPECT_DOUBLE_EQ(*find_figure("effective_workers")->of(row, 60s), 2);
  EXPECT_DOUBLE_EQ(*find_figure("top_share")->of(row, 60s), 0.5);
  EXPECT_EQ(find_figure("nonsense"), nullptr);
}

TEST(Figures, AsText) {
  EXPECT_EQ(figure_text(FigureUnit::seconds, 0.0123), "12.3 ms");
  EXPECT_EQ(figure_text(FigureUnit::seconds, -0.000340), "-340 µs");
  EXPECT_EQ(figure_text(FigureUnit::share, 0.4994), "49.9 %");
  EXPECT_EQ(figure_text(FigureUnit::share, 1), "100 %");
  EXPECT_EQ(figure_text(FigureUnit::count, 1'204), "1,204");
  EXPECT_EQ(figure_text(FigureUnit::count, 2.5), "2.5");
  EXPECT_EQ(figure_text(FigureUnit::per_second, 0.02), "<0.1");
  EXPECT_EQ(figure_text(FigureUnit::workers, std::nullopt), "-");
}

TEST(Figures, ChangesAsText) {
  EXPECT_EQ(figure_change_text(FigureUnit::seconds, -0.0123), "-12.3 ms");
  EXPECT_EQ(figure_change_text(FigureUnit::share, -0.372), "-37.2 %");
  EXPECT_EQ(figure_change_text(FigureUnit::share, 0.0004), "0.0 %");
  EXPECT_EQ(figure_change_text(FigureUnit::share, 1), "100.0 %");
  EXPECT_EQ(figure_change_text(FigureUnit::count, -1'204), "-1,204");
  EXPECT_EQ(figure_change_text(FigureUnit::per_second, 0.02), "0.0");
  EXPECT_EQ(figure_change_text(FigureUnit::workers, std::nullopt), "-");
}

/// The outcome of one condition on the pinned service after the spread one.
ConditionOutcome outcome(std::string_view text) {
  const Snapshot before = run({spread(80)});
  Snapshot after = run({pinned(80)});
  after.services[0].accept_wait = waits(14ms, 40);
  return check({parse_condition(text).value()}, before, after, compare(before, after)).at(0);
}

TEST(Conditions, CompareFiguresWithNumbersAndFigures) {
  EXPECT_EQ(outcome("effective_workers<0.5*workers").holds, true);
  EXPECT_EQ(outcome("effective_workers<0.5*workers").figures, "effective_workers is 2.6, 0.5*workers is 4");
  EXPECT_EQ(outcome("effective_workers<2").holds, false);
  EXPECT_EQ(outcome("workers_idle > 0").holds, true);
  EXPECT_EQ(outcome("workers_idle>=6").holds, false);
  EXPECT_EQ(outcome("workers_idle==5").holds, true);
  EXPECT_EQ(outcome("5 <= workers_idle").holds, true);
  EXPECT_EQ(outcome("accept_wait_p95>10ms").holds, true);
  EXPECT_EQ(outcome("accept_wait_p95>0.02").holds, false);
  EXPECT_EQ(outcome("top_share>=50%").holds, true);
  EXPECT_EQ(outcome("change.workers_idle>4").holds, true);
  EXPECT_EQ(outcome("effective_workers<0.5*before.effective_workers").holds, true);
}

TEST(Conditions, AboutWhatIsNotKnownAreUndecided) {
  EXPECT_EQ(outcome("lifetime_p50>1s").holds, std::nullopt);
  EXPECT_EQ(outcome("change.accept_wait_p95>1ms").holds, std::nullopt) << "no waits before";
  EXPECT_EQ(outcome("lifetime_p50>1s").figures, "lifetime_p50 is not known");
}

TEST(Conditions, AreHeldAgainstEveryServiceOfAfter) {
  const Snapshot before = run({pinned(80), pinned(82)});
  const Snapshot after = run({pinned(80), spread(81)});
  const auto outcomes = check({parse_condition("workers_idle>0").value(), parse_condition("change.workers<0").value()},
                              before, after, compare(before, after));
  std::vector<std::optional<bool>> held;
  for (const ConditionOutcome& result : outcomes) held.push_back(result.holds);
  EXPECT_THAT(held, ElementsAre(true, false, false, std::nullopt));
}

TEST(Conditions, ThatAreNoneSayWhatIsWrong) {
  const auto error = [](std::string_view text) {
    const auto parsed = parse_condition(text);
    return parsed ? std::string("no error") : parsed.error().message().raw();
  };
  EXPECT_EQ(error("workers"), "no comparison in it (such as effective_workers<0.5*workers or accept_wait_p95>10ms)");
  EXPECT_EQ(error("workers=3"), "'=' is no comparison (comparisons are < <= > >= ==)");
  EXPECT_EQ(error("workers<"), "one side is empty (such as effective_workers<0.5*workers or accept_wait_p95>10ms)");
  EXPECT_EQ(error("1<2"), "no figure in it (such as effective_workers<0.5*workers or accept_wait_p95>10ms)");
  EXPECT_EQ(error("workers<3x"), "'x' is no unit (units are ns, us, ms, s, m, h and %)");
  EXPECT_EQ(
      error("workers<3s"),
      "the two sides are not in the same unit (times are compared with times, shares with shares, counts with counts)");
  EXPECT_THAT(error("idle>0"), StartsWith("no figure is called 'idle' (known are workers, workers_idle, "));
  EXPECT_THAT(error("workers<3<4"), StartsWith("'<4' is no unit"));
  EXPECT_THAT(error("workers<inf"), StartsWith("no figure is called 'inf'"));
}

}  // namespace
}  // namespace acceptscope
