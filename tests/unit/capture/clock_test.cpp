// SPDX-License-Identifier: BSD-2-Clause
#include "util/clock.hpp"

#include <gtest/gtest.h>

namespace acceptscope {
namespace {

using namespace std::chrono_literals;

TEST(ClockOffsets, AreThoseOfTheTimeNamespace) {
  EXPECT_EQ(parse_clock_offsets("monotonic           0         0\nboottime            0         0\n"), ClockOffsets{});
  EXPECT_EQ(parse_clock_offsets("monotonic      100000         5\nboottime           -7         0\n"),
            (ClockOffsets{100000s + 5ns, -7s}));
}

TEST(ClockOffsets, AreNoneWhereTheKernelHasNoTimeNamespaces) {
  EXPECT_EQ(parse_clock_offsets(""), ClockOffsets{});
  EXPECT_EQ(parse_clock_offsets("nonsense\n"), ClockOffsets{});
}

}  // namespace
}  // namespace acceptscope
