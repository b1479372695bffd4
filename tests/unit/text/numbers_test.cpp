// SPDX-License-Identifier: BSD-2-Clause
#include "text/numbers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace acceptscope {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kDay = 24h;
constexpr Nanoseconds kLongest = Nanoseconds::max();

struct DurationCase {
  Nanoseconds duration;
  const char* fine;
  const char* coarse;
};

/// Each border of a unit and of the decimals, from both sides.
const DurationCase kDurationCases[] = {
    {0ns, "0 ns", "0 µs"},
    {1ns, "1 ns", "0 µs"},
    {501ns, "501 ns", "1 µs"},
    {850ns, "850 ns", "1 µs"},
    {999ns, "999 ns", "1 µs"},
    {1us, "1 µs", "1 µs"},
    {340us, "340 µs", "340 µs"},
    {999'499ns, "999 µs", "999 µs"},
    {999'500ns, "1.0 ms", "1 ms"},
    {1'234us, "1.2 ms", "1 ms"},
    {9'949us, "9.9 ms", "10 ms"},
    {99'949us, "99.9 ms", "100 ms"},
    {99'950us, "100 ms", "100 ms"},
    {202ms, "202 ms", "202 ms"},
    {999'499us, "999 ms", "999 ms"},
    {999'500us, "1.0 s", "1.0 s"},
    {4'900ms, "4.9 s", "4.9 s"},
    {9'949ms, "9.9 s", "9.9 s"},
    {9'950ms, "9.9 s", "10 s"},
    {12'345ms, "12.3 s", "12 s"},
    {59'960ms, "60.0 s", "60 s"},
    {99'949ms, "99.9 s", "100 s"},
    {99'950ms, "100 s", "100 s"},
    {119'499ms, "119 s", "119 s"},
    {119'500ms, "2.0 min", "2 min"},
    {245s, "4.1 min", "4 min"},
    {5'996s, "99.9 min", "100 min"},
    {5'997s, "100 min", "100 min"},
    {7'169s, "119 min", "119 min"},
    {7'170s, "2.0 h", "2.0 h"},
    {172'619s, "47.9 h", "47.9 h"},
    {172'620s, "2.0 d", "48.0 h"},
    {76h, "3.2 d", "76.0 h"},
    {99 * kDay + 22h, "99.9 d", "2398.0 h"},
    {100 * kDay, "100 d", "2400.0 h"},
    {kLongest, "106752 d", "2562047.8 h"},
};

TEST(Duration, InTables) {
  for (const DurationCase& c : kDurationCases) EXPECT_EQ(duration_text(c.duration), c.fine) << c.duration.count();
}

TEST(Duration, InSentences) {
  for (const DurationCase& c : kDurationCases)
    EXPECT_EQ(coarse_duration_text(c.duration), c.coarse) << c.duration.count();
}

std::string unit_of(const std::string& text) { return text.substr(text.find(' ') + 1); }

TEST(Duration, ChangesItsUnitAtTheSamePlaceInTablesAndSentences) {
  for (double ns = 1e3; ns < 1.7e14; ns *= 1.0001) {
    const Nanoseconds duration{static_cast<std::int64_t>(ns)};
    ASSERT_EQ(unit_of(duration_text(duration)), unit_of(coarse_duration_text(duration))) << duration.count();
  }
}

/// The format of the sentences in all dumps so far, including the rounding of halves: dumps are compared byte for byte.
TEST(Duration, InSentencesRoundsHalvesAsItEverDid) {
  EXPECT_EQ(coarse_duration_text(125'500ns), "125 µs");
  EXPECT_EQ(coarse_duration_text(126'500ns), "127 µs");
  EXPECT_EQ(coarse_duration_text(2'500us), "2 ms");
  EXPECT_EQ(coarse_duration_text(501'500us), "501 ms");
  EXPECT_EQ(coarse_duration_text(10'500ms), "10 s");
  EXPECT_EQ(coarse_duration_text(11'500ms), "12 s");
  EXPECT_EQ(coarse_duration_text(150s), "2 min");
}

TEST(Duration, TakesAtMostEightColumns) {
  for (double ns = 1; ns < 9.2e18; ns *= 1.0003) {
    const std::string text = duration_text(Nanoseconds{static_cast<std::int64_t>(ns)}, true);
    ASSERT_LE(text.size(), 8U) << text;
  }
}

TEST(Duration, UnknownOrNegativeIsADash) {
  EXPECT_EQ(duration_text(std::nullopt), "-");
  EXPECT_EQ(duration_text(-1ns), "-");
  EXPECT_EQ(duration_text(Nanoseconds::min()), "-");
  EXPECT_EQ(coarse_duration_text(-1ns), "-");
  EXPECT_EQ(seconds_text(-1e-9), "-");
}

TEST(Duration, InAscii) {
  EXPECT_EQ(duration_text(340us, true), "340 us");
  EXPECT_EQ(duration_text(340ms, true), "340 ms");
}

TEST(Duration, OfSecondsMayBeLongerThanNanosecondsCount) {
  EXPECT_EQ(seconds_text(0), "0 ns");
  EXPECT_EQ(seconds_text(0.0123), "12.3 ms");
  EXPECT_EQ(seconds_text(8.64e20), "10000000000000000 d");
}

TEST(Count, HasSeparators) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1'000), "1,000");
  EXPECT_EQ(count_text(4'567), "4,567");
  EXPECT_EQ(count_text(1'234'567), "1,234,567");
  EXPECT_EQ(count_text(std::numeric_limits<std::uint64_t>::max()), "18,446,744,073,709,551,615");
}

TEST(Count, OfANounIsSingularForOneOnly) {
  EXPECT_EQ(count_of(0, "worker"), "0 workers");
  EXPECT_EQ(count_of(1, "worker"), "1 worker");
  EXPECT_EQ(count_of(1'204, "worker"), "1,204 workers");
}

TEST(Decimal, HasOneOrNone) {
  EXPECT_EQ(decimal_text(0), "0.0");
  EXPECT_EQ(decimal_text(2.64), "2.6");
  EXPECT_EQ(decimal_text(-37.2), "-37.2");
  EXPECT_EQ(decimal_text(1'204.56), "1,204.6");
  EXPECT_EQ(decimal_text(2.64, 0), "3");
}

TEST(Units, StayWithTheirNumbers) {
  EXPECT_EQ(with_bound_units("p50 27 µs, max 3.9 ms; fair: ≥ 13.8, 18.9 %"),
            "p50 27\u00a0µs, max 3.9\u00a0ms; fair: ≥\u00a013.8, 18.9\u00a0%");
  EXPECT_EQ(with_bound_units("as is"), "as is");
  EXPECT_EQ(with_bound_units(""), "");
}

TEST(Amount, OfWholeOnesIsACount) {
  EXPECT_EQ(amount_text(0), "0");
  EXPECT_EQ(amount_text(1'204), "1,204");
  EXPECT_EQ(amount_text(2.5), "2.5");
  EXPECT_EQ(amount_text(1e17), "100,000,000,000,000,000");
  EXPECT_EQ(amount_text(0x1p64), "18,446,744,073,709,551,616.0");
}

TEST(Rate, KeepsSmallOnesApartFromNone) {
  EXPECT_EQ(rate_text(0, 1s), "0");
  EXPECT_EQ(rate_text(49, 1'000s), "<0.1");
  EXPECT_EQ(rate_text(50, 1'000s), "0.1");
  EXPECT_EQ(rate_text(123, 10s), "12.3");
  EXPECT_EQ(rate_text(9'994, 100s), "99.9");
  EXPECT_EQ(rate_text(9'995, 100s), "100");
  EXPECT_EQ(rate_text(4'567, 1s), "4,567");
  EXPECT_EQ(rate_text(5, 0s), "-");
  EXPECT_EQ(rate_text(5, -1s), "-");
  EXPECT_EQ(rate_text(10, 1ns), "10,000,000,000");
}

TEST(Rate, PerSecond) {
  EXPECT_EQ(rate_text(0.0), "0");
  EXPECT_EQ(rate_text(0.04), "<0.1");
  EXPECT_EQ(rate_text(3.31), "3.3");
}

TEST(Share, InTablesOnlyNothingIsZeroAndOnlyAllIsAHundred) {
  EXPECT_EQ(share_text(0, 3), "0 %");
  EXPECT_EQ(share_text(1, 100'000), "<0.1 %");
  EXPECT_EQ(share_text(499, 1'000'000), "<0.1 %");
  EXPECT_EQ(share_text(501, 1'000'000), "0.1 %");
  EXPECT_EQ(share_text(601, 1'204), "49.9 %");
  EXPECT_EQ(share_text(99'949, 100'000), "99.9 %");
  EXPECT_EQ(share_text(99'951, 100'000), ">99.9 %");
  EXPECT_EQ(share_text(99'999, 100'000), ">99.9 %");
  EXPECT_EQ(share_text(3, 3), "100 %");
  EXPECT_EQ(share_text(0, 0), "-");
}

TEST(Share, OfLargeNumbersIsNotAllWhereOneIsMissing) {
  constexpr std::uint64_t kAll = std::uint64_t{1} << 60;
  EXPECT_EQ(share_text(kAll - 1, kAll), ">99.9 %");
}

TEST(Share, OfOne) {
  EXPECT_EQ(share_text(0.0), "0 %");
  EXPECT_EQ(share_text(0.0004), "<0.1 %");
  EXPECT_EQ(share_text(0.4994), "49.9 %");
  EXPECT_EQ(share_text(0.9999), ">99.9 %");
  EXPECT_EQ(share_text(1.0), "100 %");
  EXPECT_EQ(share_text(1.2), "120.0 %");
}

TEST(Share, InSentences) {
  EXPECT_EQ(coarse_share_text(0), "0 %");
  EXPECT_EQ(coarse_share_text(0.479), "48 %");
  EXPECT_EQ(coarse_share_text(1), "100 %");
}

TEST(Bytes, ArePowersOfAThousand) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1'000), "1.0 kB");
  EXPECT_EQ(bytes_text(1'234), "1.2 kB");
  EXPECT_EQ(bytes_text(999'949), "999.9 kB");
  EXPECT_EQ(bytes_text(999'951), "1.0 MB");
  EXPECT_EQ(bytes_text(std::numeric_limits<std::uint64_t>::max()), "18.4 EB");
}

TEST(PValue, IsNeverZero) {
  EXPECT_EQ(p_value_text(0), "p < 0.001");
  EXPECT_EQ(p_value_text(0.001), "p = 0.001");
  EXPECT_EQ(p_value_text(0.0258), "p = 0.026");
  EXPECT_EQ(p_value_text(1), "p = 1.000");
}

TEST(Bounds, InUnicodeAndInAscii) {
  EXPECT_EQ(at_least_text("41.0 s"), "≥ 41.0 s");
  EXPECT_EQ(at_least_text("13.8", true), ">= 13.8");
  EXPECT_EQ(at_most_text("4.2 ms"), "≤ 4.2 ms");
  EXPECT_EQ(at_most_text("4.2 ms", true), "<= 4.2 ms");
}

TEST(Instants, ToTheSecond) { EXPECT_EQ(instant_text(Instant{1'714'572'131'999'999'999}), "2024-05-01 14:02:11 UTC"); }

}  // namespace
}  // namespace acceptscope
