// SPDX-License-Identifier: BSD-2-Clause
#include "model/worker_names.hpp"

#include <gtest/gtest.h>

namespace acceptscope {
namespace {

std::string named(const std::vector<WorkerRow>& workers, std::size_t most) {
  std::vector<const WorkerRow*> rows;
  for (const WorkerRow& worker : workers) rows.push_back(&worker);
  return workers_text(rows, most);
}

WorkerRow process(std::uint32_t pid) {
  WorkerRow row;
  row.pid = pid;
  return row;
}

WorkerRow thread(std::uint32_t pid, std::uint32_t tid) {
  WorkerRow row = process(pid);
  row.tid = tid;
  return row;
}

TEST(WorkerNames, AreOfProcessesOrOfThreads) {
  EXPECT_EQ(worker_text(process(3)), "pid 3");
  EXPECT_EQ(worker_text(thread(3, 4)), "thread 4");
  EXPECT_EQ(named({process(3)}, 8), "pid 3");
  EXPECT_EQ(named({process(3), process(4)}, 8), "pids 3, 4");
  EXPECT_EQ(named({thread(3, 4), thread(3, 5)}, 8), "threads 4, 5");
}

TEST(WorkerNames, BeyondTheMostAreCounted) {
  EXPECT_EQ(named({process(3), process(4)}, 2), "pids 3, 4");
  EXPECT_EQ(named({process(3), process(4), process(5)}, 2), "pids 3, 4 and 1 more");
}

}  // namespace
}  // namespace acceptscope
