// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/cost_words.hpp"

#include <gtest/gtest.h>

namespace acceptscope {
namespace {

using namespace std::chrono_literals;

TEST(CostText, SaysTheCostPerEventAndAsPartOfACpu) {
  Overhead overhead;
  overhead.cpu_seconds_user = 0.1;
  overhead.cpu_seconds_system = 0.02;
  overhead.max_rss_bytes = 24 << 20;
  overhead.bpf_ns_per_accept = 850.4;
  overhead.bpf_ns_per_close = 1'210;
  overhead.bpf_cpu = 0.004;
  EXPECT_EQ(
      cost_text(overhead, 10s),
      "0.4 % of one CPU in the kernel (850 ns per accept, 1,210 ns per close), 1.2 % in acceptscope, 25.2 MB of memory");
}

TEST(CostText, LeavesOutWhatWasNotMeasured) {
  Overhead overhead;
  overhead.cpu_seconds_user = 0.1;
  overhead.max_rss_bytes = 24 << 20;
  EXPECT_EQ(cost_text(overhead, 10s), "1.0 % of one CPU in acceptscope, 25.2 MB of memory");
  overhead.bpf_ns_per_close = 900;
  EXPECT_EQ(cost_text(overhead, 0s), "900 ns per close, 25.2 MB of memory");
}

}  // namespace
}  // namespace acceptscope
