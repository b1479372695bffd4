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
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Verdict judge(ServiceRow service, Nanoseconds duration) {
  FairDraws draws;
  acceptscope::judge(service, duration, draws);
  return service.verdict;
}

const Counts kPitchfork{49131, 46997, 44023, 38420, 14945, 1742, 91, 12, 0, 0, 0, 1, 0, 0, 0, 0};

bool is_alarm(const Verdict& verdict) {
  return verdict.code == VerdictCode::keepalive_pinning || verdict.code == VerdictCode::accept_skew;
}

// ---- nothing

TEST(Verdict, OfAServiceWithoutConnectionsIsNoTraffic) {
  const Verdict verdict = judge(service_of(4), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::no_traffic);
  EXPECT_EQ(verdict.severity, Severity::info);
  EXPECT_EQ(verdict.summary, "No connection was open or accepted in 60 s");
}

TEST(Verdict, WithoutAnyKnownWorkerThereIsNothingToJudge) {
  ServiceRow row = service_of(0);
  row.counts.accepts = row.counts.closes = 100;

  EXPECT_EQ(judge(row, 60s).code, VerdictCode::no_traffic);
}

TEST(Verdict, OfASingleWorkerIsBalanced) {
  const Verdict verdict = judge(service_of(1).closed({1000}, 5ms), 10s);

  EXPECT_EQ(verdict.code, VerdictCode::balanced);
  EXPECT_EQ(verdict.severity, Severity::ok);
  EXPECT_EQ(verdict.summary, "The only worker has all 1,000 connections");
}

// ---- keepalive_pinning

TEST(Verdict, APoolOfFortyOnThreeOfThirtyTwoWorkersIsPinning) {
  ServiceRow row = service_of(32).preexisting({20, 12, 4}, 41s).open({0, 0, 4}, 41s);
  const Verdict verdict = judge(row, 41s);

  EXPECT_EQ(verdict.code, VerdictCode::keepalive_pinning);
  EXPECT_EQ(
      verdict.summary,
      "3 of 32 workers own 40 of 40 connections (effective workers 2.6; a fair draw gives at least 13.8 in 99 % of "
      "cases); median age ≥ 41 s, 0.1 accepts/s");
  EXPECT_THAT(verdict.evidence,
              Contains("29 of 32 workers own none: pids 104, 105, 106, 107, 108, 109, 110, 111 and 21 more."));
  EXPECT_THAT(verdict.evidence, Contains("The busiest worker, pid 101, has 50 % of the connections."));
  EXPECT_THAT(verdict.evidence, Contains("40 connections open, median age ≥ 41 s, oldest ≥ 41 s."));
  EXPECT_THAT(verdict.advice, Contains(HasSubstr("maximum connection age")));
}

TEST(Verdict, UvicornWithAPoolOpenedBeforeTracingBeganIsPinningWithinTwoSeconds) {
  for (const Nanoseconds duration : {Nanoseconds{1s}, Nanoseconds{2s}, Nanoseconds{60s}}) {
    const Verdict verdict = judge(service_of(8).supervisor().preexisting({22, 11, 7}, duration), duration);

    EXPECT_EQ(verdict.code, VerdictCode::keepalive_pinning);
    EXPECT_THAT(verdict.summary, AllOf(HasSubstr("3 of 8 workers own 40 of 40 connections"), HasSubstr("no accepts")));
    EXPECT_THAT(verdict.evidence, Contains("5 of 8 workers own none: pids 104, 105, 106, 107, 108."));
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
  const Verdict verdict = judge(builder, 60s);

  EXPECT_EQ(verdict.severity, Severity::critical);
  EXPECT_THAT(verdict.evidence, Contains("Workers that exchanged any bytes, per window: 2 at the median, 3 at most."));
}

TEST(Verdict, APoolThatClosedAtTheEndOfTheRunWasPinnedAllTheSame) {
  const Verdict verdict = judge(service_of(32).closed({20, 12, 8}, 55s, 40), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::keepalive_pinning);
  EXPECT_THAT(verdict.summary, AllOf(HasSubstr("3 of 32 workers owned 40 of 40"), HasSubstr("median lifetime 55 s")));
}

TEST(Verdict, HealthChecksBesideThePoolDoNotHidePinning) {
  const Verdict verdict = judge(service_of(8).closed(Counts(8, 500), 3ms).preexisting({22, 11, 7}, 60s), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::keepalive_pinning);
  EXPECT_THAT(verdict.summary, HasSubstr("3 of 8 workers own 40 of 40 connections"));
}

TEST(Verdict, OfAPoolSpreadByAFairDrawIsBalanced) {
  const Verdict verdict = judge(service_of(8).preexisting({5, 3, 8, 4, 6, 2, 7, 5}, 60s), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::balanced);
  EXPECT_EQ(verdict.severity, Severity::ok);
  EXPECT_EQ(verdict.summary, "8 of 8 workers have had 40 connections (effective workers 7.0)");
}

TEST(Verdict, NamesTheSocketOptionThatIsNotSetYet) {
  auto builder = service_of(8).preexisting({22, 11, 7}, 60s);
  builder.row().reuseport = false;
  EXPECT_THAT(judge(builder, 60s).advice, Contains(HasSubstr("one listening socket per worker (SO_REUSEPORT)")));
  builder.row().reuseport = true;
  EXPECT_THAT(judge(builder, 60s).advice, Contains(HasSubstr("SO_REUSEPORT is on")));
}

// ---- accept_skew

TEST(Verdict, ManyShortConnectionsOnFewWorkersAreSkew) {
  ServiceRow row = service_of(16).closed(kPitchfork, 20ms);
  const Verdict verdict = judge(row, 60s);

  EXPECT_EQ(verdict.code, VerdictCode::accept_skew);
  EXPECT_EQ(verdict.severity, Severity::warning);
  EXPECT_EQ(
      verdict.summary,
      "4 of 16 workers accepted 178,571 of 195,362 connections (effective workers 4.6; a fair draw gives at least "
      "16.0 in 99 % of cases); 3,256 accepts/s, median lifetime 20 ms");
  EXPECT_THAT(verdict.evidence, Contains("7 of 16 workers accepted none: pids 109, 110, 111, 113, 114, 115, 116."));
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
      const Verdict verdict = judge(service_of(8).closed(counts, lifetime).open({6, 2}, lifetime / 2), 60s);
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
  const Verdict verdict = judge(service_of(8).open({40}, 200ms), 300ms);

  EXPECT_EQ(verdict.code, VerdictCode::balanced);
  EXPECT_EQ(verdict.severity, Severity::info);
  EXPECT_THAT(verdict.summary, HasSubstr("after 300 ms it is too early to judge"));
}

TEST(Verdict, SaysWhatTheWakeUpModeDoes) {
  auto builder = service_of(8).closed({349, 17, 4}, 30ms).queue(3, 2048);
  EXPECT_THAT(judge(builder, 60s).advice, Not(Contains(HasSubstr("EPOLLEXCLUSIVE"))));
  EXPECT_THAT(judge(builder, 60s).advice, Contains(HasSubstr("up to the backlog, now 2,048, per wake-up")));
  builder.row().epoll_exclusive = true;
  EXPECT_THAT(judge(builder, 60s).advice, Contains(HasSubstr("with EPOLLEXCLUSIVE")));
  builder.row().epoll_exclusive = false;
  EXPECT_THAT(judge(builder, 60s).advice, Contains(HasSubstr("without EPOLLEXCLUSIVE")));
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

  const Verdict verdict = judge(builder, 60s);
  EXPECT_THAT(verdict.evidence, Contains("5 of 8 workers own none: threads 104, 105, 106, 107, 108."));
  EXPECT_THAT(verdict.evidence, Contains("The busiest worker, thread 101, has 55 % of the connections."));
}

TEST(Verdict, SaysWhenOneClientHasMostOfTheConnections) {
  auto builder = service_of(8).preexisting({22, 11, 7}, 60s);
  PeerRow peer;
  peer.connections = 38;
  builder.row().peers = {peer};

  EXPECT_THAT(judge(builder, 60s).evidence, Contains("One client address has 38 of the 40 connections."));
}

TEST(Verdict, ASupervisorIsNotIdle) {
  const Verdict verdict = judge(service_of(4).supervisor().closed({250, 250, 250, 250}, 5ms), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::balanced);
  EXPECT_EQ(verdict.summary, "4 of 4 workers have had 1,000 connections (effective workers 4.0)");
  EXPECT_THAT(verdict.evidence, Each(Not(HasSubstr("100"))));
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
  const Verdict verdict = judge(service_of(5).closed({250, 250, 250, 250, 0}, 5ms).exited({4}), 60s);

  EXPECT_THAT(verdict.summary, HasSubstr("4 of 4 workers"));
}

TEST(Verdict, AServerThatEndedWithTheRunIsJudgedByAllItsWorkers) {
  EXPECT_EQ(judge(service_of(4).closed({4000, 10, 10, 10}, 5ms).exited({0, 1, 2, 3}), 60s).code,
            VerdictCode::accept_skew);
}

TEST(Verdict, EligibleWorkersWithoutARowAreIdle) {
  auto builder = service_of(3).preexisting({20, 12, 8}, 60s);
  EXPECT_EQ(judge(builder, 60s).code, VerdictCode::balanced);
  builder.row().workers_eligible = 32;

  const Verdict verdict = judge(builder, 60s);
  EXPECT_EQ(verdict.code, VerdictCode::keepalive_pinning);
  EXPECT_THAT(verdict.summary, HasSubstr("3 of 32 workers own 40 of 40"));
}

// ---- too_few_connections

TEST(Verdict, FewerConnectionsThanWorkersAreNobodysFault) {
  const Verdict verdict = judge(service_of(32).preexisting({2, 1, 1, 1, 1, 1, 1, 1, 1}, 60s), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::too_few_connections);
  EXPECT_EQ(verdict.severity, Severity::info);
  EXPECT_EQ(verdict.summary,
            "10 connections at most at a time for 32 workers: 22 or more have nothing to do whoever accepts");
  EXPECT_THAT(verdict.evidence, Contains(HasSubstr("23 of 32 workers had none: pids 110, 111")));
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
  const Verdict verdict = judge(service_of(4).closed(Counts(4, 500), 5ms).queue(129, 128, 17), 60s);

  EXPECT_EQ(verdict.code, VerdictCode::accept_queue_saturated);
  EXPECT_EQ(verdict.severity, Severity::critical);
  EXPECT_EQ(verdict.summary,
            "17 connection attempts were dropped at the listening socket: workers do not accept fast enough");
  EXPECT_THAT(verdict.evidence, Contains("The accept queue was up to 129 deep; the backlog is 128."));
  EXPECT_THAT(verdict.advice, Contains(HasSubstr("larger backlog (now 128;")));
}

TEST(Verdict, LongWaitsInANearlyFullQueueAreAWarning) {
  const auto loaded = [] { return service_of(4).closed(Counts(4, 500), 5ms); };

  EXPECT_EQ(judge(loaded().queue(120, 128).waits(2000, 40ms, 350ms), 60s).code, VerdictCode::accept_queue_saturated);
  EXPECT_EQ(judge(loaded().queue(120, 128).waits(2000, 40ms, 350ms), 60s).severity, Severity::warning);
  EXPECT_EQ(judge(loaded().queue(60, 128).waits(2000, 40ms, 350ms), 60s).code, VerdictCode::balanced);
  EXPECT_EQ(judge(loaded().queue(120, 128).waits(2000, 1ms, 9ms), 60s).code, VerdictCode::balanced);
  EXPECT_EQ(judge(loaded().queue(120, 128).waits(19, 40ms, 350ms), 60s).code, VerdictCode::balanced);
}

TEST(Verdict, WorkersThatAcceptNothingWhileConnectionsWaitAreNotNoTraffic) {
  const Verdict verdict = judge(service_of(4).queue(60, 128), 10s);

  EXPECT_EQ(verdict.code, VerdictCode::accept_queue_saturated);
  EXPECT_EQ(verdict.summary, "60 connections waited and none was accepted in 10 s");
}

TEST(Verdict, OfTwoTheGraverComesFirstAndTheOtherIsEvidence) {
  const auto pinned = [] { return service_of(32).preexisting({20, 12, 8}, 60s).bytes({9000, 8000, 7000}); };

  const Verdict waiting = judge(pinned().queue(120, 128).waits(2000, 40ms, 350ms), 60s);
  EXPECT_EQ(waiting.code, VerdictCode::keepalive_pinning);
  EXPECT_THAT(waiting.evidence, Contains(HasSubstr("waited 350 ms or more to be accepted")));

  const Verdict dropping = judge(pinned().queue(129, 128, 1), 60s);
  EXPECT_EQ(dropping.code, VerdictCode::accept_queue_saturated);
  EXPECT_THAT(dropping.summary, HasSubstr("1 connection attempt was dropped"));
  EXPECT_THAT(dropping.evidence, Contains(HasSubstr("3 of 32 workers own 40 of 40")));
}

// ---- handed_over

TEST(Verdict, ConnectionsServedByOthersThanTheAcceptorAreHandedOver) {
  auto builder = service_of(8).open({40}, 30s);
  builder.row().handed_over = 38;
  const Verdict verdict = judge(builder, 60s);

  EXPECT_EQ(verdict.code, VerdictCode::handed_over);
  EXPECT_EQ(verdict.severity, Severity::info);
  EXPECT_EQ(verdict.summary, "38 of 40 open connections are held by other processes than the one that accepted");
  builder.row().handed_over = 3;
  EXPECT_EQ(judge(builder, 60s).code, VerdictCode::keepalive_pinning);
}

TEST(Verdict, IsTheSameFromFairDrawsThatAreKept) {
  FairDraws draws;
  for (int tick = 0; tick < 2; ++tick) {
    for (const std::size_t workers : {8U, 32U}) {
      ServiceRow row = service_of(workers).preexisting({20, 12, 8}, 60s);
      acceptscope::judge(row, 60s, draws);
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
