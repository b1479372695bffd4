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

TEST(WorkerColumns, SortByWhatAWorkerServes) {
  const WorkerRow row = sample::serving(sample::worker(1, 10, 3), 600, 5, 30s);
  EXPECT_EQ(sort_value(row, WorkerSort::requests), 600U);
  EXPECT_EQ(sort_value(row, WorkerSort::in_flight), 5U);
  EXPECT_EQ(sort_value(row, WorkerSort::busy), static_cast<std::uint64_t>(Nanoseconds{500ms}.count()));
  EXPECT_EQ(sort_value(sample::worker(1, 10, 3), WorkerSort::requests), 0U) << "not counted";
}

/// The cell under `header`, of a run of a minute whose last tick took a second.
std::string cell(std::string_view header, const ServiceRow& service, const WorkerRow& row, bool live) {
  for (const WorkerColumn& column : worker_columns())
    if (column.header == header) return column.cell({service, row, live ? 1s : 60s, live, false});
  return "no such column";
}

std::string cell(std::string_view header, const WorkerRow& row, bool live) {
  return cell(header, sample::service("0.0.0.0", 80, {row}), row, live);
}

TEST(WorkerColumns, BusyAndRatesAreOfTheLastTickWhileTracingElseOfTheRun) {
  WorkerRow row = sample::serving(sample::worker(1, 10, 3), 600, 5, 30s);
  row.recent_busy = 250ms;
  row.recent_requests = 7;

  EXPECT_EQ(cell("BUSY", row, true), "25.0 %");
  EXPECT_EQ(cell("BUSY", row, false), "50.0 %");
  EXPECT_EQ(cell("REQ/S", row, true), "7.0");
  EXPECT_EQ(cell("REQ/S", row, false), "10.0");
  EXPECT_EQ(cell("INFL", row, true), "5 (34)");
  row.recent_busy = 1'010ms;
  EXPECT_EQ(cell("BUSY", row, true), "100 %") << "a tick is not read in one moment";
}

TEST(WorkerColumns, CpuIsAPartOfOneCpu) {
  WorkerRow row = sample::worker(1, 10, 3);
  EXPECT_EQ(cell("CPU", row, false), "-");
  row.cpu_time = 90s;
  row.recent_cpu = 0.25;
  EXPECT_EQ(cell("CPU", row, true), "25.0 %");
  EXPECT_EQ(cell("CPU", row, false), "150.0 %") << "several threads, in 60 s";
}

TEST(WorkerColumns, RequestsThatWereNotCountedAreUnknown) {
  for (const std::string_view header : {"REQS", "REQ/S", "INFL", "BUSY", "RESP p50", "RESP p95", "UNREAD p95"})
    EXPECT_EQ(cell(header, sample::worker(1, 10, 3), false), "-") << header;
}

TEST(WorkerColumns, AWorkerWithoutFiguresOfAServiceThatCountsHasServedNothing) {
  const ServiceRow service =
      sample::service("::", 80, {sample::serving(sample::worker(1, 9, 1), 6, 5, 30s), sample::idle_worker(2)});
  EXPECT_EQ(cell("REQS", service, service.workers[1], false), "0");
  EXPECT_EQ(cell("INFL", service, service.workers[1], false), "0 (0)");
}

}  // namespace
}  // namespace acceptscope
