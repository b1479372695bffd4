// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/labels.hpp"

#include <gmock/gmock.h>

namespace acceptscope {
namespace {

using testing::ElementsAre;
using testing::Field;

TEST(TextWidth, CountsCharactersAndNotBytes) {
  EXPECT_DOUBLE_EQ(text_width(""), 0);
  EXPECT_DOUBLE_EQ(text_width("\u2026"), text_width("m"));
  EXPECT_LT(text_width("ill"), text_width("WWW"));
  EXPECT_GT(text_width("\u4e2d"), text_width("m")) << "a character of two columns";
}

TEST(Fitted, EndsInAnEllipsisOnlyIfItIsTooWide) {
  EXPECT_EQ(fitted("1000 server", 100), "1000 server");
  const std::string cut = fitted("1000 gunicorn: worker [app]", 100);
  EXPECT_TRUE(cut.starts_with("1000 gunic") && cut.ends_with("\u2026")) << cut;
  EXPECT_LE(text_width(cut), 100);
}

TEST(Fitted, DoesNotCutACharacter) { EXPECT_EQ(fitted("\u4e2d\u4e2d\u4e2d", 35), "\u4e2d\u2026"); }

TEST(Apart, JoinsLabelsThatAreTooCloseAndKeepsTheOthers) {
  EXPECT_THAT(apart({{50, "p50"}, {200, "p95"}, {204, "p99"}}, 0, 360),
              ElementsAre(Field(&Label::text, "p50"), Field(&Label::text, "p95, p99")));
}

TEST(Apart, KeepsLabelsInside) {
  const std::vector<Label> placed = apart({{0, "p50 1.2 ms"}, {359, "p95 4.0 s"}}, 40, 360);
  ASSERT_EQ(placed.size(), 2U);
  EXPECT_DOUBLE_EQ(placed[0].left(), 40);
  EXPECT_DOUBLE_EQ(placed[1].right(), 360);
}

TEST(SpacedCountMarks, AreFewerIfTheirLabelsAreWide) {
  EXPECT_THAT(spaced_count_marks(20, 5, 170), ElementsAre(0, 5, 10, 15, 20));
  EXPECT_THAT(spaced_count_marks(2'000'000, 5, 170), ElementsAre(0, 1'000'000, 2'000'000));
}

TEST(CountRoom, GrowsWithTheLabels) {
  EXPECT_DOUBLE_EQ(count_room({0, 5}), 40);
  EXPECT_GT(count_room({0, 1e9}), 80);
}

}  // namespace
}  // namespace acceptscope
