// SPDX-License-Identifier: BSD-2-Clause
#include "model/run.hpp"

#include <gmock/gmock.h>

#include <numeric>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

std::vector<std::uint32_t> pids(const ServiceRow& row) {
  std::vector<std::uint32_t> result;
  for (const WorkerRow& worker_row : row.workers) result.push_back(worker_row.pid);
  return result;
}

RunOptions with_comms(std::vector<std::string> comms) {
  RunOptions options;
  options.comms = std::move(comms);
  return options;
}

RunOptions with_rows(std::size_t rows) {
  RunOptions options;
  options.max_connection_rows = rows;
  return options;
}

// --- counters to rows

TEST(Run, TotalsAreTheKernelsServiceCounters) {
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(service("127.0.0.1:1")).accepts(5).closes(3).never_accepted(2))
                   .with(counters_of(service("127.0.0.1:2")).accepts(7).closes(7))
                   .with(counters_of(worker(1)).on(service("127.0.0.1:1")).accepts(5).closed_after({1s, 1s, 1s})));
  const Snapshot snapshot = traced.snapshot();

  EXPECT_EQ(snapshot.totals,
            (Totals{.counts = {.accepts = 12, .closes = 10, .peak_open = 2}, .open = 2, .never_accepted = 2}));
  ASSERT_EQ(snapshot.services.size(), 2u);
  EXPECT_EQ(snapshot.services[0].endpoint, endpoint("127.0.0.1:2"));
  EXPECT_EQ(snapshot.services[1].open, 2u);
  EXPECT_TRUE(snapshot.connections.empty());
}

TEST(Run, AServiceCountsWhatItsWorkersDoAlsoWhileTheyCount) {
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(service()).accepts(8).closes(4))
                   .with(counters_of(worker(1)).accepts(5).closed_after({1s, 1s, 1s}))
                   .with(counters_of(worker(2)).accepts(2))
                   .with_services_ahead());
  const ServiceRow row = traced.interim().services.at(0);

  EXPECT_EQ(row.counts.accepts, 7u);
  EXPECT_EQ(row.counts.closes, 3u);
  EXPECT_EQ(traced.interim().totals.counts.accepts, 7u);
}

TEST(Run, AServiceHasTheRequestsOfItsWorkersAndThoseOfNobody) {
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(service()).accepts(3).requests({12, 5, 4, 2, 700ms}, {2, 1, 0, 1, 0s}))
                   .with(counters_of(worker(1)).accepts(2).requests(6, 2, 600ms))
                   .with(counters_of(worker(2)).accepts(1).requests(3, 1, 500ms))
                   .with_services_ahead());
  const ServiceRow row = traced.interim().services.at(0);

  ASSERT_TRUE(row.requests.has_value());
  EXPECT_EQ(row.requests->load, (RequestLoad{2 + 6 + 3, 1 + 2 + 1, 4, 1, 700ms}))
      << "the peak and the busy time are not sums: the kernel counts them for the service";
}

TEST(Run, CpuTimeCountsFromTheFirstLookAtAProcess) {
  auto traced = run();
  const auto look = [&](Nanoseconds at, Nanoseconds used) {
    traced.apply(tick(at).with(counters_of(worker(1)).accepts(1)).with_cpu(worker(1), used).with_service_totals());
    return traced.snapshot().services.at(0).workers.at(0);
  };
  EXPECT_EQ(look(1s, 70s).cpu_time, 0s);
  EXPECT_NEAR(look(3s, 71s).recent_cpu, 0.5, 1e-9);
  EXPECT_EQ(look(4s, 72s).cpu_time, 2s);
  EXPECT_NEAR(look(5s, 72s).recent_cpu, 0, 1e-9);

  const TimelineRows timeline = finished(traced).services.at(0).timeline;
  ASSERT_EQ(timeline.workers.size(), 1U);
  EXPECT_EQ(std::accumulate(timeline.workers[0].cpu.begin(), timeline.workers[0].cpu.end(), Nanoseconds{0}), 2s);
}

TEST(Run, APictureInBetweenHasItsConnectionsAndNoEnd) {
  auto traced = run();
  traced.apply(
      tick(1s).with(counters_of(worker(7)).accepts(2)).with(open_connection().by(worker(7))).with_service_totals());
  traced.apply(
      tick(2s).with(counters_of(worker(7)).accepts(2)).with(open_connection().by(worker(7))).with_service_totals());
  const Snapshot interim = traced.interim();

  EXPECT_EQ(interim.connections.size(), 1u);
  EXPECT_FALSE(interim.services.at(0).timeline.start.empty());
  EXPECT_EQ(interim.run.duration, 2s);
  EXPECT_EQ(interim.run.end_reason, std::nullopt);
  EXPECT_EQ(interim.consistency.broken, traced.snapshot().consistency.broken);
}

TEST(Run, WorkersAreListedBusiestFirstThenByPid) {
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(worker(9)).accepts(3))
                   .with(counters_of(worker(7)).accepts(3))
                   .with(counters_of(worker(8)).accepts(40))
                   .with_service_totals());

  EXPECT_THAT(pids(traced.snapshot().services.at(0)), ElementsAre(8, 7, 9));
}

TEST(Run, AWorkersRowHoldsItsCountersAndItsProcess) {
  auto traced = run();
  ProcessInfo process{worker(7), "uvicorn app:app", "/system.slice/app.service"};
  traced.apply(tick(1s)
                   .with(counters_of(worker(7))
                             .named("uvicorn")
                             .accepts(3)
                             .peak(2)
                             .bytes(10, 20)
                             .ns_pid(12)
                             .closed_after({1s, 3s})
                             .waited({1ms}))
                   .with(open_connection().by(worker(7)).bytes(1, 2))
                   .with(process)
                   .with_service_totals());
  const WorkerRow row = traced.snapshot().services.at(0).workers.at(0);

  EXPECT_EQ(row.pid, 7u);
  EXPECT_EQ(row.tid, std::nullopt);
  EXPECT_EQ(row.ns_pid, 12u);
  EXPECT_EQ(row.start_time, kStartedAt + -150s);  // 900 s after the boot, which was 1050 s ago
  EXPECT_EQ(row.comm, "uvicorn");
  EXPECT_EQ(row.cmdline, "uvicorn app:app");
  EXPECT_EQ(row.cgroup, "/system.slice/app.service");
  EXPECT_EQ(row.open, 1u);
  EXPECT_EQ(row.counts.peak_open, 2u);
  EXPECT_EQ(row.connection_time, 4s + 1s);
  EXPECT_EQ(row.counts.bytes_received, 11u);
  EXPECT_EQ(row.counts.bytes_sent, 22u);
  EXPECT_EQ(row.accept_wait.count, 1u);
  EXPECT_EQ(row.accept_wait.max, 1ms);
}

TEST(Run, AServicesRowDescribesItsListenerAndMergesItsWorkers) {
  auto traced = run();
  traced.apply(
      tick(1s)
          .with(counters_of(service()).accepts(4).closes(3).peak(2).queue(17, 2048).reuseport())
          .with(counters_of(worker(1)).accepts(2).closed_after({1s, 2s}).bytes(1, 2))
          .with(
              counters_of(worker(2)).accepts(2).bytes(3, 4).closed_after({5s}, CloseReason::reset).waited({1ms, 3ms})));
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_EQ(row.backlog, 2048u);
  EXPECT_EQ(row.reuseport, true);
  EXPECT_EQ(row.accept_queue.depth_max, 17u);
  EXPECT_EQ(row.counts.peak_open, 2u);
  EXPECT_EQ(row.counts.bytes_received, 4u);
  EXPECT_EQ(row.counts.bytes_sent, 6u);
  EXPECT_EQ(row.lifetime.closed, 3u);
  EXPECT_EQ(row.lifetime.max, 5s);
  EXPECT_EQ(row.accept_wait.mean, 2ms);
  EXPECT_EQ(row.close_reasons.peer, 2u);
  EXPECT_EQ(row.close_reasons.reset, 1u);
}

TEST(Run, WhatIsNotKnownOfAListenerStaysUnknown) {
  auto traced = run();
  traced.apply(tick(1s).with(counters_of(service()).accepts(1).without_listener()));

  EXPECT_EQ(traced.snapshot().services.at(0).backlog, std::nullopt);
  EXPECT_EQ(traced.snapshot().services.at(0).reuseport, std::nullopt);
}

TEST(Run, RatesAreThoseOfTheLastTick) {
  auto traced = run();
  traced.apply(tick(1s).with(counters_of(worker(1)).accepts(5)).with_service_totals());
  EXPECT_EQ(traced.snapshot().services.at(0).recent_accepts, 5u);
  EXPECT_EQ(traced.snapshot().recent_interval, 1s);

  traced.apply(
      tick(3s).with(counters_of(worker(1)).accepts(9)).with(counters_of(worker(2)).accepts(1)).with_service_totals());
  const Snapshot snapshot = traced.snapshot();

  EXPECT_EQ(snapshot.recent_interval, 2s);
  EXPECT_EQ(snapshot.services.at(0).recent_accepts, 5u);
  EXPECT_EQ(snapshot.services.at(0).workers.at(0).recent_accepts, 4u);
  EXPECT_EQ(snapshot.services.at(0).workers.at(1).recent_accepts, 1u);
}

TEST(Run, RequestsAndBusyTimeOfTheLastTickAreKnown) {
  auto traced = run();
  traced.apply(tick(1s).with(counters_of(worker(1)).accepts(1).requests(5, 1, 700ms)));
  EXPECT_EQ(traced.snapshot().services.at(0).workers.at(0).recent_requests, 5u);

  traced.apply(tick(2s).with(counters_of(worker(1)).accepts(1).requests(8, 2, 1'600ms)));
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_EQ(row.recent_requests, 3u);
  EXPECT_EQ(row.workers.at(0).recent_requests, 3u);
  EXPECT_EQ(row.workers.at(0).recent_busy, 900ms);
  EXPECT_EQ(row.workers.at(0).requests->load.count, 8u);
}

TEST(Run, RequestsInFlightBeforeAreNoneOfTheFirstTicks) {
  RunInfo info;
  info.interval = 1s;
  acceptscope::Run traced(info, {}, {}, kClock);
  traced.apply(tick(5ms).with(counters_of(worker(1)).accepts(0).requests(32, 32, 5ms)).with_service_totals());
  EXPECT_EQ(traced.snapshot().recent_interval, 0s) << "no rate over 5 ms";
  EXPECT_EQ(traced.snapshot().services.at(0).workers.at(0).requests->load.count, 32u);

  traced.apply(tick(1s).with(counters_of(worker(1)).accepts(0).requests(34, 31, 1s)).with_service_totals());
  EXPECT_EQ(traced.snapshot().recent_interval, 1s);
  EXPECT_EQ(traced.snapshot().services.at(0).workers.at(0).recent_requests, 2u);
}

TEST(Run, ATickThatComesEarlyMakesNoRateOfItsOwn) {
  RunInfo info;
  info.interval = 1s;
  acceptscope::Run traced(info, {}, {}, kClock);
  const auto at = [&traced](Nanoseconds time, std::uint64_t accepts) {
    traced.apply(Tick(tick(time).with(counters_of(worker(1)).accepts(accepts)).with_service_totals()));
    const Snapshot snapshot = traced.snapshot();
    return std::pair(snapshot.services.at(0).recent_accepts, snapshot.recent_interval);
  };

  EXPECT_EQ(at(1s, 100), std::pair(100ul, Nanoseconds(1s)));
  EXPECT_EQ(at(2s, 150), std::pair(50ul, Nanoseconds(1s)));
  EXPECT_EQ(at(2s + 10ms, 151), std::pair(51ul, Nanoseconds(1s + 10ms)));
  EXPECT_EQ(at(3s, 200), std::pair(50ul, Nanoseconds(1s)));
  EXPECT_EQ(at(3s + 900ms, 290), std::pair(90ul, Nanoseconds(900ms)));
  EXPECT_EQ(at(4s, 300), std::pair(100ul, Nanoseconds(1s)));
}

TEST(Run, ALaterMaximumOfARecordCorrectsTheKernelsRacyOne) {
  WorkerCounters counters = counters_of(worker(1)).accepts(2).named("w");
  wire::histogram lifetimes{};
  lifetimes.count[Histogram::index_of(10s)] = 2;
  counters.lifetime = Histogram(lifetimes, 20s, 10s);
  counters.counts.closes = 2;
  auto traced = run();
  traced.apply(tick(11s).with(counters).with_service_totals());
  traced.apply(closed_connection().accepted_at(0s).closed_at(10s));
  traced.apply(closed_connection().accepted_at(0s).closed_at(10s + 5ms));

  EXPECT_EQ(traced.snapshot().services.at(0).workers.at(0).lifetime.max, 10s + 5ms);
  EXPECT_EQ(traced.snapshot().services.at(0).lifetime.max, 10s + 5ms);
}

// --- open connections

TEST(Run, OpenAgesStandBesideTheLifetimesAndNeverAmongThem) {
  auto traced = run();
  traced.apply(tick(100s)
                   .with(counters_of(worker(1)).accepts(3).closed_after({1s}))
                   .with(open_connection().accepted_at(0s))
                   .with(open_connection().accepted_at(60s))
                   .with_service_totals());
  const Snapshot snapshot = traced.snapshot();
  const LifetimeStats stats = snapshot.services.at(0).lifetime;

  EXPECT_EQ(stats.closed, 1u);
  EXPECT_EQ(stats.open, 2u);
  EXPECT_EQ(stats.mean, 1s);
  EXPECT_EQ(stats.max, 1s);
  EXPECT_EQ(stats.open_age_p50, 40s);
  EXPECT_EQ(stats.open_age_max, 100s);
  EXPECT_EQ(stats, snapshot.services.at(0).workers.at(0).lifetime);
  EXPECT_EQ(snapshot.services.at(0).workers.at(0).connection_time, 1s + 100s + 40s);
}

TEST(Run, WithNothingClosedThereIsNoLifetime) {
  auto traced = run();
  traced.apply(tick(41s).with(counters_of(worker(1)).accepts(1)).with(open_connection()).with_service_totals());
  const LifetimeStats stats = traced.snapshot().services.at(0).lifetime;

  EXPECT_EQ(stats.mean, std::nullopt);
  EXPECT_EQ(stats.p50, std::nullopt);
  EXPECT_EQ(stats.open_age_p50, 41s);
}

TEST(Run, AnUntrackedAcceptIsNeitherOpenNorClosed) {
  Losses losses;
  losses.connection_map_full = 2;
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(worker(1)).accepts(5).untracked(2).closed_after({1s}))
                   .with(open_connection())
                   .with(open_connection())
                   .with_service_totals()
                   .losing(losses));
  traced.apply(closed_connection());
  const Snapshot snapshot = finished(traced);

  EXPECT_EQ(snapshot.totals, (Totals{.counts = {.accepts = 5, .closes = 1, .peak_open = 2}, .open = 2}));
  EXPECT_EQ(snapshot.services.at(0).workers.at(0).open, 2u);
  EXPECT_THAT(snapshot.consistency.broken, IsEmpty());
}

TEST(Run, AnUnattributedAcceptIsTheServicesAndNoWorkers) {
  Losses losses;
  losses.unattributed_accept = 1;
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(service()).accepts(3).closes(2))
                   .with(counters_of(worker(1)).accepts(2).closed_after({1s}))
                   .with(open_connection())
                   .losing(losses));
  traced.apply(closed_connection());
  const Snapshot snapshot = finished(traced);

  EXPECT_EQ(snapshot.totals, (Totals{.counts = {.accepts = 3, .closes = 2, .peak_open = 1}, .open = 1}));
  EXPECT_EQ(snapshot.services.at(0).workers.at(0).counts.accepts, 2u);
  EXPECT_THAT(snapshot.consistency.broken, IsEmpty());
}

TEST(Run, ConnectionsOfAWorkerWithoutCountersAreTheServicesAlone) {
  Losses losses;
  losses.worker_map_full = 2;
  auto traced = run();
  traced.apply(tick(10s)
                   .with(counters_of(service()).accepts(3).closes(1))
                   .with(counters_of(worker(1)).accepts(1))
                   .with(open_connection().by(worker(1)))
                   .with(open_connection().by(worker(2)))
                   .losing(losses));
  traced.apply(closed_connection().by(worker(2)));
  const Snapshot snapshot = finished(traced);

  EXPECT_EQ(snapshot.totals, (Totals{.counts = {.accepts = 3, .closes = 1, .peak_open = 2}, .open = 2}));
  EXPECT_THAT(pids(snapshot.services.at(0)), ElementsAre(1));
  EXPECT_EQ(snapshot.services.at(0).lifetime.open, 2u);
  EXPECT_EQ(snapshot.connections.size(), 3u);
  EXPECT_THAT(snapshot.consistency.broken, IsEmpty());
}

TEST(Run, CountersThatAreAheadOfOneAnotherNeverMakeOpenNegative) {
  auto traced = run();
  traced.apply(tick(1s).with(counters_of(worker(1)).accepts(1).closed_after({1s, 1s})).with_service_totals());

  EXPECT_EQ(traced.snapshot().totals.open, 0u);
}

TEST(Run, APeakIsNeverBelowWhatIsOpen) {
  auto traced = run();
  traced.apply(
      tick(1s).with(counters_of(service()).accepts(3).peak(2)).with(counters_of(worker(1)).accepts(3).peak(2)));

  EXPECT_EQ(traced.snapshot().services.at(0).counts.peak_open, 3u);
  EXPECT_EQ(traced.snapshot().services.at(0).workers.at(0).counts.peak_open, 3u);
}

// --- identity of workers

TEST(Run, AReusedPidIsAnotherWorker) {
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(worker(7, 900s)).named("old").accepts(2))
                   .with(counters_of(worker(7, 950s)).named("new").accepts(1))
                   .with(ProcessInfo{.worker = worker(7, 900s), .cmdline = "old --flag", .cgroup = {}, .exited = true})
                   .with_service_totals());
  const std::vector<WorkerRow> rows = traced.snapshot().services.at(0).workers;

  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].comm, "old");
  EXPECT_TRUE(rows[0].exited);
  EXPECT_EQ(rows[1].comm, "new");
  EXPECT_FALSE(rows[1].exited);
  EXPECT_EQ(rows[1].cmdline, std::nullopt);
}

TEST(Run, AnExitedWorkerKeepsItsRowAndWhatWasKnownOfIt) {
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(worker(7)).accepts(2))
                   .with(ProcessInfo{.worker = worker(7), .cmdline = "uvicorn", .cgroup = "/app"})
                   .with_service_totals());
  traced.apply(tick(2s).with(ProcessInfo{.worker = worker(7), .cmdline = {}, .cgroup = {}, .exited = true}));
  const WorkerRow row = traced.snapshot().services.at(0).workers.at(0);

  EXPECT_TRUE(row.exited);
  EXPECT_EQ(row.counts.accepts, 2u);
  EXPECT_EQ(row.cmdline, "uvicorn");
  EXPECT_EQ(row.cgroup, "/app");
}

TEST(Run, ThreadsOfOneProcessAreWorkersOfTheirOwn) {
  RunOptions options;
  options.by = WorkerUnit::thread;
  auto traced = run(options);
  traced.apply(tick(1s)
                   .with(counters_of(thread(7, 71)).accepts(2))
                   .with(counters_of(thread(7, 72)).accepts(1))
                   .with(open_connection().by(thread(7, 72)))
                   .with_service_totals());
  const Snapshot snapshot = traced.snapshot();

  EXPECT_EQ(snapshot.run.by, "thread");
  ASSERT_EQ(snapshot.services.at(0).workers.size(), 2u);
  EXPECT_EQ(snapshot.services.at(0).workers[0].tid, 71u);
  EXPECT_EQ(snapshot.services.at(0).workers[1].tid, 72u);
  EXPECT_EQ(snapshot.services.at(0).workers[1].lifetime.open, 1u);
}

TEST(Run, OneWorkerOnTwoServicesHasARowOnEach) {
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(worker(1)).on(service("127.0.0.1:1")).accepts(2))
                   .with(counters_of(worker(1)).on(service("127.0.0.1:2")).accepts(3))
                   .with_service_totals());
  const Snapshot snapshot = traced.snapshot();

  ASSERT_EQ(snapshot.services.size(), 2u);
  EXPECT_EQ(snapshot.services[0].workers.at(0).counts.accepts, 3u);
  EXPECT_EQ(snapshot.services[1].workers.at(0).counts.accepts, 2u);
}

// --- services whose listener was not seen

TEST(Run, AServiceWithoutListenerIsMergedIntoTheOneThatIsKnown) {
  const ServiceKey local = service("10.0.0.1:8000");
  const ServiceKey listener = service("0.0.0.0:8000");
  auto traced = run();
  traced.apply(tick(10s)
                   .with(counters_of(local).accepts(2).closes(1).without_listener())
                   .with(counters_of(listener).accepts(3).closes(1).queue(4, 128))
                   .with(counters_of(worker(1)).on(local).accepts(2).closed_after({4s}))
                   .with(counters_of(worker(1)).on(listener).accepts(3).closed_after({2s}))
                   .with(open_connection().on(local).accepted_at(7s))
                   .with(open_connection().on(listener).accepted_at(8s))
                   .with(open_connection().on(listener).accepted_at(9s)));
  traced.apply(closed_connection().on(local));
  traced.apply(closed_connection().on(listener));
  const Snapshot snapshot = finished(traced);

  ASSERT_EQ(snapshot.services.size(), 1u);
  const ServiceRow& row = snapshot.services[0];
  EXPECT_EQ(row.endpoint, endpoint("0.0.0.0:8000"));
  EXPECT_EQ(row.counts.accepts, 5u);
  EXPECT_EQ(row.counts.closes, 2u);
  EXPECT_EQ(row.open, 3u);
  EXPECT_EQ(row.backlog, 128u);
  ASSERT_EQ(row.workers.size(), 1u);
  EXPECT_EQ(row.workers[0].counts.accepts, 5u);
  EXPECT_EQ(row.workers[0].lifetime.mean, 3s);
  EXPECT_EQ(row.workers[0].lifetime.open, 3u);
  EXPECT_EQ(row.workers[0].lifetime.open_age_p50, 2s);
  EXPECT_THAT(snapshot.connections, ::testing::Each(Field(&ConnectionRow::service, 0u)));
  EXPECT_THAT(snapshot.consistency.broken, IsEmpty());
}

TEST(Run, AListenerThatIsSeenLaterTakesInWhatCameBefore) {
  auto traced = run();
  traced.apply(tick(1s).with(counters_of(service("10.0.0.1:8000")).accepts(2).without_listener()));
  EXPECT_EQ(traced.snapshot().services.at(0).endpoint, endpoint("10.0.0.1:8000"));

  traced.apply(tick(2s).with(counters_of(service("[::]:8000")).accepts(1)));
  ASSERT_EQ(traced.snapshot().services.size(), 1u);
  EXPECT_EQ(traced.snapshot().services[0].endpoint, endpoint("[::]:8000"));
  EXPECT_EQ(traced.snapshot().services[0].counts.accepts, 3u);
  EXPECT_EQ(traced.service_of(closed_connection().on(service("10.0.0.1:8000"))), service("[::]:8000"));
}

TEST(Run, TheSameAddressInTwoNetworkNamespacesIsTwoServices) {
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(service("0.0.0.0:80", 1)).accepts(1))
                   .with(counters_of(service("0.0.0.0:80", 2)).accepts(2)));

  ASSERT_EQ(traced.snapshot().services.size(), 2u);
  EXPECT_EQ(traced.snapshot().services[0].netns, 2u);
}

TEST(Run, AServiceThatTheKernelHadNoRoomForIsKnownByItsWorkers) {
  Losses losses;
  losses.service_map_full = 3;
  auto traced = run();
  traced.apply(
      tick(1s).with(counters_of(worker(1)).accepts(2).closed_after({1s})).with(open_connection()).losing(losses));
  traced.apply(closed_connection());
  const Snapshot snapshot = finished(traced);

  EXPECT_EQ(snapshot.totals, (Totals{.counts = {.accepts = 2, .closes = 1, .peak_open = 1}, .open = 1}));
  EXPECT_THAT(snapshot.consistency.broken, IsEmpty());
}

// --- selection

TEST(Run, CommGlobsHideWorkersAndWhatIsTheirs) {
  auto traced = run(with_comms({"uvi*", "g?nicorn"}));
  traced.apply(tick(2s)
                   .with(counters_of(worker(1)).named("uvicorn").accepts(2).closed_after({1s}))
                   .with(counters_of(worker(2)).named("gunicorn").accepts(1))
                   .with(counters_of(worker(3)).named("nginx").accepts(9).closed_after({8s}))
                   .with(counters_of(worker(3)).on(service("127.0.0.1:2")).named("nginx").accepts(1))
                   .with(open_connection().by(worker(1)).accepted_at(1s))
                   .with(open_connection().by(worker(3)))
                   .with_service_totals());
  traced.apply(closed_connection().by(worker(1)));
  traced.apply(closed_connection().by(worker(3)));
  const Snapshot snapshot = finished(traced);

  EXPECT_EQ(snapshot.totals, (Totals{.counts = {.accepts = 3, .closes = 1, .peak_open = 2}, .open = 2}));
  ASSERT_EQ(snapshot.services.size(), 1u);
  EXPECT_THAT(pids(snapshot.services[0]), ElementsAre(1, 2));
  EXPECT_EQ(snapshot.services[0].lifetime.max, 1s);
  EXPECT_EQ(snapshot.services[0].lifetime.open, 1u);
  EXPECT_THAT(snapshot.connections, ::testing::Each(Field(&ConnectionRow::pid, 1u)));
  EXPECT_EQ(snapshot.connections.size(), 2u);
  EXPECT_EQ(snapshot.connections_omitted, 0u);
}

TEST(Run, ConsistencyIsAboutAllThatWasCountedWhateverIsHidden) {
  auto traced = run(with_comms({"none"}));
  traced.apply(
      tick(2s).with(counters_of(worker(1)).named("uvicorn").accepts(1).closed_after({1s})).with_service_totals());
  traced.apply(closed_connection());

  EXPECT_TRUE(finished(traced).services.empty());
  EXPECT_THAT(finished(traced).consistency.broken, IsEmpty());
  EXPECT_EQ(finished(traced).consistency.records_seen, 1u);
}

TEST(Run, ARecordThatComesBeforeItsWorkersNameIsDecidedLater) {
  auto traced = run(with_comms({"uvicorn"}));
  traced.apply(closed_connection().by(worker(1)));
  traced.apply(closed_connection().by(worker(2)));
  EXPECT_EQ(traced.row_of(ClosedConnection(closed_connection().by(worker(1)))), std::nullopt);

  traced.apply(tick(2s)
                   .with(counters_of(worker(1)).named("uvicorn").accepts(1).closed_after({1s}))
                   .with(counters_of(worker(2)).named("nginx").accepts(1).closed_after({1s}))
                   .with_service_totals());

  EXPECT_THAT(finished(traced).connections, ElementsAre(Field(&ConnectionRow::pid, 1u)));
}

TEST(Run, ListeningAddressesAreSelectedAfterTheServiceIsResolved) {
  RunOptions options;
  options.addresses = {address("0.0.0.0"), address("::1")};
  auto traced = run(options);
  traced.apply(closed_connection().on(service("10.0.0.1:80")).by(worker(1)));
  traced.apply(tick(2s)
                   .with(counters_of(service("0.0.0.0:80")).accepts(1))
                   .with(counters_of(service("10.0.0.1:80")).accepts(1).closes(1).without_listener())
                   .with(counters_of(service("127.0.0.1:81")).accepts(5))
                   .with(counters_of(worker(1)).on(service("0.0.0.0:80")).accepts(1))
                   .with(counters_of(worker(1)).on(service("10.0.0.1:80")).accepts(1).closed_after({1s}))
                   .with(counters_of(worker(2)).on(service("127.0.0.1:81")).accepts(5))
                   .with(open_connection().on(service("127.0.0.1:81")).by(worker(2)))
                   .with(open_connection().on(service("0.0.0.0:80")).by(worker(1))));
  const Snapshot snapshot = finished(traced);

  ASSERT_EQ(snapshot.services.size(), 1u);
  EXPECT_EQ(snapshot.totals, (Totals{.counts = {.accepts = 2, .closes = 1, .peak_open = 1}, .open = 1}));
  EXPECT_EQ(snapshot.connections.size(), 2u);
  EXPECT_EQ(snapshot.connections_omitted, 0u);
  EXPECT_EQ(traced.row_of(OpenConnection(open_connection().on(service("127.0.0.1:81"))), kStart), std::nullopt);
}

// --- single connections

TEST(Run, TheRowsOfClosedAndOfOpenConnectionsTellTheirRequests) {
  RunOptions options;
  options.requests = true;
  const auto traced = run(options);
  const auto closed = traced.row_of(ClosedConnection(closed_connection().served(10, 7, 2)));
  const auto open = traced.row_of(OpenConnection(open_connection().served(3, 8, 1)), kStart);

  ASSERT_TRUE(closed && open);
  EXPECT_EQ(closed->requests, 10u);
  EXPECT_EQ(closed->served_by_pid, 7u);
  EXPECT_EQ(closed->served_by_workers, 2u);
  EXPECT_EQ(open->requests, 3u);
  EXPECT_EQ(open->served_by_pid, 8u);
  EXPECT_EQ(open->served_by_workers, 1u);
}

TEST(Run, TheRowsOfConnectionsWhoseRequestsAreNotCountedSayNothingOfThem) {
  RunOptions options;
  options.requests = false;
  const auto row = run(options).row_of(ClosedConnection(closed_connection()));

  ASSERT_TRUE(row);
  EXPECT_EQ(row->requests, std::nullopt);
  EXPECT_EQ(row->served_by_pid, std::nullopt);
  EXPECT_EQ(row->served_by_workers, std::nullopt);
}

TEST(Run, TheDumpListsConnectionsInTheOrderOfTheirAccepts) {
  auto traced = run();
  traced.apply(tick(10s)
                   .with(counters_of(worker(1)).named("uvicorn").accepts(3).closed_after({1s, 7s}))
                   .with(open_connection().by(worker(1)).from("10.0.0.3:3").accepted_at(2s).waited(1us).bytes(5, 6))
                   .with_service_totals());
  traced.apply(closed_connection().from("10.0.0.2:2").accepted_at(3s).closed_at(4s).because(CloseReason::peer));
  traced.apply(closed_connection().from("10.0.0.1:1").accepted_at(1s).closed_at(8s).closed_by(77));
  const std::vector<ConnectionRow> rows = finished(traced, 11s).connections;

  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].id, 1u);
  EXPECT_EQ(rows[0].peer, endpoint("10.0.0.1:1"));
  EXPECT_EQ(rows[0].comm, "uvicorn");
  EXPECT_EQ(rows[0].accepted_at, kStartedAt + 1s);
  EXPECT_EQ(rows[0].closed_at, kStartedAt + 8s);
  EXPECT_EQ(rows[0].lifetime, 7s);
  EXPECT_EQ(rows[0].age_min, std::nullopt);
  EXPECT_EQ(rows[0].closed_by_pid, 77u);
  EXPECT_EQ(rows[1].id, 2u);
  EXPECT_EQ(rows[1].peer, endpoint("10.0.0.3:3"));
  EXPECT_EQ(rows[1].closed_at, std::nullopt);
  EXPECT_EQ(rows[1].lifetime, std::nullopt);
  EXPECT_EQ(rows[1].close_reason, std::nullopt);
  EXPECT_EQ(rows[1].age_min, 8s);
  EXPECT_EQ(rows[1].accept_wait, 1us);
  EXPECT_EQ(rows[1].bytes_sent, 6u);
  EXPECT_EQ(rows[2].id, 3u);
  EXPECT_EQ(rows[2].close_reason, CloseReason::peer);
  EXPECT_EQ(rows[2].closed_by_pid, std::nullopt);
}

TEST(Run, RowsBeyondTheLimitAreCountedInstead) {
  auto traced = run(with_rows(3));
  auto last = tick(10s).with(counters_of(worker(1)).accepts(7).closed_after({1s, 1s}));
  for (const Nanoseconds accepted : {9s, 5s, 7s, 6s, 8s}) last.with(open_connection().accepted_at(accepted));
  traced.apply(Tick(last.with_service_totals()));
  traced.apply(closed_connection().accepted_at(1s).closed_at(2s));
  traced.apply(closed_connection().accepted_at(2s).closed_at(3s));
  const Snapshot snapshot = finished(traced);

  ASSERT_EQ(snapshot.connections.size(), 3u);
  EXPECT_EQ(snapshot.connections[2].accepted_at, kStartedAt + 5s);  // the one that is open longest
  EXPECT_EQ(snapshot.connections_omitted, 4u);
  EXPECT_EQ(snapshot.totals.counts.accepts, 7u);
  EXPECT_EQ(snapshot.services.at(0).lifetime.open, 5u);
}

TEST(Run, WithoutRowsAllConnectionsAreOmittedAndAllStatisticsStay) {
  auto traced = run(with_rows(0));
  traced.apply(tick(10s)
                   .with(counters_of(worker(1)).accepts(2).closed_after({1s}))
                   .with(open_connection())
                   .with_service_totals());
  traced.apply(closed_connection());
  const Snapshot snapshot = finished(traced);

  EXPECT_TRUE(snapshot.connections.empty());
  EXPECT_EQ(snapshot.connections_omitted, 2u);
  EXPECT_EQ(snapshot.services.at(0).lifetime.closed, 1u);
  EXPECT_EQ(snapshot.services.at(0).lifetime.open, 1u);
}

TEST(Run, ALogLineNamesTheServiceAndTheWorker) {
  auto traced = run();
  traced.apply(tick(5s)
                   .with(counters_of(service("0.0.0.0:8000")).accepts(1))
                   .with(counters_of(worker(7)).on(service("0.0.0.0:8000")).named("uvicorn").accepts(1)));
  const ClosedConnection closed =
      closed_connection().on(service("0.0.0.0:8000")).to("10.0.0.1:8000").by(worker(7)).accepted_at(1s).closed_at(3s);
  const auto row = traced.row_of(closed);

  ASSERT_TRUE(row);
  EXPECT_EQ(row->comm, "uvicorn");
  EXPECT_EQ(row->pid, 7u);
  EXPECT_EQ(row->local, endpoint("10.0.0.1:8000"));
  EXPECT_EQ(row->lifetime, 2s);
  EXPECT_EQ(traced.service_of(closed), service("0.0.0.0:8000"));
}

// --- the run itself

TEST(Run, WhileItRunsItHasNoEndButALength) {
  auto traced = run();
  traced.apply(tick(5s));

  EXPECT_EQ(traced.snapshot().run.end_reason, std::nullopt);
  EXPECT_EQ(traced.snapshot().run.started_at, kStartedAt);
  EXPECT_EQ(traced.snapshot().run.ended_at, kStartedAt + 5s);
  EXPECT_EQ(traced.snapshot().run.duration, 5s);
  EXPECT_EQ(traced.snapshot().run.by, "process");
}

TEST(Run, AWorkerThatReadsNothingBetweenTwoLooksStalls) {
  RunOptions options;
  options.requests = true;
  auto traced = run(options);
  const auto look = [&traced](Nanoseconds at, std::uint64_t by_second) {
    traced.apply(tick(at)
                     .with(counters_of(worker(1)).accepts(1).requests(5))
                     .with(counters_of(worker(2)).accepts(1).requests(by_second))
                     .with(open_connection().by(worker(1)).waiting(500ms))
                     .with(open_connection().by(worker(2)).waiting(at)));
  };
  look(1s, 10);
  EXPECT_EQ(traced.snapshot().services.at(0).workers.at(0).stall, std::nullopt);
  look(3s, 70);

  const ServiceRow row = traced.snapshot().services.at(0);
  EXPECT_EQ(row.workers.at(0).stall, (Stall{2s, 1, 60, false}));
  EXPECT_EQ(row.workers.at(0).oldest_waiting, 2500ms);
  EXPECT_EQ(row.workers.at(1).stall, std::nullopt);
  EXPECT_EQ(row.verdict.code, VerdictCode::worker_stalled);
}

TEST(Run, ItsEndTellsWhenWhyAndHowTheCommandEnded) {
  RunInfo info;
  info.started_at = kStartedAt + 1s;
  info.command = CommandInfo{{"ab", "-n1"}, {}};
  acceptscope::Run traced(info, {"acceptscope", "1.2.3"}, {"host", "6.1.0", 2}, kClock);
  traced.apply(tick(4s));
  const Snapshot snapshot = traced.finish(kStart + 5s, EndReason::command, 137);

  EXPECT_EQ(snapshot.run.ended_at, kStartedAt + 5s);
  EXPECT_EQ(snapshot.run.duration, 4s);
  EXPECT_EQ(snapshot.run.end_reason, EndReason::command);
  EXPECT_EQ(snapshot.run.command, (CommandInfo{{"ab", "-n1"}, 137}));
  EXPECT_EQ(snapshot.recent_interval, 3s);
  EXPECT_EQ(snapshot.tool.version, "1.2.3");
  EXPECT_EQ(snapshot.host.kernel, "6.1.0");
}

TEST(Run, NothingSeenIsAnEmptyPictureThatAddsUp) {
  const Snapshot snapshot = finished(run());

  EXPECT_EQ(snapshot.totals, Totals{});
  EXPECT_TRUE(snapshot.services.empty());
  EXPECT_THAT(snapshot.consistency.broken, IsEmpty());
}

TEST(Run, LossesAndOverheadArePassedOnAndRecordsAreCounted) {
  Tick last = tick(1s).with(counters_of(worker(1)).accepts(2).closed_after({1s, 1s})).with_service_totals();
  last.losses.ring_full = 1;
  last.losses.unknown_close = 4;
  last.overhead.bpf_ns_per_accept = 700;
  auto traced = run();
  traced.apply(last);
  traced.apply(closed_connection());
  const Snapshot snapshot = finished(traced);

  EXPECT_EQ(snapshot.losses, last.losses);
  EXPECT_EQ(snapshot.overhead.bpf_ns_per_accept, 700);
  EXPECT_EQ(snapshot.consistency.records_seen, 1u);
  EXPECT_EQ(snapshot.consistency.records_lost, 1u);
  EXPECT_THAT(snapshot.consistency.broken, IsEmpty());
}

TEST(Run, ARecordThatNeverCameIsReportedAtTheEndOnly) {
  auto traced = run();
  traced.apply(tick(1s).with(counters_of(worker(1)).accepts(1).closed_after({1s})).with_service_totals());

  EXPECT_THAT(traced.snapshot().consistency.broken, IsEmpty());
  EXPECT_THAT(finished(traced).consistency.broken, ::testing::SizeIs(2));
}

TEST(Run, MoreRecordsThanClosesAreReportedAtOnce) {
  auto traced = run();
  traced.apply(closed_connection());
  traced.apply(tick(1s).with(counters_of(worker(1)).accepts(1)).with_service_totals());

  EXPECT_THAT(traced.snapshot().consistency.broken, ::testing::SizeIs(1));
}

// --- the open connections of one worker

/// The pid's worker as a view names it: by its row.
ListedWorker listed(const Run& traced, std::uint32_t pid) {
  const Snapshot snapshot = traced.snapshot();
  for (const ServiceRow& row : snapshot.services)
    for (const WorkerRow& worker_row : row.workers)
      if (worker_row.pid == pid) return {key_of(row), id_of(worker_row)};
  return {};
}

Tick two_workers_at(Nanoseconds at) {
  return tick(at)
      .with(counters_of(worker(1)).accepts(3))
      .with(counters_of(worker(2)).accepts(1))
      .with(open_connection().by(worker(1)).accepted_at(2s).unread(7))
      .with(open_connection().by(worker(2)).accepted_at(1s))
      .with(open_connection().by(worker(1)).accepted_at(1s))
      .with(open_connection().by(worker(1)).accepted_at(3s).held_by(worker(2)))
      .with_service_totals();
}

TEST(Run, ListsTheOpenConnectionsOfAWorkerThatAViewAsksFor) {
  auto traced = run();
  traced.apply(two_workers_at(5s));
  EXPECT_THAT(traced.snapshot().connections, IsEmpty());

  traced.list_open_of(listed(traced, 1));
  traced.apply(two_workers_at(6s));
  const Snapshot snapshot = traced.snapshot();

  ASSERT_EQ(snapshot.connections.size(), 3u) << "the one that it handed over among them";
  EXPECT_EQ(snapshot.connections[0].age_min, 5s) << "the longest open first";
  EXPECT_EQ(snapshot.connections[1].unread_bytes, 7u);
  EXPECT_EQ(snapshot.connections[2].held_by_pid, 2u);
  EXPECT_EQ(snapshot.connections_omitted, 0u);

  traced.list_open_of(listed(traced, 2));
  traced.apply(two_workers_at(7s));
  EXPECT_EQ(traced.snapshot().connections.size(), 2u) << "the one that it took over among them";
  traced.list_open_of(std::nullopt);
  EXPECT_THAT(traced.snapshot().connections, IsEmpty());
}

/// The dump's rows are full long before: they do not limit the list.
TEST(Run, ListsTheLongestOpenAndCountsTheOthers) {
  auto traced = run(with_rows(1));
  const auto many = [](Nanoseconds at) {
    auto ticked = tick(at).with(counters_of(worker(1)).accepts(Run::kMostListed + 5));
    for (std::size_t i = 0; i < Run::kMostListed + 5; ++i)
      ticked.with(open_connection().by(worker(1)).accepted_at(std::chrono::milliseconds(9'000 - i)));
    return ticked;
  };
  traced.apply(many(10s).with_service_totals());
  traced.list_open_of(listed(traced, 1));
  traced.apply(many(11s).with_service_totals());
  const Snapshot snapshot = traced.snapshot();

  EXPECT_EQ(snapshot.connections.size(), Run::kMostListed);
  EXPECT_EQ(snapshot.connections_omitted, 5u);
  EXPECT_EQ(snapshot.connections.front().age_min, 11s - 9s + std::chrono::milliseconds(Run::kMostListed + 4));
}

TEST(Run, AListedConnectionIsIdleSinceItsBytesMoved) {
  RunOptions options;
  options.requests = true;
  auto traced = run(options);
  const auto connections = [](Nanoseconds at) {
    return tick(at)
        .with(counters_of(worker(1)).accepts(4))
        .with(open_connection().by(worker(1)).accepted_at(1s).bytes(9, 9).moved_at(4s))
        .with(open_connection().by(worker(1)).accepted_at(2s).bytes(9, 9).active())
        .with(open_connection().by(worker(1)).accepted_at(3s).bytes(0, 0))
        .with(open_connection().by(worker(1)).accepted_at(4s).bytes(9, 0))
        .with_service_totals();
  };
  traced.apply(connections(9s));
  traced.list_open_of(listed(traced, 1));
  traced.apply(connections(10s));
  const Snapshot snapshot = traced.snapshot();

  ASSERT_EQ(snapshot.connections.size(), 4u);
  EXPECT_EQ(snapshot.connections[0].idle, 6s);
  EXPECT_LE(snapshot.connections[1].idle, 1s) << "since the tick before";
  EXPECT_EQ(snapshot.connections[2].idle, 7s) << "never";
  EXPECT_EQ(snapshot.connections[3].idle, std::nullopt) << "not known";
}

}  // namespace
}  // namespace acceptscope::testing
