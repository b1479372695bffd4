// SPDX-License-Identifier: BSD-2-Clause
#include "model/waiting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ServiceKey same(const ServiceKey& key) { return key; }

/// One listening socket with `depth` connections in its queue.
Listeners queue_of(std::uint32_t depth) {
  Listeners result = listeners(1);
  result.queue_depth = depth;
  result.open.push_back({.inode = 1, .holders = {7}, .depth = depth, .depth_max = depth});
  return result;
}

TEST(Waiting, TheWaitSoFarOfEachConnectionInTheQueueCounts) {
  const std::vector<QueuedConnection> waiting{queued(1s), queued(3s)};
  const auto summaries = summarize_waiting(waiting, std::vector{queue_of(2)}, kStart + 5s, same);

  ASSERT_THAT(summaries, SizeIs(1));
  const WaitingSummary& summary = summaries.at(service());
  EXPECT_EQ(summary.waits.count(), 2u);
  EXPECT_EQ(summary.waits.sum(), 6s);
  EXPECT_EQ(summary.oldest, 4s);
}

TEST(Waiting, OnlyTheYoungestCountIfTheQueueHoldsFewer) {
  const std::vector<QueuedConnection> waiting{queued(3s), queued(1s), queued(2s)};
  const auto summaries = summarize_waiting(waiting, std::vector{queue_of(1)}, kStart + 5s, same);

  EXPECT_EQ(summaries.at(service()).waits.count(), 1u);
  EXPECT_EQ(summaries.at(service()).oldest, 2s);
}

TEST(Waiting, NobodyWaitsWhereTheQueueIsEmptyOrNoListenerIsKnown) {
  const std::vector<QueuedConnection> waiting{queued(1s), queued(1s, service("127.0.0.1:1"))};

  EXPECT_THAT(summarize_waiting(waiting, std::vector{queue_of(0)}, kStart + 5s, same), IsEmpty());
  EXPECT_THAT(summarize_waiting(waiting, {}, kStart + 5s, same), IsEmpty());
}

TEST(Waiting, TheHeadOfAQueueCanBeOlderThanAllThatIsKnown) {
  Listeners two = queue_of(2);
  two.open.push_back({.inode = 2, .depth = 1, .head_since = kStart + 1s});
  const auto summaries = summarize_waiting(std::vector{queued(3s)}, std::vector{two}, kStart + 5s, same);

  EXPECT_EQ(summaries.at(service()).oldest, 4s);
  EXPECT_EQ(summaries.at(service()).waits.count(), 1u);
}

TEST(Waiting, AConnectionThatCameAfterTheTickHasNotWaitedYet) {
  const auto summaries = summarize_waiting(std::vector{queued(6s)}, std::vector{queue_of(1)}, kStart + 5s, same);

  EXPECT_EQ(summaries.at(service()).oldest, 0s);
}

TEST(Overflows, AreAllDropsOfASocketThatDefersNothingIfNothingElseIsKnown) {
  EXPECT_EQ(overflows_of({.all = 5}, std::nullopt), 5u);
  EXPECT_EQ(overflows_of({.all = 5, .deferring = 5}, std::nullopt), std::nullopt);
}

TEST(Overflows, AreNoMoreThanTheNamespaceCounted) {
  EXPECT_EQ(overflows_of({.all = 5}, NamespaceDrops{.overflows = 3}), 3u);
  EXPECT_EQ(overflows_of({.all = 5}, NamespaceDrops{.overflows = 30}), 5u);
}

TEST(Overflows, AreWhatIsLeftBesideDeferredHandshakes) {
  const ListenDrops drops{.all = 210, .deferring = 200};

  EXPECT_EQ(overflows_of(drops, NamespaceDrops{.overflows = 0, .deferred = 200}), 0u);
  EXPECT_EQ(overflows_of(drops, NamespaceDrops{.overflows = 100, .deferred = 200}), 10u);
  EXPECT_EQ(overflows_of(drops, NamespaceDrops{.overflows = 100, .deferred = 150}), 60u);
  EXPECT_EQ(overflows_of(drops, NamespaceDrops{.overflows = 100, .deferred = 999}), 10u);
}

// ---- in the picture

TEST(WaitingPicture, ThoseWhoStillWaitAreInTheWaitStatistics) {
  auto traced = run();
  traced.apply(tick(20s)
                   .with(counters_of(worker(7)).accepts(2).waited({30us, 40us}))
                   .with_service_totals()
                   .with(queue_of(3))
                   .with(queued(0s))
                   .with(queued(1s))
                   .with(queued(2s)));
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_EQ(row.accept_wait.count, 5u);
  EXPECT_EQ(row.accept_wait.waiting, 3u);
  EXPECT_GE(row.accept_wait.p95, 18s);
  EXPECT_EQ(row.accept_wait.max, 20s);
  EXPECT_EQ(row.accept_queue.depth, 3u);
  EXPECT_EQ(row.accept_queue.oldest_wait, 20s);
  EXPECT_EQ(row.workers.at(0).accept_wait.count, 2u) << "nobody's yet";
}

TEST(WaitingPicture, EachListeningSocketHasARow) {
  Listeners two = queue_of(2);
  two.sockets = 2;
  two.open[0].head_since = kStart + 1s;
  two.open.push_back({.inode = 2, .holders = {8, 9}});
  two.closed.push_back({.inode = 3, .holders = {6}, .depth = 4, .depth_max = 5, .never_accepted = 4});
  auto traced = run();
  traced.apply(tick(5s).with(two));
  const ServiceRow row = traced.snapshot().services.at(0);

  ASSERT_THAT(row.listeners, SizeIs(3));
  EXPECT_EQ(row.listeners[0].inode, 1u);
  EXPECT_EQ(row.listeners[0].oldest_wait, 4s);
  EXPECT_EQ(row.listeners[0].overflows, 0u);
  EXPECT_EQ(row.listeners[1].holders, (std::vector<std::uint32_t>{8, 9}));
  EXPECT_EQ(row.listeners[1].oldest_wait, std::nullopt);
  EXPECT_TRUE(row.listeners[2].closed);
  EXPECT_EQ(row.listeners[2].never_accepted, 4u);
  EXPECT_EQ(row.listen_sockets, 2u);
  EXPECT_EQ(row.accept_queue.depth_max, 5u);
}

TEST(WaitingPicture, WhatAClosedSocketDroppedStaysCounted) {
  ServiceCounters counters = counters_of(service()).accepts(1);
  counters.closed_drops.all = 111;
  counters.queue_depth_max = 30;
  auto traced = run();
  traced.apply(tick(1s).with(counters).with(queue_of(0)));
  const AcceptQueue queue = traced.snapshot().services.at(0).accept_queue;

  EXPECT_EQ(queue.drops, 111u);
  EXPECT_EQ(queue.overflows, 111u);
  EXPECT_EQ(queue.depth_max, 30u);
}

TEST(WaitingPicture, DeferredHandshakesAreDropsButNoOverflows) {
  Listeners deferring = queue_of(0);
  deferring.drops = deferring.open[0].drops = {.all = 200, .deferring = 200};
  auto traced = run();
  traced.apply(tick(1s)
                   .with(counters_of(service()).accepts(200))
                   .with(deferring)
                   .counted_in_namespace(service().netns, {.overflows = 0, .deferred = 200}));
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_EQ(row.accept_queue.drops, 200u);
  EXPECT_EQ(row.accept_queue.overflows, 0u);
  EXPECT_EQ(row.listeners.at(0).overflows, 0u);
}

TEST(WaitingPicture, OfSeveralDeferringSocketsItIsNotKnownWhichOverflowed) {
  Listeners deferring = queue_of(0);
  deferring.open.push_back(deferring.open[0]);
  for (ListeningSocket& socket : deferring.open) socket.drops = {.all = 60, .deferring = 60};
  deferring.drops = {.all = 120, .deferring = 120};
  auto traced = run();
  traced.apply(tick(1s).with(deferring).counted_in_namespace(service().netns, {.overflows = 20, .deferred = 100}));
  const ServiceRow row = traced.snapshot().services.at(0);

  EXPECT_EQ(row.accept_queue.overflows, 20u);
  EXPECT_EQ(row.listeners.at(0).overflows, std::nullopt);
}

TEST(WaitingPicture, WorkersWithAsManyConnectionsAsEverAreOccupied) {
  auto traced = run();
  const auto look = [&](Nanoseconds at, std::uint32_t depth, std::initializer_list<std::uint32_t> pids) {
    auto next = tick(at).with(queue_of(depth));
    for (const std::uint32_t pid : {7u, 8u}) next.with(counters_of(worker(pid)).accepts(1).peak(1));
    for (const std::uint32_t pid : pids) next.with(open_connection().by(worker(pid)));
    traced.apply(next.with_service_totals());
  };
  look(1s, 1, {7, 8});
  look(2s, 1, {8});
  look(3s, 0, {});
  const AcceptQueue queue = traced.snapshot().services.at(0).accept_queue;

  EXPECT_EQ(queue.looks, 2u);
  EXPECT_EQ(queue.occupied_workers, 1.5);
}

TEST(WaitingPicture, AServiceWithoutASelectedWorkerIsNotShownForItsRefusedConnections) {
  RunOptions options;
  options.comms = {"chosen"};
  auto traced = run(options);
  const ServiceKey other = service("127.0.0.1:1");
  traced.apply(tick(1s)
                   .with(counters_of(worker(7)).named("chosen").accepts(1))
                   .with(counters_of(service()).accepts(1).never_accepted(2))
                   .with(counters_of(other).never_accepted(12)));
  const Snapshot snapshot = traced.snapshot();

  ASSERT_THAT(snapshot.services, SizeIs(1));
  EXPECT_EQ(snapshot.totals.never_accepted, 2u);
}

}  // namespace
}  // namespace acceptscope::testing
