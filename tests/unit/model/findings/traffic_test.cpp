// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <string_view>
#include <vector>

#include "model/names.hpp"
#include "model/verdict.hpp"
#include "unit/model/service_row_builder.hpp"

namespace acceptscope::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ServiceRow judged(ServiceRow service, Nanoseconds duration = 60s) {
  static FairDraws draws;
  judge(service, duration, {}, draws);
  return service;
}

std::vector<VerdictCode> codes(const ServiceRow& row) {
  std::vector<VerdictCode> found;
  for (const Finding& finding : row.findings) found.push_back(finding.code);
  return found;
}

using Times = std::vector<Nanoseconds>;

/// Four workers with ten kept connections each, that work and have room.
ServiceRowBuilder even_pool() {
  return service_of(4).preexisting(Counts(4, 10), 60s).requests(Counts(4, 2500), Times(4, 20s));
}

TEST(Traffic, OfAHealthyServerIsNoFinding) {
  EXPECT_THAT(judged(even_pool()).findings, IsEmpty());
  EXPECT_THAT(judged(service_of(4).closed(Counts(4, 2500), 8ms).requests(Counts(4, 2500), Times(4, 50s))).findings,
              IsEmpty())
      << "busy, and nobody waits";
}

// ---- worker_stalled

TEST(WorkerStalled, NamesTheWorkerThatReadsNothingWhileOthersWork) {
  const ServiceRow row = judged(even_pool().stalled(2, {5s, 3, 900, false}));

  EXPECT_EQ(row.verdict.code, VerdictCode::worker_stalled);
  EXPECT_EQ(row.verdict.severity, Severity::critical);
  EXPECT_EQ(row.verdict.summary, "1 of 4 workers reads no request for ≥ 5.0 s while 3 requests wait unread: pid 103");
  EXPECT_THAT(raw(row.verdict.evidence),
              Contains("Of pid 103: 3 requests unread for ≥ 5.0 s; the other workers began 900 requests meanwhile."));
}

TEST(WorkerStalled, OnceIsAFindingAlsoWhenItIsOver) {
  const ServiceRow row = judged(even_pool().stalled(2, {1500ms, 1, 900, true}));

  EXPECT_EQ(row.verdict.code, VerdictCode::worker_stalled);
  EXPECT_EQ(row.verdict.severity, Severity::warning);
  EXPECT_EQ(row.verdict.summary, "1 of 4 workers read no request for ≥ 1.5 s while 1 request waited unread: pid 103");
}

TEST(WorkerStalled, NeedsASecondAndOthersThatWorkMeanwhile) {
  EXPECT_THAT(judged(even_pool().stalled(2, {900ms, 1, 900, false})).findings, IsEmpty());
  EXPECT_THAT(judged(even_pool().stalled(2, {2s, 1, 0, true})).findings, IsEmpty());
  EXPECT_EQ(judged(even_pool().stalled(2, {3s, 1, 0, false})).verdict.code, VerdictCode::worker_stalled)
      << "clients hang, whatever the others do";
}

TEST(WorkerStalled, OfASingleWorkerNeedsNoOthers) {
  const auto single = service_of(1).preexisting({10}, 60s).requests({2500}, {20s}).stalled(0, {2s, 4, 0, false});
  EXPECT_EQ(judged(single).verdict.code, VerdictCode::worker_stalled);
}

TEST(WorkerStalled, IsNoWorkerThatLeftAndNoAcceptorOfOthersConnections) {
  EXPECT_THAT(judged(even_pool().stalled(2, {5s, 3, 900, true}).exited({2})).findings,
              Not(Contains(::testing::Field(&Finding::code, VerdictCode::worker_stalled))));
  auto handed_over = even_pool().stalled(2, {5s, 3, 900, false});
  handed_over.row().handed_over = 40;
  EXPECT_FALSE(has_finding(judged(handed_over), VerdictCode::worker_stalled));
}

// ---- worker_saturated, all_busy

TEST(WorkerSaturated, IsTheIncidentWithRequestsUnreadBesideIdleWorkers) {
  auto builder = service_of(32).preexisting({20, 12}, 60s).bytes({9000, 8000}).requests({900, 500}, {60s, 60s});
  builder.unread(0, 500, 3200ms, 30, 3s).unread(1, 400, 2800ms, 11);
  for (const std::size_t i : {0U, 1U}) builder.row().workers[i].requests->load.in_flight_peak = 32;
  const ServiceRow row = judged(builder);

  EXPECT_EQ(row.verdict.code, VerdictCode::worker_saturated);
  EXPECT_EQ(row.verdict.severity, Severity::critical);
  EXPECT_EQ(
      row.verdict.summary,
      "2 of 32 workers are busy 100 % of the time with up to 32 requests in flight each; 41 requests wait unread, "
      "3.2 s at p95; 30 workers are idle");
  EXPECT_TRUE(has_finding(row, VerdictCode::keepalive_pinning));
  EXPECT_FALSE(has_finding(row, VerdictCode::all_busy));
}

TEST(WorkerSaturated, OfTheIncidentWithoutUnreadRequestsThePinningIsTheHead) {
  // 32 slow requests in flight on the event loops of three workers, which read at once.
  auto builder = service_of(32).preexisting({16, 10, 6}, 60s).bytes({9000, 8000, 7000});
  const ServiceRow row = judged(builder.requests({480, 300, 180}, {60s, 60s, 60s}));

  EXPECT_EQ(row.verdict.code, VerdictCode::keepalive_pinning);
  EXPECT_EQ(row.verdict.severity, Severity::critical);
}

TEST(WorkerSaturated, NeedsLongWaitsAndOthersWithRoom) {
  EXPECT_THAT(judged(even_pool().unread(0, 500, 99ms)).findings, IsEmpty());
  EXPECT_THAT(judged(even_pool().unread(0, 19, 3s)).findings, IsEmpty()) << "too few";
  EXPECT_THAT(judged(even_pool().unread(0, 500, 1ms, 1, 900ms)).findings, IsEmpty());
  EXPECT_EQ(judged(even_pool().unread(0, 500, 100ms)).verdict.code, VerdictCode::worker_saturated);
  EXPECT_EQ(judged(even_pool().unread(0, 500, 100ms)).verdict.severity, Severity::warning);
  EXPECT_EQ(judged(even_pool().unread(0, 500, 1ms, 1, 1s)).verdict.code, VerdictCode::worker_saturated);
}

TEST(AllBusy, IsASaturatedWorkerWithoutOthersThatHaveRoom) {
  auto builder = service_of(4).preexisting(Counts(4, 10), 60s).requests(Counts(4, 2500), Times(4, 58s));
  const ServiceRow row = judged(builder.unread(0, 500, 450ms).unread(1, 500, 300ms, 2));

  EXPECT_EQ(row.verdict.code, VerdictCode::all_busy);
  EXPECT_EQ(row.verdict.severity, Severity::warning);
  EXPECT_EQ(row.verdict.summary, "All 4 workers are busy 97 % of the time; 2 requests wait unread, 450 ms at p95");
  EXPECT_FALSE(has_finding(row, VerdictCode::worker_saturated));
}

TEST(AllBusy, IsAlsoThatConnectionsWaitWhileEveryWorkerHasOne) {
  // gunicorn sync: one connection at a time.
  auto builder = service_of(8).closed(Counts(8, 900), 65ms, 8).waits(7200, 460ms, 900ms);
  for (WorkerRow& worker : builder.row().workers) worker.counts.peak_open = 1;
  const ServiceRow row = judged(builder);

  EXPECT_EQ(row.verdict.code, VerdictCode::all_busy);
  EXPECT_EQ(row.verdict.summary,
            "All 8 workers are occupied 98 % of the time; 1 in 20 connections waited 900 ms or more to be accepted");
  EXPECT_THAT(raw(row.verdict.advice), Contains(HasSubstr("keep-alive timeout")));
}

TEST(AllBusy, IsNotWithRoom) {
  auto builder = service_of(8).closed(Counts(8, 900), 65ms, 8).waits(7200, 460ms, 900ms);
  for (WorkerRow& worker : builder.row().workers) worker.counts.peak_open = 1;
  builder.row().workers[7].connection_time = 20s;
  EXPECT_FALSE(has_finding(judged(builder), VerdictCode::all_busy));

  auto single = service_of(1).preexisting({10}, 60s).requests({2500}, {58s});
  EXPECT_THAT(judged(single).findings, IsEmpty()) << "busy, and nobody waits";
  EXPECT_EQ(judged(single.unread(0, 500, 200ms)).verdict.summary,
            "The only worker is busy 97 % of the time; requests waited unread, 200 ms at p95");
}

TEST(AllBusy, AStalledWorkerIsNoRoom) {
  auto builder = service_of(2).preexisting({10, 10}, 60s).requests({2500, 2500}, {58s, 10s});
  builder.unread(0, 500, 450ms).stalled(1, {5s, 3, 900, false});
  EXPECT_THAT(codes(judged(builder)), ::testing::ElementsAre(VerdictCode::worker_stalled, VerdictCode::all_busy));
}

// ---- uneven_traffic

TEST(UnevenTraffic, OfEvenConnectionsWithAllRequestsOnOneWorker) {
  auto builder = service_of(4).preexisting(Counts(4, 10), 60s).requests({10'650}, {40s});
  const ServiceRow row = judged(builder);

  EXPECT_EQ(row.verdict.code, VerdictCode::uneven_traffic);
  EXPECT_EQ(row.verdict.severity, Severity::warning);
  EXPECT_EQ(
      row.verdict.summary,
      "The requests are on few workers: effective workers by requests 1.0 of 4, by connections 4.0; one worker has "
      "100 % of them");
  EXPECT_THAT(raw(row.verdict.evidence),
              Contains("Of pid 101: 10,650 requests on 10 connections, busy 67 % of the time."));
}

TEST(UnevenTraffic, IsAFactWhereNobodyIsBusy) {
  const ServiceRow row =
      judged(service_of(4).preexisting(Counts(4, 10), 60s).requests({10'650, 20, 10, 5}, {3s, 5ms, 5ms, 5ms}));
  EXPECT_EQ(row.verdict.code, VerdictCode::uneven_traffic);
  EXPECT_EQ(row.verdict.severity, Severity::info);
}

TEST(UnevenTraffic, IsNotByRequestsOrBusyTimeAlone) {
  const auto pool = [] { return service_of(4).preexisting(Counts(4, 10), 60s); };
  EXPECT_THAT(judged(pool().requests({10'000, 50, 50, 50}, Times(4, 10s))).findings, IsEmpty())
      << "many cheap ones, as much work as others";
  EXPECT_THAT(judged(pool().requests(Counts(4, 2500), {40s, 1s, 1s, 1s})).findings, IsEmpty());
}

TEST(UnevenTraffic, IsNotAskedWhereConnectionsAreUnevenOrFew) {
  EXPECT_FALSE(has_finding(judged(service_of(8).preexisting({30, 10}, 60s).requests({9000, 900}, {50s, 9s})),
                           VerdictCode::uneven_traffic));
  EXPECT_FALSE(has_finding(judged(service_of(4).preexisting({2, 2, 2, 1}, 60s).requests({9000}, {50s})),
                           VerdictCode::uneven_traffic));
  EXPECT_FALSE(has_finding(judged(service_of(4).preexisting(Counts(4, 10), 60s).requests({99}, {50s})),
                           VerdictCode::uneven_traffic));
}

TEST(UnevenTraffic, GoesByBytesWhereRequestsAreNotCounted) {
  auto builder = service_of(4).preexisting(Counts(4, 10), 60s).bytes({9'000'000, 100, 100, 100});
  EXPECT_THAT(judged(builder).findings, IsEmpty()) << "one large transfer";
  builder.row().active_workers.serving = {1, 1, 1, 2, 59, 1};
  const ServiceRow row = judged(builder);
  EXPECT_EQ(row.verdict.code, VerdictCode::uneven_traffic);
  EXPECT_EQ(row.verdict.severity, Severity::info);
  EXPECT_THAT(row.verdict.summary.raw(), HasSubstr("effective workers by bytes 1.0 of 4"));
}

// ---- false alarms

/// A pool dealt fairly; the traffic of its connections varies by as much as its mean, and all workers are half busy.
ServiceRow fair_draw(std::mt19937_64& random) {
  static constexpr std::size_t kWorkers[] = {2, 3, 4, 8, 16, 32};
  const std::size_t workers = kWorkers[random() % std::size(kWorkers)];
  const std::uint64_t connections = 8 + random() % 120;
  Counts counts(workers, 0), requests(workers, 0);
  std::exponential_distribution<double> traffic(1.0 / 200);
  for (std::uint64_t i = 0; i < connections; ++i) {
    const std::size_t owner = random() % workers;
    ++counts[owner];
    requests[owner] += 1 + static_cast<std::uint64_t>(traffic(random));
  }
  const std::uint64_t most = *std::ranges::max_element(requests);
  Times busy;
  for (const std::uint64_t n : requests)
    busy.push_back(Nanoseconds{55s} * static_cast<std::int64_t>(n) / static_cast<std::int64_t>(most));
  auto builder = service_of(workers).preexisting(counts, 60s).requests(requests, busy).bytes(requests);
  for (std::size_t i = 0; i < workers; ++i) builder.unread(i, requests[i], Nanoseconds{random() % 20'000'000});
  return builder;
}

TEST(FalseAlarms, OfAllRulesTogetherAreBelowTwoPercentOfFairDraws) {
  std::mt19937_64 random(20'261'127);
  std::map<std::string_view, int> alarms;
  int total = 0;
  for (int i = 0; i < 1000; ++i) {
    const ServiceRow row = judged(fair_draw(random));
    if (row.verdict.severity < Severity::warning) continue;
    ++total;
    ++alarms[enum_name(row.verdict.code)];
  }
  RecordProperty("alarms", total);
  EXPECT_LT(total, 20) << ::testing::PrintToString(alarms);
}

}  // namespace
}  // namespace acceptscope::testing
