// SPDX-License-Identifier: BSD-2-Clause
#include "model/connection_counts.hpp"

#include <gtest/gtest.h>

namespace acceptscope {
namespace {

constexpr ConnectionCounts kOne{.accepts = 5,
                                .closes = 3,
                                .preexisting = 4,
                                .preexisting_closes = 1,
                                .peak_open = 6,
                                .bytes_received = 100,
                                .bytes_sent = 1'000};

TEST(ConnectionCounts, CountThoseFromBeforeWithTheAccepted) {
  EXPECT_EQ(kOne.connections(), 9U);
  EXPECT_EQ(kOne.closed(), 4U);
  EXPECT_EQ(kOne.bytes(), 1'100U);
}

TEST(ConnectionCounts, AddUpButForThePeakOfWhichTheLargerIsCertain) {
  constexpr ConnectionCounts other{.accepts = 10,
                                   .closes = 20,
                                   .preexisting = 30,
                                   .preexisting_closes = 40,
                                   .peak_open = 7,
                                   .bytes_received = 50,
                                   .bytes_sent = 60};
  constexpr ConnectionCounts both{.accepts = 15,
                                  .closes = 23,
                                  .preexisting = 34,
                                  .preexisting_closes = 41,
                                  .peak_open = 7,
                                  .bytes_received = 150,
                                  .bytes_sent = 1'060};
  ConnectionCounts sum = kOne;
  EXPECT_EQ(sum += other, both);
  sum = other;
  EXPECT_EQ(sum += kOne, both) << "in either order";
  EXPECT_EQ(sum += ConnectionCounts{}, both) << "nothing adds nothing";
}

}  // namespace
}  // namespace acceptscope
