// SPDX-License-Identifier: BSD-2-Clause
#include "model/roll_call.hpp"

#include <gmock/gmock.h>

#include <string>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

Owner process(std::uint32_t pid, Nanoseconds start = 900s) { return {service(), worker(pid, start)}; }

TEST(RollCall, WhoIsMissingInTheNextOneHasLeftAndMayComeBack) {
  RollCall roll_call;
  roll_call.update({listeners(1)}, {holder(worker(1)), holder(worker(2))});
  EXPECT_FALSE(roll_call.has_left(process(1)));

  roll_call.update({listeners(1)}, {holder(worker(2))});
  EXPECT_TRUE(roll_call.has_left(process(1)));
  EXPECT_FALSE(roll_call.has_left(process(2)));

  roll_call.update({listeners(1)}, {holder(worker(1)), holder(worker(2))});
  EXPECT_FALSE(roll_call.has_left(process(1)));
}

TEST(RollCall, AStrangerHasNotLeft) {
  RollCall roll_call;
  roll_call.update({}, {holder(worker(1))});

  EXPECT_FALSE(roll_call.has_left(process(2)));
  EXPECT_EQ(roll_call.find(process(2)), nullptr);
}

TEST(RollCall, AThreadLeavesWithItsProcessNotWithThatOfAReusedPid) {
  RollCall roll_call;
  roll_call.update({}, {holder(worker(7, 900s))});
  roll_call.update({}, {holder(worker(7, 950s))});

  EXPECT_TRUE(roll_call.has_left({service(), thread(7, 71, 901s)}));
  EXPECT_FALSE(roll_call.has_left({service(), thread(7, 72, 951s)}));
  EXPECT_FALSE(roll_call.has_left({service(), thread(8, 81, 951s)}));
}

TEST(RollCall, ParentsAreThoseOfOtherHoldersAlsoOfOnesThatLeft) {
  RollCall roll_call;
  roll_call.update({}, {holder(worker(10)), holder(worker(11)).child_of(10)});
  EXPECT_TRUE(roll_call.find(process(10))->is_parent);
  EXPECT_FALSE(roll_call.find(process(11))->is_parent);

  roll_call.update({}, {holder(worker(10)), holder(worker(10)).on(service("127.0.0.1:1"))});
  EXPECT_TRUE(roll_call.find(process(10))->is_parent);
  EXPECT_FALSE(roll_call.find({service("127.0.0.1:1"), worker(10)})->is_parent);
}

TEST(RollCall, AServiceWithoutListenersKeepsWhatWasKnownOfThem) {
  Listeners first = listeners(2);
  first.overflows = 5;
  first.queue_depth = 3;
  RollCall roll_call;
  roll_call.update({first}, {});
  roll_call.update({}, {});
  const Listeners& last = roll_call.listeners().at(service()).sockets;

  EXPECT_EQ(last.sockets, 0u);
  EXPECT_EQ(last.queue_depth, 0u);
  EXPECT_EQ(last.backlog, 128u);
  EXPECT_EQ(last.overflows, 5u);
}

constexpr auto kMinGone = static_cast<std::uint32_t>(RollCall::kMinGone);

/// A worker of each pid from `first` to `last`, one after the other, each the child of 10.
void replace_workers(RollCall& roll_call, std::uint32_t first, std::uint32_t last) {
  for (std::uint32_t pid = first; pid <= last; ++pid) {
    roll_call.update({}, {holder(worker(10)), holder(worker(pid)).child_of(10)});
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
    roll_call.update({}, {holder(worker(10)), holder(worker(pid))});
    roll_call.forget({}, {});
  }
  EXPECT_EQ(roll_call.find(process(101 + kMinGone)), nullptr);
  EXPECT_TRUE(roll_call.find(process(10))->is_parent);
}

TEST(RollCall, AsManyAsWereThereAtOnceAreRemembered) {
  RollCall roll_call;
  std::vector<Holder> many;
  for (std::uint32_t pid = 1; pid <= 2 * kMinGone; ++pid) many.push_back(holder(worker(pid)));
  roll_call.update({}, many);
  roll_call.update({}, {});
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
  for (std::uint32_t port = 1; port <= kMinGone + 3; ++port) roll_call.update({listeners(1, on_port(port))}, {});
  EXPECT_TRUE(roll_call.has_too_many());
  roll_call.forget({}, {on_port(1)});

  EXPECT_TRUE(roll_call.listeners().contains(on_port(1)));
  EXPECT_FALSE(roll_call.listeners().contains(on_port(2)));
  EXPECT_TRUE(roll_call.listeners().contains(on_port(3)));
  EXPECT_EQ(roll_call.listeners().size(), kMinGone + 2);
}

}  // namespace
}  // namespace acceptscope::testing
