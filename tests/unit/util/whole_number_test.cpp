// SPDX-License-Identifier: BSD-2-Clause
#include "util/whole_number.hpp"

#include <gmock/gmock.h>

#include <cmath>

namespace acceptscope {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

TEST(WholeNumber, HasNoFraction) {
  EXPECT_EQ(whole_number(0), 0U);
  EXPECT_EQ(whole_number(2.9), 2U);
  EXPECT_EQ(whole_number(9'007'199'254'740'992.0), 9'007'199'254'740'992U);
}

TEST(WholeNumber, IsTheNearestThatTheTypeHas) {
  EXPECT_EQ(whole_number(-1), 0U);
  EXPECT_EQ(whole_number(std::nan("")), 0U);
  EXPECT_EQ(whole_number(static_cast<double>(kMost)), kMost) << "which is 2^64 as a double";
  EXPECT_EQ(whole_number(1e300), kMost);
}

}  // namespace
}  // namespace acceptscope
