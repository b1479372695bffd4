// SPDX-License-Identifier: BSD-2-Clause
#include "model/roll_call.hpp"

#include <gmock/gmock.h>

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
  EXPECT_TRUE(roll_call.is_parent(process(10)));
  EXPECT_FALSE(roll_call.is_parent(process(11)));

  roll_call.update({}, {holder(worker(10))});
  EXPECT_TRUE(roll_call.is_parent(process(10)));
  EXPECT_FALSE(roll_call.is_parent({service("127.0.0.1:1"), worker(10)}));
}

TEST(RollCall, AServiceWithoutListenersKeepsWhatWasKnownOfThem) {
  Listeners first = listeners(2);
  first.overflows = 5;
  first.queue_depth = 3;
  RollCall roll_call;
  roll_call.update({first}, {});
  roll_call.update({}, {});
  const Listeners& last = roll_call.listeners().at(service());

  EXPECT_EQ(last.sockets, 0u);
  EXPECT_EQ(last.queue_depth, 0u);
  EXPECT_EQ(last.backlog, 128u);
  EXPECT_EQ(last.overflows, 5u);
}

TEST(RollCall, ThoseThatLeftAreForgottenBeforeTheyAreTooMany) {
  RollCall roll_call;
  std::vector<Holder> many;
  for (std::uint32_t pid = 1; pid <= RollCall::kMaxGone + 1; ++pid) many.push_back(holder(worker(pid)));
  roll_call.update({}, many);
  EXPECT_EQ(roll_call.members().size(), RollCall::kMaxGone + 1);

  roll_call.update({}, {holder(worker(1))});
  EXPECT_EQ(roll_call.members().size(), RollCall::kMaxGone + 1);
  roll_call.update({}, {});
  EXPECT_TRUE(roll_call.members().empty());
}

}  // namespace
}  // namespace acceptscope::testing
