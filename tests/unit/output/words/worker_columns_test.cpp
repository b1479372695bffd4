// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/worker_columns.hpp"

#include <gmock/gmock.h>

#include "unit/output/golden.hpp"
#include "unit/output/sample.hpp"

namespace acceptscope {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using namespace std::chrono_literals;

std::vector<std::size_t> fitted(std::vector<std::size_t> widths, const std::vector<int>& leaves, std::size_t room) {
  fit_columns(widths, leaves, room, 1);
  return widths;
}

TEST(FitColumns, LeavesAllThatFit) { EXPECT_THAT(fitted({3, 4, 5}, {0, 1, 2}, 15), ElementsAre(3, 4, 5)); }

TEST(FitColumns, TheHighestNumberLeavesFirstAndTheLeftOneOfTwo) {
  EXPECT_THAT(fitted({3, 4, 5}, {0, 1, 2}, 14), ElementsAre(3, 4, 0));
  EXPECT_THAT(fitted({3, 4, 5}, {1, 1, 1}, 11), ElementsAre(0, 4, 5));
}

TEST(FitColumns, ThoseThatStayStayEvenIfTheyDoNotFit) {
  EXPECT_THAT(fitted({3, 4, 5}, {0, 0, 7}, 2), ElementsAre(3, 4, 0));
  EXPECT_THAT(fitted({3}, {0}, 0), ElementsAre(3));
}

TEST(FitColumns, ColumnsThatAreNotShownTakeNoRoom) {
  EXPECT_THAT(fitted({3, 0, 5}, {0, 9, 2}, 10), ElementsAre(3, 0, 5));
  EXPECT_EQ(room_of(std::vector<std::size_t>{3, 0, 5}, 2), 12U);
}

TEST(WorkerColumns, StandInEachViewAtPositionsOfTheirOwn) {
  for (const auto view : {&WorkerColumn::plain, &WorkerColumn::tui}) {
    int position = 0;
    for (const WorkerColumn* column : worker_columns_of(view)) EXPECT_EQ((column->*view).position, ++position);
  }
}

TEST(WorkerColumns, SortByTheirValue) {
  WorkerRow closed = sample::worker(1, 10, 3), open = sample::worker(2, 5, 5);
  EXPECT_EQ(sort_value(closed, WorkerSort::connections), 10U);
  EXPECT_EQ(sort_value(closed, WorkerSort::traffic), closed.counts.bytes());
  EXPECT_EQ(sort_value(open, WorkerSort::open), 5U);
  EXPECT_EQ(sort_value(open, WorkerSort::lifetime), static_cast<std::uint64_t>(Nanoseconds{41s}.count()))
      << "none was closed: the age of the open ones";
}

TEST(WorkerColumns, OfThePlainTextForTheReadme) {
  EXPECT_THAT(worker_columns_of(&WorkerColumn::plain), SizeIs(12));
  expect_golden("plain_columns.md", worker_columns_markdown());
}

}  // namespace
}  // namespace acceptscope
