// SPDX-License-Identifier: BSD-2-Clause
#include "model/roll_call.hpp"

#include <gmock/gmock.h>

#include <string>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

DoorLook look(std::vector<Holder> holders) {
  DoorLook result;
  result.holders = std::move(holders);
  return result;
}

Owner process(std::uint32_t pid, Nanoseconds start = 900s) { return {service(), worker(pid, start)}; }

TEST(RollCall, WhoIsMissingInTheNextOneHasLeftAndMayComeBack) {
  RollCall roll_call;
  roll_call.update({listeners(1)}, look({holder(worker(1)), holder(worker(2))}));
  EXPECT_FALSE(roll_call.has_left(process(1)));

  roll_call.update({listeners(1)}, look({holder(worker(2))}));
  EXPECT_TRUE(roll_call.has_left(process(1)));
  EXPECT_FALSE(roll_call.has_left(process(2)));

  roll_call.update({listeners(1)}, look({holder(worker(1)), holder(worker(2))}));
  EXPECT_FALSE(roll_call.has_left(process(1)));
}

TEST(RollCall, AStrangerHasNotLeft) {
  RollCall roll_call;
  roll_call.update({}, look({holder(worker(1))}));

  EXPECT_FALSE(roll_call.has_left(process(2)));
  EXPECT_EQ(roll_call.find(process(2)), nullptr);
}

TEST(RollCall, AThreadLeavesWithItsProcessNotWithThatOfAReusedPid) {
  RollCall roll_call;
  roll_call.update({}, look({holder(worker(7, 900s))}));
  roll_call.update({}, look({holder(worker(7, 950s))}));

  EXPECT_TRUE(roll_call.has_left({service(), thread(7, 71, 901s)}));
  EXPECT_FALSE(roll_call.has_left({service(), thread(7, 72, 951s)}));
  EXPECT_FALSE(roll_call.has_left({service(), thread(8, 81, 951s)}));
}

TEST(RollCall, ParentsAreThoseOfOtherHoldersAlsoOfOnesThatLeft) {
  RollCall roll_call;
  roll_call.update({}, look({holder(worker(10)), holder(worker(11)).child_of(10)}));
  EXPECT_TRUE(roll_call.find(process(10))->is_parent);
  EXPECT_FALSE(roll_call.find(process(11))->is_parent);

  roll_call.update({}, look({holder(worker(10)), holder(worker(10)).on(service("127.0.0.1:1"))}));
  EXPECT_TRUE(roll_call.find(process(10))->is_parent);
  EXPECT_FALSE(roll_call.find({service("127.0.0.1:1"), worker(10)})->is_parent);
}

TEST(RollCall, TheChildThatNeverWaitsMakesItsParentNoSupervisor) {
  RollCall roll_call;
  roll_call.update({}, look({holder(worker(10)), holder(worker(11)).child_of(10).waiting(false)}));
  EXPECT_FALSE(roll_call.find(process(10))->is_parent);

  roll_call.update({}, look({holder(worker(10)), holder(worker(11)).child_of(10).waiting(true)}));
  EXPECT_TRUE(roll_call.find(process(10))->is_parent);
}

TEST(RollCall, LooksAddUp) {
  RollCall roll_call;
  roll_call.update({}, look({holder(worker(1)).waiting(false), holder(worker(2)).waiting(true, true)}));
  roll_call.update({}, look({holder(worker(1)).blocking(), holder(worker(2)).waiting(false)}));
  const Member& first = *roll_call.find(process(1));
  const Member& second = *roll_call.find(process(2));

  EXPECT_TRUE(first.waited && first.missed && first.blocked);
  EXPECT_TRUE(second.waited && second.missed && !second.blocked);
  EXPECT_EQ(second.holder.exclusive, true) << "as it was when it was seen";
}

/// A look at which `first` is at the head of a queue of `waiting` processes.
DoorLook headed_by(std::uint32_t first, std::size_t waiting, std::uint32_t number) {
  DoorLook result;
  result.number = number;
  result.woken_first.push_back({service(), worker(first), thread(first, first + 1000), waiting, waiting});
  return result;
}

TEST(RollCall, WhoWasFirstAtEveryLookIsAlwaysWokenFirst) {
  RollCall roll_call;
  roll_call.update({listeners(1)}, headed_by(7, 4, 1));
  EXPECT_EQ(roll_call.woken_first(service()), std::nullopt) << "one look is not always";
  roll_call.update({listeners(1)}, headed_by(7, 4, 1));
  EXPECT_EQ(roll_call.woken_first(service()), std::nullopt) << "the same look again";
  roll_call.update({listeners(1)}, headed_by(8, 1, 2));  // nobody behind it: no order
  roll_call.update({listeners(1)}, headed_by(7, 3, 3));
  EXPECT_EQ(roll_call.woken_first(service()), worker(7));

  roll_call.update({listeners(1)}, headed_by(8, 3, 4));
  roll_call.update({listeners(1)}, headed_by(8, 3, 5));
  EXPECT_EQ(roll_call.woken_first(service()), std::nullopt);
}

TEST(RollCall, WithWorkersAsThreadsTheThreadIsWokenFirst) {
  RollCall roll_call(WorkerUnit::thread);
  for (std::uint32_t number = 1; number <= 2; ++number) roll_call.update({listeners(1)}, headed_by(7, 4, number));

  EXPECT_EQ(roll_call.woken_first(service()), thread(7, 1007));
}

TEST(RollCall, AServiceWithoutListenersKeepsWhatWasKnownOfThem) {
  Listeners first = listeners(2);
  first.drops.all = 5;
  first.open.resize(2);
  first.queue_depth = 3;
  RollCall roll_call;
  roll_call.update({first}, look({}));
  roll_call.update({}, look({}));
  const Listeners& last = roll_call.listeners().at(service()).sockets;

  EXPECT_EQ(last.sockets, 0u);
  EXPECT_EQ(last.queue_depth, 0u);
  EXPECT_EQ(last.backlog, 128u);
  EXPECT_EQ(last.drops.all, 0u) << "its service has counted them when the sockets were closed";
  EXPECT_TRUE(last.open.empty());
}

TEST(RollCall, ClosedSocketsThatLostConnectionsAreRemembered) {
  RollCall roll_call;
  Listeners now = listeners(2);
  now.closed = {{.inode = 1, .never_accepted = 3}, {.inode = 2}, {.inode = 3, .drops = {.all = 1}}};
  roll_call.update({now}, {});
  Listeners last = listeners(0);
  last.closed = {{.inode = 4, .never_accepted = 1}};
  roll_call.update({last}, {});
  roll_call.update({}, {});
  const Listeners& known = roll_call.listeners().at(service()).sockets;

  ASSERT_EQ(known.closed.size(), 3u);
  EXPECT_EQ(known.closed[0].inode, 1u);
  EXPECT_EQ(known.closed[1].inode, 3u);
  EXPECT_EQ(known.closed[2].inode, 4u);
  EXPECT_EQ(known.backlog, 128u) << "of the sockets that were open before";
}

TEST(RollCall, RemembersNoMoreClosedSocketsThanTheLimit) {
  RollCall roll_call;
  Listeners now = listeners(1);
  now.closed.resize(KnownListeners::kMostClosed + 1, {.never_accepted = 1});
  roll_call.update({now}, {});

  EXPECT_EQ(roll_call.listeners().at(service()).sockets.closed.size(), KnownListeners::kMostClosed);
}

constexpr auto kMinGone = static_cast<std::uint32_t>(RollCall::kMinGone);

/// A worker of each pid from `first` to `last`, one after the other, each the child of 10.
void replace_workers(RollCall& roll_call, std::uint32_t first, std::uint32_t last) {
  for (std::uint32_t pid = first; pid <= last; ++pid) {
    roll_call.update({}, look({holder(worker(10)), holder(worker(pid)).child_of(10)}));
  }
}

TEST(RollCall, WhoLeftFirstIsForgottenFirst) {
  RollCall roll_call;
  replace_workers(roll_call, 100, 100 + kMinGone);
  EXPECT_FALSE(roll_call.has_too_many());

  replace_workers(roll_call, 101 + kMinGone, 101 + kMinGone);
  EXPECT_TRUE(roll_call.has_too_many());
  const std::vector<Member> forgotten = roll_call.forget({}, {});
  EXPECT_FALSE(roll_call.has_too_many());
  ASSERT_EQ(forgotten.size(), 1u);
  EXPECT_EQ(forgotten[0].holder.worker, worker(100));
  EXPECT_EQ(roll_call.find(process(100)), nullptr);
  EXPECT_TRUE(roll_call.has_left(process(101)));
  EXPECT_FALSE(roll_call.has_left(process(101 + kMinGone)));
  EXPECT_EQ(roll_call.members().size(), kMinGone + 2);
}

TEST(RollCall, AParentStaysOneWhenItsChildrenAreForgotten) {
  RollCall roll_call;
  replace_workers(roll_call, 100, 101 + kMinGone);
  for (std::uint32_t pid = 1000; pid < 1000 + 2 * kMinGone; ++pid) {
    roll_call.update({}, look({holder(worker(10)), holder(worker(pid))}));
    roll_call.forget({}, {});
  }
  EXPECT_EQ(roll_call.find(process(101 + kMinGone)), nullptr);
  EXPECT_TRUE(roll_call.find(process(10))->is_parent);
}

TEST(RollCall, AsManyAsWereThereAtOnceAreRemembered) {
  RollCall roll_call;
  std::vector<Holder> many;
  for (std::uint32_t pid = 1; pid <= 2 * kMinGone; ++pid) many.push_back(holder(worker(pid)));
  roll_call.update({}, look(many));
  roll_call.update({}, look({}));
  EXPECT_FALSE(roll_call.has_too_many());
  roll_call.forget({}, {});
  EXPECT_EQ(roll_call.members().size(), 2 * kMinGone);
}

TEST(RollCall, WhoIsNeededStaysAndDoesNotCount) {
  RollCall roll_call;
  replace_workers(roll_call, 100, 102 + kMinGone);
  roll_call.forget({100, 101}, {});
  EXPECT_TRUE(roll_call.has_left(process(100)));
  EXPECT_TRUE(roll_call.has_left(process(101)));
  EXPECT_TRUE(roll_call.has_left(process(102)));
  EXPECT_EQ(roll_call.members().size(), kMinGone + 4);
}

TEST(RollCall, ServicesWithoutListenersAreForgottenAsTheyWereClosed) {
  const auto on_port = [](std::uint32_t port) { return service("127.0.0.1:" + std::to_string(port)); };
  RollCall roll_call;
  for (std::uint32_t port = 1; port <= kMinGone + 3; ++port) roll_call.update({listeners(1, on_port(port))}, look({}));
  EXPECT_TRUE(roll_call.has_too_many());
  roll_call.forget({}, {on_port(1)});

  EXPECT_TRUE(roll_call.listeners().contains(on_port(1)));
  EXPECT_FALSE(roll_call.listeners().contains(on_port(2)));
  EXPECT_TRUE(roll_call.listeners().contains(on_port(3)));
  EXPECT_EQ(roll_call.listeners().size(), kMinGone + 2);
}

}  // namespace
}  // namespace acceptscope::testing
