// SPDX-License-Identifier: BSD-2-Clause
#include "model/connection_sample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace acceptscope {
namespace {

using namespace std::chrono_literals;

ConnectionRow connection(std::uint64_t id, std::uint32_t pid, Nanoseconds lifetime) {
  ConnectionRow row;
  row.id = id;
  row.pid = row.tid = pid;
  row.lifetime = lifetime;
  return row;
}

std::map<std::uint32_t, std::size_t> per_worker(const std::vector<ConnectionRow>& rows) {
  std::map<std::uint32_t, std::size_t> counts;
  for (const ConnectionRow& row : rows) ++counts[row.pid];
  return counts;
}

TEST(ConnectionSample, KeepsAllThatFit) {
  ConnectionSample sample(3);
  for (std::uint64_t id = 3; id >= 1; --id) sample.add(connection(id, 7, 1ms));
  const std::vector<ConnectionRow> rows = sample.take();

  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].id, 1U);
  EXPECT_EQ(rows[2].id, 3U);
  EXPECT_EQ(sample.left_out(), 0U);
}

TEST(ConnectionSample, KeepsTheLongOnesAndOfEveryWorkerAsMany) {
  ConnectionSample sample(100);
  for (std::uint64_t id = 1; id <= 20'000; ++id) {
    const bool rare = id % 1'000 == 0;
    sample.add(connection(id, rare ? 8 : 7, id % 5'000 == 1 ? 60s : 1ms));
  }
  const std::vector<ConnectionRow> rows = sample.take();

  EXPECT_EQ(per_worker(rows), (std::map<std::uint32_t, std::size_t>{{7, 80}, {8, 20}}));
  EXPECT_EQ(sample.left_out(), 19'900U);
  const auto is_long = [](const ConnectionRow& row) { return row.lifetime == 60s; };
  EXPECT_EQ(std::count_if(rows.begin(), rows.end(), is_long), 4);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.id < b.id; }));
}

TEST(ConnectionSample, DoesNotDependOnTheOrder) {
  ConnectionSample forward(50);
  ConnectionSample backward(50);
  for (std::uint64_t id = 1; id <= 5'000; ++id) {
    forward.add(connection(id, static_cast<std::uint32_t>(id % 3), Nanoseconds{id}));
    const std::uint64_t other = 5'001 - id;
    backward.add(connection(other, static_cast<std::uint32_t>(other % 3), Nanoseconds{other}));
  }
  EXPECT_EQ(forward.take(), backward.take());
}

TEST(ConnectionSample, OfMoreWorkersThanConnectionsMayBeKept) {
  ConnectionSample sample(10);
  for (std::uint32_t pid = 1; pid <= 1'000; ++pid) sample.add(connection(pid, pid, 1ms));
  EXPECT_EQ(sample.take().size(), 10U);
  EXPECT_EQ(sample.left_out(), 990U);

  ConnectionSample none(0);
  none.add(connection(1, 1, 1ms));
  EXPECT_TRUE(none.take().empty());
  EXPECT_EQ(none.left_out(), 1U);
}

}  // namespace
}  // namespace acceptscope
