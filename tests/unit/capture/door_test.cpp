// SPDX-License-Identifier: BSD-2-Clause
#include "capture/door.hpp"

#include <gmock/gmock.h>

#include "model/records.hpp"

namespace acceptscope {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t kSocket = 0x4000;
constexpr std::uint64_t kSet = 0x7000;

ServiceKey service_on(std::uint16_t port) {
  ServiceKey key;
  key.endpoint.port = port;
  return key;
}

ListeningDescriptor held_by(std::uint32_t pid, std::uint64_t socket = kSocket, std::uint16_t port = 8000) {
  ListeningDescriptor descriptor;
  descriptor.holder.service = service_on(port);
  descriptor.holder.worker = {pid, 0, 5};
  descriptor.socket = socket;
  return descriptor;
}

WaitingThread thread_of(std::uint32_t pid, std::uint32_t tid) { return {{pid, tid, 9}, "w"}; }

QueueEntry watched_by(std::uint64_t set, bool exclusive = false, std::uint64_t socket = kSocket) {
  return {socket, WaitWay::epoll, exclusive, set, {}};
}
QueueEntry sleeps_on(std::uint64_t set, std::uint32_t pid, std::uint32_t tid) {
  return {set, WaitWay::call, true, 0, thread_of(pid, tid)};
}
QueueEntry blocked(std::uint32_t pid, std::uint32_t tid, WaitWay way = WaitWay::call) {
  return {kSocket, way, true, 0, thread_of(pid, tid)};
}

std::vector<std::uint32_t> tids_of(const Holder& holder) {
  std::vector<std::uint32_t> tids;
  for (const WaitingThread& thread : holder.threads) tids.push_back(thread.worker.tid);
  return tids;
}

TEST(Door, AProcessWithSeveralDescriptorsOfAServiceIsOneHolder) {
  const auto holders =
      look_of({.listening = {held_by(7), held_by(7, 1), held_by(7, 9, 8001), held_by(8)}, .epolls = {}, .queues = {}})
          .holders;

  ASSERT_THAT(holders, SizeIs(3));
  EXPECT_EQ(holders[0].worker.pid, 7u);
  EXPECT_EQ(holders[1].worker.pid, 8u);
  EXPECT_EQ(holders[2].service.endpoint.port, 8001);
}

TEST(Door, WhoWatchesBlocksOrPollsWaitsAndWhoOnlyInheritedTheSocketDoesNot) {
  const auto holders = look_of({.listening = {held_by(6), held_by(7), held_by(8), held_by(9), held_by(10)},
                                .epolls = {{7, kSet}, {6, kSet + 1}},
                                .queues = {blocked(8, 8), blocked(9, 9, WaitWay::poll), blocked(10, 10, WaitWay::uring),
                                           watched_by(kSet), sleeps_on(kSet + 1, 6, 6)}})
                           .holders;

  EXPECT_EQ(holders[0].waits, false) << "its epoll set watches something else";
  EXPECT_EQ(holders[1].waits, true) << "also while no thread sleeps on its set";
  EXPECT_FALSE(holders[1].blocks) << "it stays in the queue while it is busy";
  EXPECT_THAT(holders[1].threads, IsEmpty());
  for (const std::size_t blocking : {2u, 3u, 4u}) {
    EXPECT_EQ(holders[blocking].waits, true);
    EXPECT_TRUE(holders[blocking].blocks);
    EXPECT_THAT(tids_of(holders[blocking]), ElementsAre(holders[blocking].worker.pid));
  }
}

TEST(Door, ExclusiveMeansEverySet) {
  const auto holders = look_of({.listening = {held_by(7), held_by(8), held_by(9)},
                                .epolls = {{7, 1}, {8, 2}, {8, 3}},
                                .queues = {watched_by(1, true), watched_by(2, true), watched_by(3, false)}})
                           .holders;

  EXPECT_EQ(holders[0].exclusive, true);
  EXPECT_EQ(holders[1].exclusive, false);
  EXPECT_EQ(holders[2].exclusive, std::nullopt);
}

TEST(Door, TheThreadsOfAProcessThatSleepOnItsSetsAreTold) {
  const auto holders = look_of({.listening = {held_by(7)},
                                .epolls = {{7, 1}, {7, 2}},
                                .queues = {watched_by(1), watched_by(2), sleeps_on(1, 7, 71), sleeps_on(2, 7, 72),
                                           sleeps_on(2, 7, 73), sleeps_on(2, 7, 73)}})
                           .holders;

  EXPECT_THAT(tids_of(holders[0]), ElementsAre(71u, 72u, 73u));
}

TEST(Door, OfASetThatSeveralProcessesInheritedThoseWaitThatSleepOnIt) {
  const FoundDescriptors found{.listening = {held_by(7), held_by(8)},
                               .epolls = {{7, kSet}, {8, kSet}},
                               .queues = {watched_by(kSet), sleeps_on(kSet, 7, 7)}};

  EXPECT_EQ(look_of(found).holders[0].waits, true);
  EXPECT_EQ(look_of(found).holders[1].waits, false);
}

TEST(Door, BehindWhatIsNotRecognizedAnybodyMayWait) {
  for (const WaitWay way : {WaitWay::unknown, WaitWay::rest}) {
    const auto holders = look_of({.listening = {held_by(7), held_by(8), held_by(8, 2, 8001)},
                                  .epolls = {},
                                  .queues = {blocked(7, 7), {kSocket, way, false, 0, {}}}})
                             .holders;
    EXPECT_EQ(holders[0].waits, true);
    EXPECT_EQ(holders[1].waits, std::nullopt);
    EXPECT_EQ(holders[2].waits, false) << "another service";
  }
}

TEST(Door, TheHeadOfTheQueueIsWokenFirst) {
  const auto first =
      look_of({.listening = {held_by(7), held_by(8)},
               .epolls = {{7, 1}, {8, 2}},
               .queues = {watched_by(2), watched_by(1), sleeps_on(1, 7, 7), sleeps_on(2, 8, 81), sleeps_on(2, 8, 82)}})
          .woken_first;

  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].worker, (WorkerKey{8, 0, 5}));
  EXPECT_EQ(first[0].thread, (WorkerKey{8, 81, 9}));
  EXPECT_EQ(first[0].processes, 2u);
  EXPECT_EQ(first[0].threads, 3u);
}

TEST(Door, WhoWaitsOnASocketThatIsNotTheirsIsNoHolder) {
  const auto look = look_of({.listening = {held_by(7)}, .epolls = {{9, kSet}}, .queues = {watched_by(kSet)}});

  EXPECT_EQ(look.holders[0].waits, false);
  EXPECT_THAT(look.woken_first, IsEmpty());
}

}  // namespace
}  // namespace acceptscope
