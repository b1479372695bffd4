// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/scale.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "unit/output/sample.hpp"

namespace acceptscope {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::SizeIs;

TEST(CountMarks, AreRoundAndReachTheLargest) {
  EXPECT_THAT(count_marks(0, 5), ElementsAre(0, 1));
  EXPECT_THAT(count_marks(3, 5), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(count_marks(18, 5), ElementsAre(0, 5, 10, 15, 20));
  EXPECT_THAT(count_marks(100, 5), ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_THAT(count_marks(101, 5), ElementsAre(0, 50, 100, 150));
}

TEST(CountMarks, TakeTheLargestNumberThereIs) {
  const auto marks = count_marks(static_cast<double>(std::numeric_limits<std::uint64_t>::max()), 5);
  EXPECT_THAT(marks, SizeIs(testing::Le(6U)));
  EXPECT_GE(marks.back(), static_cast<double>(std::numeric_limits<std::uint64_t>::max()));
}

TEST(DurationMarks, AreDecadesWhenThereAreMany) {
  EXPECT_THAT(duration_marks(500us, 2s), ElementsAre(1ms, 10ms, 100ms, 1s));
}

TEST(DurationMarks, HaveSomeBetweenTheDecadesWhenThereAreFew) {
  EXPECT_THAT(duration_marks(900us, 12ms), ElementsAre(1ms, 2ms, 5ms, 10ms));
}

TEST(DurationMarks, EndAtTheLongestDuration) { EXPECT_EQ(duration_marks(1ns, Nanoseconds::max()).size(), 19U); }

TEST(ClockText, IsTheTimeOfDayInUtc) {
  EXPECT_EQ(clock_text(sample::kStart), "14:02:11");
  EXPECT_EQ(clock_text(sample::kStart + 250ms, true), "14:02:11.2");
}

TEST(TimeAxis, PlacesInstantsBetweenItsEnds) {
  const TimeAxis axis(sample::kStart, sample::kStart + 60s);
  EXPECT_DOUBLE_EQ(axis.place(sample::kStart + -1s), 0);
  EXPECT_NEAR(axis.place(sample::kStart + 15s), 0.25, 1e-6);
  EXPECT_DOUBLE_EQ(axis.place(sample::kStart + 61s), 1);
}

TEST(TimeAxis, MarksRoundTimesOfTheDay) {
  std::vector<std::string> texts;
  for (const Instant mark : TimeAxis(sample::kStart, sample::kStart + 60s).marks(10)) texts.push_back(clock_text(mark));
  EXPECT_THAT(texts, ElementsAre("14:02:20", "14:02:30", "14:02:40", "14:02:50", "14:03:00", "14:03:10"));
}

TEST(TimeAxis, OfARunThatEndsBeforeItBeginsIsStillAnAxis) {
  const TimeAxis axis(sample::kStart, sample::kStart + -5s);
  EXPECT_DOUBLE_EQ(axis.place(sample::kStart), 0);
  EXPECT_THAT(axis.marks(10), SizeIs(testing::Le(11U)));
}

TEST(TimeAxis, OfAllTimesHasFewMarks) {
  const Instant first{std::numeric_limits<std::int64_t>::min()}, last{std::numeric_limits<std::int64_t>::max()};
  EXPECT_THAT(TimeAxis(first, last).marks(10), SizeIs(testing::AllOf(testing::Ge(1U), testing::Le(11U))));
  EXPECT_DOUBLE_EQ(TimeAxis(first, last).place(last), 1);
}

TEST(ColourSteps, OfFewCountsAreTheCounts) {
  const ColourSteps steps(1, 3);
  EXPECT_EQ(steps.levels(), 3U);
  EXPECT_EQ(steps.level(0), 0U);
  EXPECT_EQ(steps.level(1), 1U);
  EXPECT_EQ(steps.level(3), 3U);
  EXPECT_EQ(steps.colour(1), 1U);
  EXPECT_EQ(steps.colour(3), ColourSteps::kLevels);
}

TEST(ColourSteps, OfManyCountsAreEven) {
  const ColourSteps steps(2, 70);
  EXPECT_EQ(steps.levels(), ColourSteps::kLevels);
  EXPECT_DOUBLE_EQ(steps.upper(1), 10);
  EXPECT_DOUBLE_EQ(steps.upper(7), 70);
  EXPECT_EQ(steps.level(10), 1U);
  EXPECT_EQ(steps.level(11), 2U);
  EXPECT_EQ(steps.level(1000), 7U);
}

TEST(ColourSteps, OfAWideRangeGrowByAFactor) {
  const ColourSteps steps(1, 1e7);
  EXPECT_DOUBLE_EQ(steps.upper(1), 10);
  EXPECT_DOUBLE_EQ(steps.upper(4), 10'000);
  EXPECT_EQ(steps.level(9e6), 7U);
}

}  // namespace
}  // namespace acceptscope
