// SPDX-License-Identifier: BSD-2-Clause
#include "model/verdict.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "model/fairness.hpp"
#include "unit/model/service_row_builder.hpp"

namespace acceptscope::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

ServiceRow judged(ServiceRow service, Nanoseconds duration, const Losses& losses = {}) {
  FairDraws draws;
  acceptscope::judge(service, duration, losses, draws);
  return service;
}

Finding judge(const ServiceRow& service, Nanoseconds duration) { return judged(service, duration).verdict; }

const Counts kPitchfork{49131, 46997, 44023, 38420, 14945, 1742, 91, 12, 0, 0, 0, 1, 0, 0, 0, 0};

/// Of any rule: the verdict is the worst finding.
bool is_alarm(const Finding& verdict) { return verdict.severity >= Severity::warning; }

// ---- nothing

TEST(Verdict, OfAServiceWithoutConnectionsIsNoTraffic) {
  const Finding verdict = judge(service_of(4), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::no_traffic);
  EXPECT_EQ(verdict.severity, Severity::info);
  EXPECT_EQ(verdict.summary, "No connection was open or accepted in 60 s");
}

TEST(Verdict, WithoutAnyKnownWorkerThereIsNothingToJudge) {
  ServiceRow row = service_of(0);
  row.counts.accepts = row.counts.closes = 100;

  const Finding verdict = judge(row, 60s);
  EXPECT_EQ(verdict.code, VerdictCode::not_told);
  EXPECT_EQ(verdict.summary, "The worker of 100 of 100 connections is not known: how they are spread cannot be told");
}

TEST(Verdict, OfASingleWorkerIsBalanced) {
  const Finding verdict = judge(service_of(1).closed({1000}, 5ms), 10s);

  EXPECT_EQ(verdict.code, VerdictCode::balanced);
  EXPECT_EQ(verdict.severity, Severity::ok);
  EXPECT_EQ(verdict.summary, "The only worker has all 1,000 connections");
}

// ---- keepalive_pinning

TEST(Verdict, APoolOfFortyOnThreeOfThirtyTwoWorkersIsPinning) {
  ServiceRow row = service_of(32).preexisting({20, 12, 4}, 41s).open({0, 0, 4}, 41s);
  const Finding verdict = judge(row, 41s);

  EXPECT_EQ(verdict.code, VerdictCode::keepalive_pinning);
  EXPECT_EQ(verdict.summary, "29 of 32 workers are idle; 3 own all 40 connections; median age ≥ 41 s, 0.1 accepts/s");
  EXPECT_THAT(raw(verdict.evidence),
              Contains("Effective workers 2.6 of 32: as if so many shared the connections evenly; a "
                       "fair draw gives at least 13.8 in 99 % of cases."));
  EXPECT_THAT(raw(verdict.evidence),
              Contains("29 of 32 workers own none: pids 104, 105, 106, 107, 108, 109, 110, 111 and 21 more."));
  EXPECT_THAT(raw(verdict.evidence), Contains("The busiest worker, pid 101, has 50 % of the connections."));
  EXPECT_THAT(raw(verdict.evidence), Contains("40 connections open, median age ≥ 41 s, oldest ≥ 41 s."));
  EXPECT_THAT(raw(verdict.advice), Contains(HasSubstr("maximum connection age")));
}

TEST(Verdict, UvicornWithAPoolOpenedBeforeTracingBeganIsPinningWithinTwoSeconds) {
  for (const Nanoseconds duration : {Nanoseconds{1s}, Nanoseconds{2s}, Nanoseconds{60s}}) {
    const Finding verdict = judge(service_of(8).supervisor().preexisting({22, 11, 7}, duration), duration);

    EXPECT_EQ(verdict.code, VerdictCode::keepalive_pinning);
    EXPECT_THAT(verdict.summary.raw(),
                AllOf(HasSubstr("5 of 8 workers are idle; 3 own all 40 connections"), HasSubstr("no accepts")));
    EXPECT_THAT(raw(verdict.evidence), Contains("5 of 8 workers own none: pids 104, 105, 106, 107, 108."));
  }
}

TEST(Verdict, PinningIsCriticalWhenTheBytesConfirmIt) {
  EXPECT_EQ(judge(service_of(32).preexisting({20, 12, 8}, 60s), 60s).severity, Severity::warning);
  EXPECT_EQ(judge(service_of(32).preexisting({20, 12, 8}, 60s).bytes({9000, 8000, 7000}), 60s).severity,
            Severity::critical);
  EXPECT_EQ(judge(service_of(32).preexisting({20, 12, 8}, 60s).bytes(Counts(32, 1000)), 60s).severity,
            Severity::warning);
  EXPECT_EQ(judge(service_of(8).preexisting({22, 11, 7}, 60s).bytes({9000, 8000, 7000}), 60s).severity,
            Severity::warning);
}

TEST(Verdict, PinningIsCriticalWhenFewWorkersServeInAnyWindow) {
  auto builder = service_of(32).preexisting({20, 12, 8}, 60s);
  builder.row().active_workers.serving = {1, 2, 3, 3, 59, 3};
  const Finding verdict = judge(builder, 60s);

  EXPECT_EQ(verdict.severity, Severity::critical);
  EXPECT_THAT(raw(verdict.evidence),
              Contains("Workers that exchanged any bytes, per window: 2 at the median, 3 at most."));
}

TEST(Verdict, APoolThatClosedAtTheEndOfTheRunWasPinnedAllTheSame) {
  const Finding verdict = judge(service_of(32).closed({20, 12, 8}, 55s, 40), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::keepalive_pinning);
  EXPECT_THAT(verdict.summary.raw(),
              AllOf(HasSubstr("29 of 32 workers are idle; 3 owned all 40"), HasSubstr("median lifetime 55 s")));
}

TEST(Verdict, HealthChecksBesideThePoolDoNotHidePinning) {
  const Finding verdict = judge(service_of(8).closed(Counts(8, 500), 3ms).preexisting({22, 11, 7}, 60s), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::keepalive_pinning);
  EXPECT_THAT(verdict.summary.raw(), HasSubstr("5 of 8 workers own none; 3 own all 40 connections"))
      << "they had others";
}

TEST(Verdict, OfAPoolSpreadByAFairDrawIsBalanced) {
  const Finding verdict = judge(service_of(8).preexisting({5, 3, 8, 4, 6, 2, 7, 5}, 60s), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::balanced);
  EXPECT_EQ(verdict.severity, Severity::ok);
  EXPECT_EQ(verdict.summary, "All 8 workers have had their share of 40 connections");
}

TEST(Verdict, NamesTheOneThatHasTooManyWhereAllHaveSome) {
  const Finding verdict = judge(service_of(4).preexisting({40, 3, 3, 2}, 60s), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::keepalive_pinning);
  EXPECT_THAT(verdict.summary.raw(), HasSubstr("1 of 4 workers owns 40 of 48 connections"));
}

TEST(Verdict, OfTwoWorkersSaysBoth) {
  EXPECT_EQ(judge(service_of(2).closed({500, 500}, 5ms), 60s).summary,
            "Both workers have had their share of 1,000 connections");
}

TEST(Verdict, OfASpreadThatIsUnevenAndMildSaysSo) {
  // More uneven than chance explains, and not enough to matter.
  auto builder = service_of(4).closed({400, 250, 200, 150}, 5ms);
  builder.row().effective_workers.fair_p01 = 3.95;
  builder.row().effective_workers.fair_p50 = 3.99;
  const Finding verdict = judge(builder, 60s);

  EXPECT_EQ(verdict.code, VerdictCode::balanced);
  EXPECT_EQ(verdict.summary,
            "All 4 workers have had their share of 1,000 connections, a little unevenly: the busiest 40 % of them");
  EXPECT_THAT(
      raw(verdict.evidence),
      Contains("A fair draw gives 4.0 effective workers, at least 4.0 in 99 % of cases; less than 3.2 would matter."));
}

TEST(Verdict, NamesTheSocketOptionThatIsNotSetYet) {
  auto builder = service_of(8).preexisting({22, 11, 7}, 60s);
  builder.row().reuseport = false;
  EXPECT_THAT(raw(judge(builder, 60s).advice), Contains(HasSubstr("one listening socket per worker (SO_REUSEPORT)")));
  builder.row().reuseport = true;
  EXPECT_THAT(raw(judge(builder, 60s).advice), Contains(HasSubstr("SO_REUSEPORT is on")));
}

// ---- accept_skew

TEST(Verdict, ManyShortConnectionsOnFewWorkersAreSkew) {
  ServiceRow row = service_of(16).closed(kPitchfork, 20ms);
  const Finding verdict = judge(row, 60s);

  EXPECT_EQ(verdict.code, VerdictCode::accept_skew);
  EXPECT_EQ(verdict.severity, Severity::warning);
  EXPECT_EQ(
      verdict.summary,
      "7 of 16 workers are idle; 5 accepted 193,516 of 195,362 connections; 3,256 accepts/s, median lifetime 20 ms");
  EXPECT_THAT(raw(verdict.evidence),
              Contains("7 of 16 workers accepted none: pids 109, 110, 111, 113, 114, 115, 116."));
}

TEST(Verdict, TablesSeenInTheWildAreAlarms) {
  EXPECT_EQ(judge(service_of(8).closed({349, 17, 4}, 30ms), 60s).code, VerdictCode::accept_skew);
  EXPECT_EQ(judge(service_of(8).preexisting({349, 17, 4}, 60s), 60s).code, VerdictCode::keepalive_pinning);
  EXPECT_EQ(judge(service_of(16).preexisting(kPitchfork, 60s), 60s).code, VerdictCode::keepalive_pinning);
  EXPECT_EQ(judge(service_of(32).closed({20, 12, 8}, 30ms), 60s).code, VerdictCode::accept_skew);
  EXPECT_EQ(judge(service_of(4).closed({80, 20, 10, 10}, 30ms), 60s).code, VerdictCode::accept_skew);
}

TEST(Verdict, AConnectionPerRequestIsNeverPinning) {
  for (const Counts& counts : {Counts{5000, 0, 0, 0, 0, 0, 0, 0}, Counts{900, 50, 20, 3, 0, 0, 0, 0}, Counts(8, 100)}) {
    for (const Nanoseconds lifetime : {Nanoseconds{2ms}, Nanoseconds{200ms}, Nanoseconds{3s}}) {
      // The connections open at the end are as young as the others were.
      const Finding verdict = judge(service_of(8).closed(counts, lifetime).open({6, 2}, lifetime / 2), 60s);
      EXPECT_NE(verdict.code, VerdictCode::keepalive_pinning);
      EXPECT_EQ(is_alarm(verdict), counts[0] != 100);
    }
  }
}

TEST(Verdict, UnevennessThatIsNoChanceButNoHarmIsBalanced) {
  // 100,000 connections, 10 % more for every other worker: far below p01 of a fair draw, effective workers 7.98 of 8.
  const Counts counts{13'100, 11'900, 13'100, 11'900, 13'100, 11'900, 13'100, 11'900};
  EXPECT_LT(7.99, fair_baseline(100'000, 8).p01);

  EXPECT_EQ(judge(service_of(8).closed(counts, 5ms), 60s).code, VerdictCode::balanced);
}

TEST(Verdict, OfABurstInItsFirstMomentsIsOnlyThatItIsTooEarly) {
  const Finding verdict = judge(service_of(8).open({40}, 200ms), 300ms);

  EXPECT_EQ(verdict.code, VerdictCode::too_early);
  EXPECT_EQ(verdict.severity, Severity::info);
  EXPECT_THAT(verdict.summary.raw(), AllOf(HasSubstr("7 of 8 workers are idle; 1 accepted all 40 connections"),
                                           HasSubstr("after 300 ms it is too early to say why")));
}

TEST(Verdict, SaysWhatTheWakeUpModeDoes) {
  auto builder = service_of(8).closed({349, 17, 4}, 30ms).queue(3, 2048);
  EXPECT_THAT(raw(judge(builder, 60s).advice), Not(Contains(HasSubstr("EPOLLEXCLUSIVE"))));
  builder.row().epoll_exclusive = true;
  EXPECT_THAT(raw(judge(builder, 60s).advice), Contains(HasSubstr("with EPOLLEXCLUSIVE")));
  builder.row().epoll_exclusive = false;
  EXPECT_THAT(raw(judge(builder, 60s).advice), Contains(HasSubstr("without EPOLLEXCLUSIVE")));
}

TEST(Verdict, AdviceNamesTheSettingsOfTheServerThatItIs) {
  auto builder = service_of(8).closed({349, 17, 4}, 30ms).queue(3, 2048);
  const auto advice_for = [&](std::string_view comm, std::string_view cmdline) {
    for (WorkerRow& row : builder.row().workers) row.comm = comm, row.cmdline = std::string(cmdline);
    std::string text;
    for (const OutsideText& advice : judge(builder, 60s).advice) text += advice.raw();
    return text;
  };
  EXPECT_THAT(advice_for("python3", "python3 /usr/bin/uvicorn app:app"),
              HasSubstr("uvicorn accepts the backlog, as asyncio does; the backlog is 2,048"));
  EXPECT_THAT(advice_for("nginx", "nginx: worker process"),
              AllOf(HasSubstr("(nginx: listen … reuseport)"), Not(HasSubstr("asyncio"))));
  EXPECT_THAT(advice_for("gunicorn", "gunicorn -k uvicorn.workers.UvicornWorker"), HasSubstr("uvicorn accepts"));
  EXPECT_THAT(advice_for("postgres", "postgres: checkpointer"), Not(HasSubstr("nginx")));
  EXPECT_THAT(advice_for("own", "./own"), Not(AnyOf(HasSubstr("nginx"), HasSubstr("asyncio"))));
}

TEST(Verdict, WorkersThatServeOneAtATimeKeepTheirSharedQueue) {
  // Apache prefork, PHP-FPM: two workers are held by clients that keep their connections, and the others accept.
  auto builder = service_of(8).closed({349, 340, 4, 3, 2, 1}, 30ms).queue(3, 511).waits(699, 30us, 90us);
  for (WorkerRow& row : builder.row().workers) row.counts.peak_open = 1;
  builder.row().accept_blocks = true;
  const Finding verdict = judge(builder, 60s);

  EXPECT_EQ(verdict.code, VerdictCode::accept_skew);
  EXPECT_EQ(verdict.severity, Severity::info) << "nobody waits";
  EXPECT_THAT(raw(verdict.advice), Not(Contains(HasSubstr("SO_REUSEPORT"))));
  EXPECT_THAT(raw(verdict.advice), Contains(HasSubstr("a shorter keep-alive timeout of the server")));

  builder.row().accept_blocks = false;
  EXPECT_EQ(judge(builder, 60s).severity, Severity::warning) << "an event loop with one connection at a time";
}

TEST(Verdict, OneStoppedWorkerOnASharedSocketIsNoAlarm) {
  auto builder = service_of(4).closed({130, 120, 125, 0}, 30ms).queue(3, 511).waits(375, 30us, 90us);
  const Finding verdict = judge(builder, 60s);
  EXPECT_EQ(verdict.code, VerdictCode::accept_skew);
  EXPECT_EQ(verdict.severity, Severity::info);
  EXPECT_THAT(raw(verdict.advice), ElementsAre(HasSubstr("look at what the one does that accepts nothing")));

  EXPECT_EQ(judge(service_of(4).closed({300, 50, 25, 0}, 30ms), 60s).severity, Severity::warning);
  EXPECT_EQ(judge(service_of(5).closed({130, 120, 125, 0, 0}, 30ms), 60s).severity, Severity::warning);
  EXPECT_EQ(judge(service_of(2).closed({130, 0}, 30ms), 60s).severity, Severity::warning);
}

TEST(Verdict, UnevenConnectionsWithEvenRequestsAreAFactOnly) {
  const std::vector<Nanoseconds> busy(8, 10s);
  auto pinned = service_of(8).preexisting({20, 12, 8}, 60s).bytes({90, 80, 70}).requests(Counts(8, 1000), busy);
  EXPECT_EQ(judge(pinned, 60s).code, VerdictCode::keepalive_pinning);
  EXPECT_EQ(judge(pinned, 60s).severity, Severity::info);
  EXPECT_THAT(raw(judge(pinned, 60s).evidence),
              Contains("The requests are even all the same: effective workers by requests 8.0 of 8."));
  auto skewed = service_of(8).closed({349, 17, 4}, 30ms).requests(Counts(8, 1000), busy);
  EXPECT_EQ(judge(skewed, 60s).severity, Severity::info);
}

TEST(Verdict, OldWorkersThatHoldMostConnectionsAreDraining) {
  auto builder = service_of(8).preexisting({10, 10, 5, 5, 1}, 60s);
  for (std::size_t i = 0; i < 4; ++i) builder.row().workers[i].role = Role::draining;
  builder.row().workers_eligible = 4;
  const Finding verdict = judge(builder, 60s);

  EXPECT_EQ(verdict.code, VerdictCode::draining);
  EXPECT_EQ(verdict.severity, Severity::info);
  EXPECT_EQ(verdict.summary,
            "4 old workers that accept no more (draining) hold 30 of 31 open connections; 4 workers accept now");
  EXPECT_THAT(raw(verdict.evidence), Contains("Draining: pids 101, 102, 103, 104."));

  for (std::size_t i = 0; i < 2; ++i) builder.row().workers[i].role = Role::worker;
  EXPECT_NE(judge(builder, 60s).code, VerdictCode::draining) << "10 of 31";
}

TEST(Verdict, ThreadsOfTheOnlyProcessAreToldToBeHidden) {
  auto builder = service_of(1).preexisting({40}, 60s);
  EXPECT_EQ(judge(builder, 60s).code, VerdictCode::balanced);
  builder.row().waiting_threads = 8;
  const Finding verdict = judge(builder, 60s);

  EXPECT_EQ(verdict.code, VerdictCode::not_told);
  EXPECT_EQ(
      verdict.summary,
      "The only process has all 40 connections, and 8 of its threads wait for connections: how they share them was "
      "not counted");
  EXPECT_THAT(raw(verdict.advice), ElementsAre(HasSubstr("--by thread")));
  builder.row().workers[0].tid = 101;
  EXPECT_EQ(judge(builder, 60s).code, VerdictCode::balanced);
}

TEST(Verdict, AFewLateJoinersOfAnEvenPoolOnOneWorkerAreNoSkew) {
  auto builder = service_of(8).preexisting(Counts(8, 20), 60s).open({9}, 50s);

  EXPECT_EQ(judge(builder, 60s).code, VerdictCode::balanced);
  EXPECT_EQ(judge(builder, 60s).severity, Severity::ok);
}

TEST(Verdict, ShortConnectionsOnOneWorkerBesideAnEvenPoolAreSkew) {
  EXPECT_EQ(judge(service_of(8).closed({900}, 5ms).preexisting(Counts(8, 20), 60s), 60s).code,
            VerdictCode::accept_skew);
}

// ---- eligible workers

TEST(Verdict, ThreadsAreNamedByTheirOwnIds) {
  auto builder = service_of(8).preexisting({22, 11, 7}, 60s);
  for (WorkerRow& worker : builder.row().workers) worker.tid = std::exchange(worker.pid, 50u);

  const Finding verdict = judge(builder, 60s);
  EXPECT_THAT(raw(verdict.evidence), Contains("5 of 8 workers own none: threads 104, 105, 106, 107, 108."));
  EXPECT_THAT(raw(verdict.evidence), Contains("The busiest worker, thread 101, has 55 % of the connections."));
}

TEST(Verdict, SaysWhenOneClientHasMostOfTheConnections) {
  auto builder = service_of(8).preexisting({22, 11, 7}, 60s);
  PeerRow peer;
  peer.connections = 38;
  builder.row().peers = {peer};

  EXPECT_THAT(raw(judge(builder, 60s).evidence), Contains("One client address has 38 of the 40 connections."));
}

TEST(Verdict, ASupervisorIsNotIdle) {
  const Finding verdict = judge(service_of(4).supervisor().closed({250, 250, 250, 250}, 5ms), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::balanced);
  EXPECT_EQ(verdict.summary, "All 4 workers have had their share of 1,000 connections");
  EXPECT_THAT(raw(verdict.evidence), Each(Not(HasSubstr("100"))));
}

TEST(Verdict, AReloadIsNotUnevenness) {
  // Four workers took 900 each, then four others replaced them and took 100 each.
  const Counts counts{900, 900, 900, 900, 100, 100, 100, 100};
  EXPECT_EQ(judge(service_of(8).closed(counts, 5ms).exited({0, 1, 2, 3}), 60s).code, VerdictCode::balanced);
}

TEST(Verdict, WorkersThatRetireOneByOneAreNotUnevenness) {
  // max_requests: every worker retires after 100 connections; the successors have different ages.
  const Counts counts{100, 100, 100, 100, 100, 100, 100, 100, 10, 90, 50, 30};
  EXPECT_EQ(judge(service_of(12).closed(counts, 5ms).exited({0, 1, 2, 3, 4, 5, 6, 7}), 60s).code,
            VerdictCode::balanced);
}

TEST(Verdict, AWorkerThatDiedIdleIsNotIdle) {
  auto builder = service_of(5).closed({250, 250, 250, 250, 0}, 5ms).exited({4});
  builder.row().workers_eligible = 4;
  const Finding verdict = judge(builder, 60s);

  EXPECT_THAT(verdict.summary.raw(), HasSubstr("All 4 workers"));
}

TEST(Verdict, AServerThatEndedWithTheRunIsJudgedByAllItsWorkers) {
  EXPECT_EQ(judge(service_of(4).closed({4000, 10, 10, 10}, 5ms).exited({0, 1, 2, 3}), 60s).code,
            VerdictCode::accept_skew);
}

TEST(Verdict, EligibleWorkersWithoutARowAreIdle) {
  auto builder = service_of(3).preexisting({20, 12, 8}, 60s);
  EXPECT_EQ(judge(builder, 60s).code, VerdictCode::balanced);
  builder.row().workers_eligible = 32;

  const Finding verdict = judge(builder, 60s);
  EXPECT_EQ(verdict.code, VerdictCode::keepalive_pinning);
  EXPECT_THAT(verdict.summary.raw(), HasSubstr("29 of 32 workers own none; 3 own all 40"));
}

// ---- too_few_connections

TEST(Verdict, FewerConnectionsThanWorkersAreNobodysFault) {
  const Finding verdict = judge(service_of(32).preexisting({2, 1, 1, 1, 1, 1, 1, 1, 1}, 60s), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::too_few_connections);
  EXPECT_EQ(verdict.severity, Severity::info);
  EXPECT_EQ(verdict.summary,
            "10 connections at most at a time for 32 workers: 22 or more have nothing to do whoever accepts");
  EXPECT_THAT(raw(verdict.evidence), Contains(HasSubstr("23 of 32 workers had none: pids 110, 111")));
}

TEST(Verdict, FewShortConnectionsAreTooFewByTheirTotal) {
  EXPECT_EQ(judge(service_of(8).closed({2, 1, 1, 1}, 5ms, 1), 60s).code, VerdictCode::too_few_connections);
  EXPECT_EQ(judge(service_of(8).closed(Counts(8, 20), 5ms, 1), 60s).code, VerdictCode::balanced);
}

TEST(Verdict, FewConnectionsOnFewerWorkersThanChanceExplainsArePinning) {
  EXPECT_EQ(judge(service_of(32).preexisting({8, 2}, 60s), 60s).code, VerdictCode::keepalive_pinning);
}

TEST(Verdict, AHandfulOfConnectionsIsNeverAnAlarm) {
  for (std::uint64_t connections = 1; connections < 8; ++connections) {
    EXPECT_FALSE(is_alarm(judge(service_of(32).preexisting({connections}, 60s), 60s)));
    EXPECT_FALSE(is_alarm(judge(service_of(2).closed({connections}, 5ms), 60s)));
  }
}

// ---- accept_queue_saturated

TEST(Verdict, AnOverflowIsCritical) {
  const Finding verdict = judge(service_of(4).closed(Counts(4, 500), 5ms).queue(129, 128, 17), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::accept_queue_saturated);
  EXPECT_EQ(verdict.severity, Severity::critical);
  EXPECT_EQ(verdict.summary,
            "17 connection attempts were dropped at the listening socket: workers do not accept fast enough");
  EXPECT_THAT(raw(verdict.evidence), Contains("The accept queue was up to 129 deep; the backlog is 128."));
  EXPECT_THAT(raw(verdict.advice), Contains(HasSubstr("larger backlog (now 128;")));
}

TEST(Verdict, LongWaitsAreAWarningHoweverFullTheQueueIs) {
  const auto loaded = [] { return service_of(4).closed(Counts(4, 500), 5ms); };

  EXPECT_EQ(judge(loaded().queue(120, 128).waits(2000, 40ms, 350ms), 60s).code, VerdictCode::accept_queue_saturated);
  EXPECT_EQ(judge(loaded().queue(120, 128).waits(2000, 40ms, 350ms), 60s).severity, Severity::warning);
  EXPECT_EQ(judge(loaded().queue(6, 4096).waits(2000, 40ms, 350ms), 60s).code, VerdictCode::accept_queue_saturated);
  EXPECT_EQ(judge(loaded().queue(120, 128).waits(2000, 1ms, 9ms), 60s).code, VerdictCode::balanced);
  EXPECT_EQ(judge(loaded().queue(120, 128).waits(19, 40ms, 350ms), 60s).code, VerdictCode::balanced);
}

TEST(Verdict, WorkersThatAcceptNothingWhileConnectionsWaitAreNotNoTraffic) {
  const Finding verdict = judge(service_of(4).queue(60, 128), 10s);

  EXPECT_EQ(verdict.code, VerdictCode::accept_queue_saturated);
  EXPECT_EQ(verdict.summary, "60 connections waited and none was accepted in 10 s");
}

TEST(Verdict, IsTheWorstFindingAndTheOthersFollow) {
  const auto pinned = [] { return service_of(32).preexisting({20, 12, 8}, 60s).bytes({9000, 8000, 7000}); };
  const auto codes = [](const ServiceRow& row) {
    std::vector<VerdictCode> found;
    for (const Finding& finding : row.findings) found.push_back(finding.code);
    return found;
  };

  const ServiceRow waiting = judged(pinned().queue(120, 128).waits(2000, 40ms, 350ms), 60s);
  EXPECT_THAT(codes(waiting), ElementsAre(VerdictCode::keepalive_pinning, VerdictCode::accept_queue_saturated));
  EXPECT_EQ(waiting.verdict, waiting.findings.front());

  const ServiceRow dropping = judged(pinned().queue(129, 128, 1), 60s);  // as severe, but the worse harm
  EXPECT_THAT(codes(dropping), ElementsAre(VerdictCode::accept_queue_saturated, VerdictCode::keepalive_pinning));
  EXPECT_THAT(dropping.verdict.summary.raw(), HasSubstr("1 connection attempt was dropped"));
}

TEST(Verdict, WithoutAFindingIsOkWithItsReason) {
  const ServiceRow row = judged(service_of(4).closed(Counts(4, 250), 5ms), 60s);

  EXPECT_THAT(row.findings, IsEmpty());
  EXPECT_EQ(row.verdict.severity, Severity::ok);
  EXPECT_EQ(row.verdict.summary, "All 4 workers have had their share of 1,000 connections");
}

// ---- not_told

TEST(Verdict, ConnectionsOfNoKnownWorkerAreNeverCalledFine) {
  ServiceRow row = service_of(3);
  row.counts.accepts = row.counts.closes = 40;  // as the kernel counts accepts that it only notices at the close

  const Finding verdict = judge(row, 60s);
  EXPECT_EQ(verdict.code, VerdictCode::not_told);
  EXPECT_EQ(verdict.severity, Severity::info);
  EXPECT_EQ(verdict.summary, "The worker of 40 of 40 connections is not known: how they are spread cannot be told");
}

TEST(Verdict, AFewConnectionsOfNoKnownWorkerHideNothing) {
  for (const std::uint64_t unknown : {50U, 60U}) {
    auto builder = service_of(4).closed(Counts(4, 250), 5ms);
    builder.row().counts.accepts += unknown;
    builder.row().counts.closes += unknown;
    EXPECT_EQ(judge(builder, 60s).code, unknown == 50 ? VerdictCode::balanced : VerdictCode::not_told);
  }
}

TEST(Verdict, NoSpreadIsJudgedIfManyWorkersAreNotKnown) {
  auto builder = service_of(4).closed({40}, 5ms);
  builder.row().counts.accepts += 120;
  builder.row().counts.closes += 120;

  const ServiceRow row = judged(builder, 60s);
  EXPECT_EQ(row.verdict.code, VerdictCode::not_told);
  EXPECT_FALSE(has_finding(row, VerdictCode::accept_skew));
}

TEST(Verdict, AcceptsThatTheKernelDidNotReportAreNeverCalledFine) {
  for (const auto loss : {&Losses::program_skipped, &Losses::unknown_close, &Losses::pid_filter_full}) {
    Losses losses;
    losses.*loss = 51;
    EXPECT_EQ(judged(service_of(4).closed(Counts(4, 250), 5ms), 60s, losses).verdict.code, VerdictCode::not_told);
    losses.*loss = 50;
    EXPECT_EQ(judged(service_of(4).closed(Counts(4, 250), 5ms), 60s, losses).verdict.code, VerdictCode::balanced);
  }
}

TEST(Verdict, UnseenConnectionsDoNotHideAnAlarm) {
  Losses losses;
  losses.program_skipped = 20;
  const ServiceRow row = judged(service_of(32).preexisting({20, 12, 8}, 60s), 60s, losses);

  EXPECT_EQ(row.verdict.code, VerdictCode::keepalive_pinning);
  EXPECT_TRUE(has_finding(row, VerdictCode::not_told));
}

TEST(Verdict, WhoIsOutOfSightIsNotComparedWithOthers) {
  auto pinned = service_of(4).open({40}, 30s);
  EXPECT_EQ(judge(pinned, 60s).code, VerdictCode::keepalive_pinning);
  auto builder = service_of(4).open({40}, 30s);
  builder.row().workers_out_of_sight = 1;

  const ServiceRow row = judged(builder, 60s);
  EXPECT_EQ(row.verdict.code, VerdictCode::not_told);
  EXPECT_EQ(row.verdict.summary,
            "1 process outside of this pid namespace accepted 40 connections: who else could have cannot be seen from "
            "here");
  EXPECT_FALSE(has_finding(row, VerdictCode::keepalive_pinning));
}

// ---- handed_over

TEST(Verdict, ConnectionsServedByOthersThanTheAcceptorAreHandedOver) {
  auto builder = service_of(8).open({40}, 30s);
  builder.row().handed_over = 38;
  const Finding verdict = judge(builder, 60s);

  EXPECT_EQ(verdict.code, VerdictCode::handed_over);
  EXPECT_EQ(verdict.severity, Severity::info);
  EXPECT_EQ(verdict.summary,
            "38 of 40 connections are held by others than the worker that accepted, and these are not known");
  builder.row().handed_over = 3;
  EXPECT_EQ(judge(builder, 60s).code, VerdictCode::keepalive_pinning);
}

/// One process accepts 400 connections for four others, which have `counts` of them.
ServiceRow passed_on(const Counts& counts) {
  ServiceRow row = service_of(5).closed({0, 0, 0, 0, 400}, 5ms);
  row.handed_over = 400;
  for (std::size_t i = 0; i < 5; ++i) row.workers[i].held = Held{i < 4 ? counts[i] : 0, 0, 0s, 0};
  row.workers[4].role = Role::acceptor;
  row.workers_eligible = 4;
  return row;
}

TEST(Verdict, AnEvenSpreadOverThoseThatServeIsBalanced) {
  const Finding verdict = judge(passed_on({100, 100, 100, 100}), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::balanced);
  EXPECT_THAT(verdict.summary.raw(), HasSubstr("All 4 workers have had their share of 400 connections"));
  EXPECT_THAT(raw(verdict.evidence),
              Contains(HasSubstr("accepted by another worker than the one that had them: pid 105")));
}

TEST(Verdict, AnUnevenSpreadOverThoseThatServeIsForTheAcceptorToMend) {
  const Finding verdict = judge(passed_on({370, 10, 10, 10}), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::accept_skew);
  EXPECT_EQ(verdict.severity, Severity::warning);
  EXPECT_THAT(verdict.summary.raw(), StartsWith("1 of 4 workers had 370 of 400 connections"));
  EXPECT_THAT(raw(verdict.advice), Contains(HasSubstr("is up to pid 105")));
  EXPECT_THAT(raw(verdict.advice), Not(Contains(HasSubstr("SO_REUSEPORT"))));
}

TEST(Verdict, IsTheSameFromFairDrawsThatAreKept) {
  FairDraws draws;
  for (int tick = 0; tick < 2; ++tick) {
    for (const std::size_t workers : {8U, 32U}) {
      ServiceRow row = service_of(workers).preexisting({20, 12, 8}, 60s);
      acceptscope::judge(row, 60s, {}, draws);
      EXPECT_EQ(row.verdict, judge(row, 60s)) << workers << " workers, tick " << tick;
    }
  }
}

// ---- error rates

/// Counts of a fair draw; the engine's remainder is fair enough for some thousand draws.
Counts fair_draw(std::mt19937_64& engine, std::size_t workers, std::uint64_t connections) {
  Counts counts(workers, 0);
  for (std::uint64_t i = 0; i < connections; ++i) ++counts[engine() % workers];
  return counts;
}

TEST(Verdict, OfFewerThanTwoPercentOfFairDrawsIsAnAlarm) {
  std::mt19937_64 engine(20'251'124);
  int pinned = 0, skewed = 0;
  for (int draw = 0; draw < 1000; ++draw) {
    const std::size_t workers = 8 + engine() % 57;
    const std::uint64_t connections = 10 + engine() % 991;
    pinned += is_alarm(judge(service_of(workers).preexisting(fair_draw(engine, workers, connections), 60s), 60s));
    skewed += is_alarm(judge(service_of(workers).closed(fair_draw(engine, workers, connections), 5ms), 60s));
  }
  RecordProperty("pinned_of_1000", pinned);
  RecordProperty("skewed_of_1000", skewed);
  EXPECT_LT(pinned, 20);
  EXPECT_LT(skewed, 20);
}

TEST(Verdict, OfFairDrawsOfFewConnectionsIsRarelyAnAlarm) {
  std::mt19937_64 engine(4711);
  int alarms = 0;
  for (int draw = 0; draw < 1000; ++draw) {
    const std::size_t workers = 2 + engine() % 31;
    alarms += is_alarm(judge(service_of(workers).closed(fair_draw(engine, workers, 8 + engine() % 33), 5ms), 60s));
  }
  RecordProperty("alarms_of_1000", alarms);
  EXPECT_LT(alarms, 20);
}

TEST(Verdict, OfPoolsOnAQuarterOfTheWorkersIsAlwaysAnAlarm) {
  std::mt19937_64 engine(1);
  for (int draw = 0; draw < 200; ++draw) {
    const std::size_t workers = 8 + engine() % 57;
    const std::uint64_t connections = workers + engine() % 500;
    Counts counts = fair_draw(engine, workers / 4, connections);
    EXPECT_EQ(judge(service_of(workers).preexisting(counts, 60s), 60s).code, VerdictCode::keepalive_pinning)
        << connections << " over " << workers / 4 << " of " << workers;
  }
}

}  // namespace
}  // namespace acceptscope::testing
