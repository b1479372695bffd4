// SPDX-License-Identifier: BSD-2-Clause
#include "model/owners.hpp"

#include <gmock/gmock.h>

#include "unit/output/sample.hpp"

namespace acceptscope {
namespace {

using namespace std::chrono_literals;

/// Four steps of ten seconds; 4121 is the only owner.
ServiceRow service_with_open(std::vector<std::uint64_t> owner, std::vector<std::uint64_t> other) {
  ServiceRow service = sample::service("0.0.0.0", 8000, {sample::worker(4121, 100, 20), sample::worker(4122, 1, 0)});
  service.timeline.step = 10s;
  for (int i = 0; i < 4; ++i) service.timeline.start.push_back(sample::kStart + i * 10s);
  service.timeline.workers = {{4121, {}, {1, 0, 0, 0}, std::move(owner), {}, {}},
                              {4122, {}, {0, 1}, std::move(other), {}, {}}};
  service.spread.owners = {0};
  return service;
}

TEST(OwnedSince, IsTheStepFromWhichOnTheyHadThem) {
  const auto since = owned_since(service_with_open({5, 20, 20, 20}, {5, 10, 1, 0}));
  ASSERT_TRUE(since);
  EXPECT_EQ(since->at, sample::kStart + 20s);
  EXPECT_FALSE(since->from_before);
}

TEST(OwnedSince, StepsWithoutOpenConnectionsDoNotCount) {
  EXPECT_EQ(owned_since(service_with_open({0, 20, 0, 20}, {0, 0, 0, 0}))->at, sample::kStart + 10s);
}

TEST(OwnedSince, IsBeforeTheRunOnlyIfConnectionsWereThere) {
  ServiceRow service = service_with_open({20, 20, 20, 20}, {0, 0, 0, 0});
  EXPECT_FALSE(owned_since(service)->from_before);
  service.counts.preexisting = 20;
  EXPECT_TRUE(owned_since(service)->from_before);
}

TEST(OwnedSince, IsOfTheShareThatTheyHaveAtTheEnd) {
  EXPECT_EQ(owned_since(service_with_open({5, 20, 20, 20}, {20, 10, 10, 10}))->at, sample::kStart + 10s)
      << "two thirds, since they are two thirds";
}

TEST(OwnedSince, IsUnknownIfTheyHaveNoneAtTheEnd) {
  EXPECT_FALSE(owned_since(service_with_open({20, 20, 20, 0}, {0, 0, 0, 10})));
  EXPECT_FALSE(owned_since(service_with_open({}, {})));
}

TEST(LastAccept, IsTheStepOfTheLastOne) {
  EXPECT_EQ(last_accept(service_with_open({}, {}).timeline), sample::kStart + 10s);
  EXPECT_FALSE(last_accept(TimelineRows{}));
}

}  // namespace
}  // namespace acceptscope
