// SPDX-License-Identifier: BSD-2-Clause
#include "capture/convert.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace acceptscope {
namespace {

/// `Raw`: wire::connection or wire::closed_connection.
template <class Raw>
Raw accepted_connection() {
  Raw raw{};
  raw.accepted_ns = 5'000;
  raw.enqueued_ns = 4'000;
  raw.worker.service.port = 8000;
  raw.worker.service.netns = 4026531840u;
  raw.worker.tgid = 7;
  raw.worker.start_ns = 99;
  raw.remote_port = 40000;
  raw.accept_tid = 8;
  for (wire::ip_address* address : {&raw.worker.service.address, &raw.local, &raw.remote}) {
    address->bytes[10] = address->bytes[11] = 0xff;
    address->bytes[12] = 127;
    address->bytes[15] = 1;
  }
  return raw;
}

TEST(Convert, AClosedConnectionKeepsEveryFact) {
  auto raw = accepted_connection<wire::closed_connection>();
  raw.bytes_received = 3;
  raw.bytes_sent = 4;
  raw.sock = 0xffff888000000000u;
  raw.closed_ns = 9'000;
  raw.closer_tgid = 12;
  raw.reason = wire::CLOSE_PEER;

  const ClosedConnection closed = to_closed_connection(raw);

  EXPECT_EQ(closed.service.endpoint.to_string(), "127.0.0.1:8000");
  EXPECT_EQ(closed.service.netns, 4026531840u);
  EXPECT_EQ(closed.worker, (WorkerKey{7, 0, 99}));
  EXPECT_EQ(closed.accept_tid, 8u);
  EXPECT_EQ(closed.peer.to_string(), "127.0.0.1:40000");
  EXPECT_EQ(closed.accept_wait, Nanoseconds{1'000});
  EXPECT_EQ(closed.lifetime(), Nanoseconds{4'000});
  EXPECT_EQ(closed.bytes_received, 3u);
  EXPECT_EQ(closed.bytes_sent, 4u);
  EXPECT_EQ(closed.reason, CloseReason::peer);
  EXPECT_EQ(closed.closer_pid, 12u);
}

TEST(Convert, AnEnqueueThatWasNotSeenGivesNoWait) {
  auto raw = accepted_connection<wire::connection>();
  raw.enqueued_ns = 0;

  EXPECT_EQ(to_open_connection(1, raw, 0).accept_wait, std::nullopt);
}

TEST(Convert, AConnectionHeldByAnotherProcessAloneIsHandedOver) {
  auto raw = accepted_connection<wire::connection>();
  raw.owner_walk = 3;
  raw.other_walk = 4;
  raw.other_tgid = 70;
  raw.other_start_ns = 123;

  EXPECT_EQ(to_open_connection(1, raw, 4).held_by, (WorkerKey{70, 0, 123}));
  EXPECT_EQ(to_open_connection(1, raw, 5).held_by, std::nullopt)
      << "the last walk saw no holder: the connection is in transit";
  raw.owner_walk = 4;
  EXPECT_EQ(to_open_connection(1, raw, 4).held_by, std::nullopt) << "the owner has it, too";
}

TEST(Convert, APreexistingConnectionHasNoWait) {
  auto raw = accepted_connection<wire::connection>();
  raw.enqueued_ns = 0;
  raw.preexisting = 1;
  raw.active = 1;
  raw.unread_bytes = 17;

  const OpenConnection open = to_open_connection(1, raw, 1);

  EXPECT_TRUE(open.preexisting);
  EXPECT_EQ(open.accept_wait, std::nullopt);
  EXPECT_TRUE(open.active);
  EXPECT_EQ(open.unread_bytes, 17u);
}

TEST(Convert, ListeningSocketsOfOneAddressAreOneService) {
  wire::listener raw{};
  raw.service.port = 8000;
  raw.drops = 12;
  raw.drops_before = 10;
  raw.inode = 77;
  raw.depth = 3;
  raw.depth_max = 9;
  raw.head_ns = 5'000;
  raw.backlog = 128;
  raw.reuseport = 1;
  std::vector<Listeners> services;

  add_listener(services, raw, {7, 8});
  raw.backlog = 64;
  raw.defers = 1;
  raw.head_ns = 0;
  raw.inode = 0;
  add_listener(services, raw, {});
  raw.service.port = 8001;
  add_listener(services, raw, {});

  ASSERT_EQ(services.size(), 2u);
  EXPECT_EQ(services[0].sockets, 2u);
  EXPECT_EQ(services[0].backlog, 128u);
  EXPECT_EQ(services[0].queue_depth, 6u);
  EXPECT_EQ(services[0].drops, (ListenDrops{.all = 4, .deferring = 2}));
  EXPECT_TRUE(services[0].reuseport);
  ASSERT_EQ(services[0].open.size(), 2u);
  const ListeningSocket& first = services[0].open[0];
  EXPECT_EQ(first.inode, 77u);
  EXPECT_EQ(first.holders, (std::vector<std::uint32_t>{7, 8}));
  EXPECT_EQ(first.depth, 3u);
  EXPECT_EQ(first.depth_max, 9u);
  EXPECT_EQ(first.head_since, MonotonicTime{5'000});
  EXPECT_EQ(first.drops, (ListenDrops{.all = 2, .deferring = 0}));
  EXPECT_EQ(services[0].open[1].head_since, std::nullopt);
}

TEST(Convert, AClosedListeningSocketIsNoneOfItsServicesSockets) {
  wire::listener raw{};
  raw.closed = 1;
  raw.depth = 3;
  raw.drops = 5;
  raw.never_accepted = 3;
  std::vector<Listeners> services;

  add_listener(services, raw, {7});

  ASSERT_EQ(services.size(), 1u);
  EXPECT_EQ(services[0].sockets, 0u);
  EXPECT_EQ(services[0].queue_depth, 0u);
  EXPECT_EQ(services[0].drops, ListenDrops{});
  ASSERT_EQ(services[0].closed.size(), 1u);
  EXPECT_EQ(services[0].closed[0].depth, 3u);
  EXPECT_EQ(services[0].closed[0].drops.all, 5u);
  EXPECT_EQ(services[0].closed[0].never_accepted, 3u);
}

TEST(Convert, AQueuedConnectionWaitsSinceItEnteredTheQueue) {
  wire::connection raw{};
  raw.worker.service.port = 8000;
  raw.enqueued_ns = 4'000;
  raw.queue_depth = 6;

  const QueuedConnection queued = to_queued_connection(raw);

  EXPECT_EQ(queued.service.endpoint.port, 8000u);
  EXPECT_EQ(queued.since, MonotonicTime{4'000});
  EXPECT_EQ(queued.depth, 6u);
}

TEST(Convert, AReasonFromTheFutureIsUnknown) {
  wire::closed_connection raw{};
  raw.reason = 200;

  EXPECT_EQ(to_closed_connection(raw).reason, CloseReason::unknown);
}

TEST(Convert, ReasonsHaveTheKernelSidesNumbers) {
  EXPECT_EQ(static_cast<int>(CloseReason::unknown), wire::CLOSE_UNKNOWN);
  EXPECT_EQ(static_cast<int>(CloseReason::local), wire::CLOSE_LOCAL);
  EXPECT_EQ(static_cast<int>(CloseReason::peer), wire::CLOSE_PEER);
  EXPECT_EQ(static_cast<int>(CloseReason::reset), wire::CLOSE_RESET);
  EXPECT_EQ(static_cast<int>(CloseReason::worker_exit), wire::CLOSE_WORKER_EXIT);
  EXPECT_EQ(kCloseReasons, std::size_t{wire::CLOSE_REASONS});
}

TEST(Convert, ACommandsNameOfFullLengthNeedsNoTerminator) {
  wire::worker_counters raw{};
  std::memset(raw.comm, 'x', sizeof raw.comm);

  EXPECT_EQ(to_worker_counters({}, raw).comm, std::string(16, 'x'));
}

TEST(Convert, TheRequestsOfNobodyAreAPartOfTheLoad) {
  wire::request_load raw{};
  raw.turns = (9ULL << IN_FLIGHT_BITS) + 4;
  raw.aborted = 3;
  raw.ownerless_turns = (2ULL << IN_FLIGHT_BITS) + 1;
  raw.ownerless_aborted = 1;
  EXPECT_EQ(to_request_load(raw, {}).count, 9U);
  EXPECT_EQ(to_ownerless_load(raw), (RequestLoad{.count = 2, .in_flight = 1, .aborted = 1}));
}

TEST(Convert, AnAddressGoesToTheKernelAsItCameFromIt) {
  wire::service_key key{};
  key.address = to_wire_address(*IpAddress::parse("192.0.2.7"));
  EXPECT_EQ(to_service_key(key).endpoint.address.to_string(), "192.0.2.7");
}

TEST(Convert, ABacklogThatWasNotSeenIsNotZero) { EXPECT_EQ(to_service_counters({}, {}).backlog, std::nullopt); }

TEST(Convert, AWaiterKeepsItsThreadAndItsSet) {
  wire::waiter raw{};
  raw.way = wire::WAIT_POLL;
  raw.exclusive = 1;
  raw.object = 1;
  raw.set = 2;
  raw.tgid = 7;
  raw.tid = 71;
  raw.start_ns = 99;
  std::memcpy(raw.comm, "sixteen bytes ..", sizeof raw.comm);  // not terminated
  const QueueEntry entry = to_queue_entry(raw);

  EXPECT_EQ(entry.way, WaitWay::poll);
  EXPECT_TRUE(entry.exclusive);
  EXPECT_EQ(entry.object, 1u);
  EXPECT_EQ(entry.set, 2u);
  EXPECT_EQ(entry.thread.worker, (WorkerKey{7, 71, 99}));
  EXPECT_EQ(entry.thread.comm, "sixteen bytes ..");

  raw.way = 200;
  EXPECT_EQ(to_queue_entry(raw).way, WaitWay::unknown);
}

}  // namespace
}  // namespace acceptscope
