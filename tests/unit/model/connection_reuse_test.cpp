// SPDX-License-Identifier: BSD-2-Clause
#include "model/connection_reuse.hpp"

#include <gmock/gmock.h>

#include <initializer_list>
#include <limits>

namespace acceptscope {
namespace {

ConnectionRow row_of(std::optional<std::uint32_t> requests, std::uint32_t service = 0) {
  ConnectionRow row;
  row.service = service;
  row.requests = requests;
  row.closed_at = Instant{1};
  return row;
}

Reuse reuse_of(std::initializer_list<std::uint32_t> requests) {
  ConnectionReuse reuse;
  for (const std::uint32_t count : requests) reuse.add(row_of(count));
  return reuse.of(0);
}

TEST(ConnectionReuse, EachPowerOfTwoEndsABucket) {
  const Reuse reuse = reuse_of({0, 1, 2, 3, 4, 5, 8, 9, std::numeric_limits<std::uint32_t>::max()});
  EXPECT_EQ(reuse.buckets[0], 1U);
  EXPECT_EQ(reuse.buckets[1], 1U);
  EXPECT_EQ(reuse.buckets[2], 1U);
  EXPECT_EQ(reuse.buckets[3], 2U) << "3 and 4";
  EXPECT_EQ(reuse.buckets[4], 2U) << "5 and 8";
  EXPECT_EQ(reuse.buckets[5], 1U) << "9";
  EXPECT_EQ(reuse.buckets[33], 1U);
}

TEST(ConnectionReuse, BucketsFollowOneAnother) {
  EXPECT_EQ(Reuse::first(0), 0U);
  EXPECT_EQ(Reuse::last(0), 0U);
  EXPECT_EQ(Reuse::first(4), 5U);
  EXPECT_EQ(Reuse::last(4), 8U);
  for (std::size_t bucket = 1; bucket < Reuse{}.buckets.size(); ++bucket) {
    EXPECT_EQ(Reuse::first(bucket), Reuse::last(bucket - 1) + 1);
    EXPECT_LE(Reuse::first(bucket), Reuse::last(bucket));
  }
}

TEST(ConnectionReuse, SaysWhichConnectionsMayHaveServedMore) {
  ConnectionReuse reuse;
  ConnectionRow row = row_of(7);
  row.closed_at.reset();
  row.preexisting = true;
  row.served_by_workers = 2;
  reuse.add(row);
  reuse.add(row_of(1));
  const Reuse of = reuse.of(0);
  EXPECT_EQ(of.connections, 2U);
  EXPECT_EQ(of.requests, 8U);
  EXPECT_EQ(of.open, 1U);
  EXPECT_EQ(of.preexisting, 1U);
  EXPECT_EQ(of.shared, 1U);
}

TEST(ConnectionReuse, ConnectionsThatWereNotCountedAreNoConnectionsWithoutARequest) {
  ConnectionReuse reuse;
  reuse.add(row_of(std::nullopt));
  EXPECT_EQ(reuse.of(0), Reuse{});
}

TEST(ConnectionReuse, ServicesAreApart) {
  ConnectionReuse reuse;
  reuse.add(row_of(3, 1));
  EXPECT_EQ(reuse.of(0), Reuse{});
  EXPECT_EQ(reuse.of(1).requests, 3U);
}

}  // namespace
}  // namespace acceptscope
