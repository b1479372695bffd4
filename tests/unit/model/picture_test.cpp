// SPDX-License-Identifier: BSD-2-Clause
/// The whole picture: eligible workers, pre-existing connections, activity.
#include <gmock/gmock.h>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

RunOptions selected() {
  RunOptions options;
  options.show_idle_services = true;
  return options;
}

std::vector<std::uint32_t> pids(const ServiceRow& row) {
  std::vector<std::uint32_t> result;
  for (const WorkerRow& worker_row : row.workers) result.push_back(worker_row.pid);
  return result;
}

/// `count` workers from pid 101 on, children of 100, which also holds the socket but does not poll it.
TickBuilder roll_call(Nanoseconds since_start, std::uint32_t count) {
  TickBuilder result = tick(since_start);
  result.with(listeners(1)).with(Holder(holder(worker(100)).named("master").waiting(false)));
  for (std::uint32_t pid = 101; pid <= 100 + count; ++pid)
    result.with(Holder(holder(worker(pid)).named("worker").child_of(100).waiting(true, false)));
  return result;
}

// --- roll call

TEST(RollCallPicture, HoldersThatNeverAcceptedAreIdleWorkers) {
  auto traced = run();
  traced.apply(roll_call(1s, 3).with(counters_of(worker(102)).named("worker").accepts(2)).with_service_totals());
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_THAT(pids(row), ElementsAre(102, 101, 103, 100));
  EXPECT_EQ(row.workers_eligible, 3u);
  EXPECT_EQ(row.workers_idle, 2u);
  EXPECT_EQ(row.workers[1].counts.accepts, 0u);
  EXPECT_EQ(row.workers[1].comm, "worker");
  EXPECT_EQ(row.workers[1].start_time, kStartedAt + -150s);
  EXPECT_EQ(row.listen_sockets, 1u);
  EXPECT_EQ(row.backlog, 128u);
  EXPECT_EQ(row.epoll_exclusive, false);
}

TEST(RollCallPicture, TheParentThatNeitherAcceptsNorPollsIsASupervisor) {
  auto traced = run();
  traced.apply(roll_call(1s, 2).with(counters_of(worker(101)).accepts(1)).with_service_totals());
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_EQ(row.workers.back().pid, 100u);
  EXPECT_EQ(row.workers.back().role, Role::supervisor);
  EXPECT_EQ(row.workers[0].role, Role::worker);
}

TEST(RollCallPicture, AParentThatServedIsAWorker) {
  auto traced = run();
  traced.apply(roll_call(1s, 1).with(counters_of(worker(101)).accepts(1)).with(counters_of(worker(100)).requests(1)));
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_EQ(row.workers_eligible, 2u);
  EXPECT_THAT(pids(row), ElementsAre(101, 100));
  EXPECT_EQ(row.workers.back().role, Role::worker);
}

TEST(RollCallPicture, AProcessThatServesButNeverAcceptedHasARowAndATimeline) {
  auto traced = run();
  traced.apply(roll_call(1s, 1).with(counters_of(worker(101)).accepts(1).requests(0)).with(counters_of(worker(7))));
  traced.apply(roll_call(2s, 1)
                   .with(counters_of(worker(101)).accepts(1).requests(0))
                   .with(counters_of(worker(7)).requests(4, 1, 250ms)));
  const ServiceRow row = finished(traced).services.at(0);

  EXPECT_THAT(pids(row), ElementsAre(101, 7, 100));
  EXPECT_EQ(row.workers[1].role, Role::worker);
  EXPECT_EQ(row.workers_eligible, 2u);
  EXPECT_EQ(row.workers_idle, 1u) << "of connections: it has none";
  EXPECT_EQ(row.requests->load.count, 4u);
  EXPECT_EQ(row.timeline.workers.at(1).pid, 7u);
  EXPECT_EQ(row.timeline.workers.at(1).busy.back(), 250ms);
}

TEST(RollCallPicture, AParentThatAcceptsOrPollsOrOwnsIsAWorker) {
  const auto eligible = [](TickBuilder last) {
    auto traced = run(selected());
    traced.apply(Tick(last.with(Holder(holder(worker(1)).child_of(7))).with_service_totals()));
    return traced.snapshot().services.at(0).workers_eligible;
  };

  EXPECT_EQ(eligible(tick(1s).with(Holder(holder(worker(7))))), 1u);
  EXPECT_EQ(eligible(tick(1s).with(Holder(holder(worker(7)).waiting(true)))), 2u);
  EXPECT_EQ(eligible(tick(1s).with(Holder(holder(worker(7)))).with(counters_of(worker(7)).accepts(1))), 2u);
  EXPECT_EQ(eligible(tick(1s).with(Holder(holder(worker(7)))).with(counters_of(worker(7)).preexisting(1))), 2u);
}

TEST(RollCallPicture, AWorkerThatLeavesKeepsItsRowAndItsSuccessorHasItsPlace) {
  auto traced = run();
  ProcessInfo exit;
  exit.worker = worker(101);
  exit.exited = true;
  traced.apply(roll_call(1s, 3).with(counters_of(worker(101)).accepts(5).closed_after({1s})).with_service_totals());
  traced.apply(Tick(tick(2s)
                        .with(listeners(1))
                        .with(exit)
                        .with(Holder(holder(worker(100)).waiting(false)))
                        .with(Holder(holder(worker(103)).child_of(100).waiting(true)))
                        .with(Holder(holder(worker(104, 1052s)).child_of(100).waiting(true)))));  // born now
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_THAT(pids(row), ElementsAre(101, 102, 103, 104, 100));
  EXPECT_TRUE(row.workers[0].exited);
  EXPECT_TRUE(row.workers[1].exited);
  EXPECT_FALSE(row.workers[2].exited);
  EXPECT_EQ(row.workers_eligible, 3u);
  EXPECT_EQ(row.workers_at_once, (PoolSize{3, 3, 4}));
  EXPECT_EQ(row.workers_idle, 2u);
}

TEST(RollCallPicture, WhenTheServerHasStoppedAllItsWorkersWereEligible) {
  auto traced = run();
  traced.apply(
      roll_call(1s, 8)
          .with(counters_of(worker(101)).accepts(10).closed_after({1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms}))
          .with_service_totals());
  traced.apply(tick(2s));
  const ServiceRow row = finished(traced).services.at(0);

  EXPECT_EQ(row.workers_eligible, 8u);
  EXPECT_EQ(row.workers_idle, 7u);
  EXPECT_EQ(row.listen_sockets, 0u);
  EXPECT_EQ(row.verdict.code, VerdictCode::accept_skew);
}

TEST(RollCallPicture, WithThreadsAProcessHasARowOnlyIfNoneOfItsThreadsHas) {
  RunOptions options;
  options.by = WorkerUnit::thread;
  auto traced = run(options);
  traced.apply(tick(1s)
                   .with(Holder(holder(worker(7))))
                   .with(Holder(holder(worker(8))))
                   .with(counters_of(thread(7, 71, 901s)).accepts(2).closed_after({1s, 1s}))
                   .with_service_totals());
  traced.apply(tick(2s).with(Holder(holder(worker(8)))));
  const ServiceRow row = traced.snapshot().services.at(0);

  ASSERT_THAT(row.workers, SizeIs(2));
  EXPECT_EQ(row.workers[0].tid, 71u);
  EXPECT_TRUE(row.workers[0].exited);
  EXPECT_EQ(row.workers[1].pid, 8u);
  EXPECT_EQ(row.workers[1].tid, std::nullopt);
  EXPECT_EQ(row.workers_eligible, 2u);
}

TEST(RollCallPicture, IdleServicesAreShownWhenTheUserSelectedSome) {
  auto all = run();
  all.apply(roll_call(1s, 2));
  EXPECT_THAT(all.snapshot().services, IsEmpty());

  auto chosen = run(selected());
  chosen.apply(roll_call(1s, 2));
  ASSERT_THAT(chosen.snapshot().services, SizeIs(1));
  EXPECT_EQ(chosen.snapshot().services[0].workers_idle, 2u);
  EXPECT_EQ(chosen.snapshot().services[0].verdict.code, VerdictCode::no_traffic);
}

TEST(RollCallPicture, DroppedAttemptsAreTrafficToo) {
  Listeners full = listeners(1);
  full.drops.all = 3;
  full.queue_depth = 129;
  full.open.push_back({.depth = 129, .depth_max = 129});
  auto traced = run();
  traced.apply(tick(1s).with(full));
  const Snapshot snapshot = traced.snapshot();

  ASSERT_THAT(snapshot.services, SizeIs(1));
  EXPECT_EQ(
      snapshot.services[0].accept_queue,
      (AcceptQueue{.depth_max = 129, .depth = 129, .overflows = 3, .drops = 3, .looks = 1, .occupied_workers = 0}));
}

TEST(RollCallPicture, CommGlobsAreAboutHoldersToo) {
  RunOptions options = selected();
  options.comms = {"work*"};
  auto traced = run(options);
  traced.apply(roll_call(1s, 2)
                   .with(listeners(1, service("127.0.0.1:2")))
                   .with(Holder(holder(worker(5)).on(service("127.0.0.1:2")).named("sshd"))));
  const Snapshot snapshot = traced.snapshot();

  ASSERT_THAT(snapshot.services, SizeIs(1));
  EXPECT_THAT(pids(snapshot.services[0]), ElementsAre(101, 102));
}

TEST(RollCallPicture, WorkersThatWereForgottenAreCountedIfSelected) {
  RunOptions options = selected();
  options.comms = {"work*"};
  auto traced = run(options);
  constexpr auto kTicks = static_cast<std::uint32_t>(RollCall::kMinGone);
  for (std::uint32_t i = 0; i < kTicks; ++i)
    traced.apply(tick(std::chrono::seconds{i + 1})
                     .with(listeners(1))
                     .with(holder(worker(10'000 + i)).named("worker"))
                     .with(holder(worker(20'000 + i)).named("sshd")));
  const Snapshot snapshot = traced.snapshot();

  ASSERT_THAT(snapshot.services, SizeIs(1));
  const ServiceRow& row = snapshot.services[0];
  EXPECT_GT(row.workers_forgotten, 0u);
  EXPECT_EQ(row.workers.size() + row.workers_forgotten, kTicks);
}

TEST(RollCallPicture, AnotherAddressThanTheSelectedOneIsNotShown) {
  RunOptions options = selected();
  options.addresses = {address("10.0.0.1")};
  auto traced = run(options);
  traced.apply(roll_call(1s, 2));

  EXPECT_THAT(traced.snapshot().services, IsEmpty());
}

TEST(RollCallPicture, AListenerOfTheRollCallResolvesConnectionsWhoseListenerWasNotSeen) {
  const ServiceKey listener = service("0.0.0.0:8000");
  const ServiceKey local = service("10.0.0.1:8000");
  auto traced = run();
  traced.apply(tick(1s)
                   .with(Holder(holder(worker(1)).on(listener)))
                   .with(counters_of(local).accepts(1).without_listener())
                   .with(counters_of(worker(1)).on(local).accepts(1))
                   .with(open_connection().on(local)));
  const Snapshot snapshot = traced.snapshot();

  ASSERT_THAT(snapshot.services, SizeIs(1));
  EXPECT_EQ(snapshot.services[0].endpoint, endpoint("0.0.0.0:8000"));
  EXPECT_THAT(snapshot.services[0].workers, SizeIs(1));
}

// --- pre-existing connections

TEST(Preexisting, TheyAreOpenTheirWorkersAndNeverInALifetime) {
  auto traced = run();
  traced.apply(
      tick(10s)
          .with(counters_of(worker(1)).accepts(3).closed_after({1s}).preexisting(4).preexisting_closed_after({6s}))
          .with(open_connection().accepted_at(8s))
          .with(open_connection().accepted_at(8s))
          .with(open_connection().found_at())
          .with(open_connection().found_at())
          .with(open_connection().found_at())
          .with_service_totals());
  traced.apply(closed_connection());
  traced.apply(closed_connection().found_at().closed_at(6s));
  const Snapshot snapshot = finished(traced);
  const WorkerRow& row = snapshot.services.at(0).workers.at(0);

  const ConnectionCounts counts{.accepts = 3, .closes = 1, .preexisting = 4, .preexisting_closes = 1, .peak_open = 5};
  EXPECT_EQ(snapshot.totals, (Totals{.counts = counts, .open = 5}));
  EXPECT_EQ(row.open, 5u);
  EXPECT_EQ(row.counts.preexisting, 4u);
  EXPECT_EQ(row.counts.preexisting_closes, 1u);
  EXPECT_EQ(row.lifetime.closed, 1u);
  EXPECT_EQ(row.lifetime.max, 1s);
  EXPECT_EQ(row.lifetime.open, 5u);
  EXPECT_EQ(row.lifetime.open_age_max, 10s);
  EXPECT_EQ(row.connection_time, 1s + 6s + 2 * 2s + 3 * 10s);
  EXPECT_THAT(snapshot.consistency.broken, IsEmpty());
}

TEST(Preexisting, InTheListNothingIsClaimedOfThemThatNobodySaw) {
  auto traced = run();
  traced.apply(tick(10s)
                   .with(counters_of(worker(1)).preexisting(2).preexisting_closed_after({6s}))
                   .with(open_connection().found_at(1s).held_by(worker(9)))
                   .with_service_totals());
  traced.apply(closed_connection().found_at(1s).closed_at(7s).waited(1s));
  const std::vector<ConnectionRow> rows = finished(traced).connections;

  ASSERT_THAT(rows, SizeIs(2));
  for (const ConnectionRow& row : rows) {
    EXPECT_TRUE(row.preexisting);
    EXPECT_EQ(row.accepted_at, std::nullopt);
    EXPECT_EQ(row.accept_wait, std::nullopt);
    EXPECT_EQ(row.lifetime, std::nullopt);
  }
  EXPECT_EQ(rows[0].age_min, 6s);
  EXPECT_EQ(rows[0].closed_at, kStartedAt + 7s);
  EXPECT_EQ(rows[1].age_min, 9s);
  EXPECT_EQ(rows[1].held_by_pid, 9u);
}

TEST(Preexisting, WorkersAndServicesAreRankedByAllTheirConnections) {
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(worker(1)).accepts(3))
                   .with(counters_of(worker(2)).accepts(1).preexisting(4))
                   .with(counters_of(worker(1)).on(service("127.0.0.1:1")).preexisting(9))
                   .with_service_totals());
  const Snapshot snapshot = traced.snapshot();

  EXPECT_EQ(snapshot.services.at(0).endpoint, endpoint("127.0.0.1:1"));
  EXPECT_THAT(pids(snapshot.services.at(1)), ElementsAre(2, 1));
}

// --- activity, fairness, peers, verdict

TEST(Picture, AKeepAlivePoolFromBeforeIsSeenAtOnce) {
  RunInfo info;
  info.window = 1s;
  acceptscope::Run traced(info, {}, {}, kClock);
  traced.apply(roll_call(1s, 32));
  TickBuilder last = roll_call(2s, 32);
  std::uint32_t pid = 101;
  for (const std::uint64_t count : {20u, 12u, 8u}) {
    last.with(counters_of(worker(pid)).preexisting(count));
    for (std::uint64_t i = 0; i < count; ++i)
      last.with(open_connection().by(worker(pid)).found_at().from("10.0.0.7:1").bytes(10, 10).active());
    ++pid;
  }
  traced.apply(Tick(last.with_service_totals()));
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_EQ(row.workers_eligible, 32u);
  EXPECT_EQ(row.workers_idle, 29u);
  EXPECT_EQ(row.effective_workers.accepts, std::nullopt);
  EXPECT_NEAR(row.effective_workers.connection_seconds.value(), 2.63, 0.01);
  EXPECT_NEAR(row.effective_workers.bytes.value(), 2.63, 0.01);
  EXPECT_NEAR(row.effective_workers.fair_p01.value(), 13.8, 0.3);
  EXPECT_EQ(row.top_share.bytes, 0.5);
  EXPECT_EQ(row.verdict.code, VerdictCode::keepalive_pinning);
  EXPECT_THAT(row.peers, ElementsAre(PeerRow{address("10.0.0.7"), 40, 40, 40, 80s, 3}));
  EXPECT_EQ(row.workers[0].active_connections, 20u);
  EXPECT_EQ(row.active_workers.serving.max, 3u);
  EXPECT_EQ(row.active_workers.accepting.max, 0u);
}

TEST(Picture, ConnectionsThatNoRecordToldOfAreOfOtherPeers) {
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(worker(1)).accepts(5).closed_after({1s, 1s, 1s}))
                   .with(open_connection())
                   .with(open_connection())
                   .with_service_totals());
  traced.apply(closed_connection());

  EXPECT_EQ(traced.snapshot().services.at(0).peers.at(0).connections, 3u);
  EXPECT_EQ(traced.snapshot().services.at(0).peers_other, 2u);
}

TEST(Picture, HandedOverConnectionsAreCounted) {
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(worker(1)).accepts(2))
                   .with(open_connection().held_by(worker(2)))
                   .with(open_connection().unread(7))
                   .with_service_totals());
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_EQ(row.handed_over, 1u);
  EXPECT_EQ(row.workers.at(0).unread_connections, 1u);
  EXPECT_EQ(row.workers.at(0).unread_bytes, 7u);
}

/// The acceptor, pid 1, has accepted 40 connections and passed 10 to each of pids 2 to 5, of which 2 are open.
Tick passed_on() {
  TickBuilder result = tick(1s);
  WorkerCounters acceptor = counters_of(worker(1)).accepts(40).peak(40);
  acceptor.counts.closes = 32;
  acceptor.given = {32, 32s, 3200};
  result.with(acceptor);
  for (std::uint32_t pid = 2; pid <= 5; ++pid) {
    WorkerCounters counters = counters_of(worker(pid));
    counters.taken = {8, 8s, 800};
    result.with(counters);
    for (int i = 0; i < 2; ++i) result.with(open_connection().bytes(5, 5).held_by(worker(pid)));
  }
  return result.with(Holder(holder(worker(1)).waiting(true))).with_service_totals();
}

TEST(HandedOverPicture, WorkersAreThoseThatServe) {
  auto traced = run();
  traced.apply(passed_on());
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_THAT(pids(row), ElementsAre(2, 3, 4, 5, 1));
  EXPECT_EQ(row.workers.back().role, Role::acceptor);
  EXPECT_EQ(row.workers.back().held, (Held{0, 0, 0s, 0}));
  EXPECT_EQ(row.workers.front().held, (Held{10, 2, 10s, 820}));
  EXPECT_EQ(row.handed_over, 40u);
  EXPECT_EQ(row.workers_eligible, 4u);
  EXPECT_EQ(row.workers_idle, 0u);
  EXPECT_EQ(row.effective_workers.accepts, 4.0);
  EXPECT_EQ(row.effective_workers.connection_seconds, 4.0);
  EXPECT_EQ(row.effective_workers.bytes, 4.0);
  EXPECT_EQ(row.spread.total, 40u);
}

TEST(HandedOverPicture, WhoAlsoServesIsAWorker) {
  Tick tick = passed_on();
  tick.workers[0].given = {22, 22s, 2200};
  auto traced = run();
  traced.apply(std::move(tick));
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_EQ(row.workers_eligible, 5u);
  EXPECT_EQ(row.workers.front().pid, 1u);  // it kept 10
}

TEST(HandedOverPicture, OpenConnectionsBelongToThoseThatServeThem) {
  RunOptions options;
  options.by = WorkerUnit::thread;
  auto traced = run(options);
  TickBuilder now = tick(1s);
  now.with(counters_of(thread(7, 71)).accepts(20).requests(0)).with(counters_of(thread(7, 72)).requests(20));
  for (int i = 0; i < 20; ++i) {
    OpenConnection open = open_connection().by(thread(7, 71));
    open.last_server = 72;
    now.with(open);
  }
  traced.apply(now.with_service_totals());
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_EQ(row.handed_over, 20u);
  EXPECT_EQ(row.workers.at(0).tid, 72u);
  EXPECT_EQ(row.workers.at(0).held->open, 20u);
  EXPECT_EQ(row.workers.at(1).role, Role::acceptor);
}

TEST(HandedOverPicture, AHolderThatDidNothingYetHasARow) {
  auto traced = run();
  ProcessInfo process;
  process.worker = worker(2);
  process.comm = "worker";
  TickBuilder now = tick(1s);
  for (int i = 0; i < 3; ++i) now.with(open_connection().held_by(worker(2)));
  traced.apply(now.with(counters_of(worker(1)).accepts(3)).with(process).with_service_totals());
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_THAT(pids(row), ElementsAre(2, 1));
  EXPECT_EQ(row.workers.front().comm, "worker");
  EXPECT_EQ(row.workers.front().held->open, 3u);
}

TEST(Picture, WorkersThatReplaceOneAnotherAreAsManyAsThereAreAtATime) {
  // 8 places; each worker serves 50 requests and is replaced. Every second the roll call sees who is there then.
  auto traced = run();
  std::vector<WorkerCounters> all;
  for (int second = 0; second < 7; ++second) {
    const auto at = second * 1s;
    TickBuilder now = tick(at + 900ms);
    for (std::uint32_t place = 0; place < 8; ++place) {
      const WorkerKey born = worker(1000 + 10 * static_cast<std::uint32_t>(second) + place, 1050s + at + 1ms);
      all.push_back(counters_of(born).accepts(50));
      now.with(Holder(holder(born).child_of(100).waiting(true)));
      if (second == 0) continue;
      ProcessInfo gone;
      gone.worker = worker(1000 + 10 * static_cast<std::uint32_t>(second - 1) + place, 1050s + at - 1s + 1ms);
      gone.exited = true;
      gone.exited_at = kStart + at;
      now.with(gone);
    }
    for (const WorkerCounters& counters : all) now.with(counters);
    traced.apply(now.with(Holder(holder(worker(100)))).with_service_totals());

    const ServiceRow row = traced.snapshot().services.at(0);
    EXPECT_EQ(row.workers_eligible, 8u) << "after " << second << " s";
    EXPECT_EQ(row.effective_workers.accepts, 8.0);
    EXPECT_EQ(row.spread.workers(), 8u);
  }
  EXPECT_EQ(traced.snapshot().services.at(0).workers_at_once->seen, 56u);
}

TEST(Picture, TheTimelineHasTheWorkersOfTheRowsAndComesWithTheEnd) {
  RunInfo info;
  info.interval = info.window = 1s;
  acceptscope::Run traced(info, {}, {}, kClock);
  traced.apply(Tick(tick(1s)
                        .with(Holder(holder(worker(2))))
                        .with(counters_of(worker(1)).accepts(2).bytes(5, 5))
                        .with_service_totals()));
  traced.apply(Tick(tick(2s)
                        .with(Holder(holder(worker(2))))
                        .with(counters_of(worker(1)).accepts(3).bytes(5, 5))
                        .with(open_connection().bytes(1, 1).active())
                        .with_service_totals()));
  EXPECT_EQ(traced.snapshot().services.at(0).timeline, TimelineRows{});
  const ServiceRow row = finished(traced, 2s).services.at(0);

  ASSERT_THAT(row.timeline.workers, SizeIs(2));
  EXPECT_EQ(row.timeline.workers[0].pid, 1u);
  EXPECT_THAT(row.timeline.workers[0].accepts, ElementsAre(2, 1));
  EXPECT_THAT(row.timeline.workers[0].bytes, ElementsAre(10, 2));
  EXPECT_THAT(row.timeline.workers[1].accepts, ElementsAre(0, 0));
  EXPECT_EQ(row.active_workers.accepting.windows, 1u);
  EXPECT_EQ(row.active_workers.accepting.p50, 1u);
}

}  // namespace
}  // namespace acceptscope::testing
