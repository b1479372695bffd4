// SPDX-License-Identifier: BSD-2-Clause
#include "text/numbers.hpp"

#include <gtest/gtest.h>

namespace acceptscope {
namespace {

using namespace std::chrono_literals;

TEST(Human, DurationsKeepTwoOrThreeDigits) {
  EXPECT_EQ(human_duration(0ns), "0ns");
  EXPECT_EQ(human_duration(850ns), "850ns");
  EXPECT_EQ(human_duration(340us), "340µs");
  EXPECT_EQ(human_duration(1'234us), "1.2ms");
  EXPECT_EQ(human_duration(99'940us), "99.9ms");
  EXPECT_EQ(human_duration(340ms), "340ms");
  EXPECT_EQ(human_duration(12'345ms), "12.3s");
  EXPECT_EQ(human_duration(245s), "4m05s");
  EXPECT_EQ(human_duration(2h + 5min + 59s), "2h05m");
  EXPECT_EQ(human_duration(76h), "3d04h");
}

TEST(Human, DurationsStepUpWhereRoundingDoes) {
  EXPECT_EQ(human_duration(999ns), "999ns");
  EXPECT_EQ(human_duration(999'600ns), "1.0ms");
  EXPECT_EQ(human_duration(99'960us), "100ms");
  EXPECT_EQ(human_duration(999'600us), "1.0s");
  EXPECT_EQ(human_duration(59'940ms), "59.9s");
  EXPECT_EQ(human_duration(59'960ms), "1m00s");
  EXPECT_EQ(human_duration(3'599'600ms), "1h00m");
}

TEST(Human, UnknownDurationsAreADash) {
  EXPECT_EQ(human_duration(std::nullopt), "-");
  EXPECT_EQ(human_duration(-1ns), "-");
}

TEST(Human, DurationsInAscii) { EXPECT_EQ(human_duration(340us, true), "340us"); }

TEST(Human, CountsHaveThousands) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(4'567), "4,567");
  EXPECT_EQ(human_count(1'234'567), "1,234,567");
  EXPECT_EQ(human_count(1, "worker"), "1 worker");
  EXPECT_EQ(human_count(0, "worker"), "0 workers");
}

TEST(Human, Rates) {
  EXPECT_EQ(human_rate(0, 1s), "0");
  EXPECT_EQ(human_rate(1, 60s), "<0.1");
  EXPECT_EQ(human_rate(1, 10s), "0.1");
  EXPECT_EQ(human_rate(123, 10s), "12.3");
  EXPECT_EQ(human_rate(9'996, 100s), "100");
  EXPECT_EQ(human_rate(4'567, 1s), "4,567");
  EXPECT_EQ(human_rate(5, 0s), "-");
}

TEST(Human, SharesNeverRoundToAllOrNothing) {
  EXPECT_EQ(human_share(0, 3), "0%");
  EXPECT_EQ(human_share(1, 100'000), "<0.1%");
  EXPECT_EQ(human_share(601, 1'204), "49.9%");
  EXPECT_EQ(human_share(99'999, 100'000), ">99.9%");
  EXPECT_EQ(human_share(3, 3), "100%");
  EXPECT_EQ(human_share(0, 0), "-");
}

TEST(Human, Instants) { EXPECT_EQ(human_instant(Instant{1'714'572'131'999'999'999}), "2024-05-01 14:02:11 UTC"); }

TEST(HumanBytes, GrowByAThousand) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1'234), "1.2 kB");
  EXPECT_EQ(human_bytes(999'949), "999.9 kB");
  EXPECT_EQ(human_bytes(999'951), "1.0 MB");
  EXPECT_EQ(human_bytes(std::numeric_limits<std::uint64_t>::max()), "18.4 EB");
}

}  // namespace
}  // namespace acceptscope
