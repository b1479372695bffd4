// SPDX-License-Identifier: BSD-2-Clause
// Programs that the kernel skips because another run of them was preempted on the same CPU (recursion_misses).
#include <fstream>
#include <iterator>

#include "comparison.hpp"

namespace acceptscope::test {
namespace {

class Skipping : public TruthTest {};

/// "none (voluntary) full": the mode in force is in parentheses; empty before 5.12.
std::string preemption() {
  std::ifstream file("/sys/kernel/debug/sched/preempt");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Whether skips are certain under enough traffic: fentry programs can be preempted, and since 7.0 tracepoint programs
/// too; kprobes run with preemption disabled.
bool skips_are_certain(const std::string& backend) {
  const std::string mode = preemption();
  const bool is_full = mode.find("(full)") != std::string::npos;
  if (kernel_version() >= 700) return is_full || mode.find("(lazy)") != std::string::npos;
  return backend == "fentry" && is_full;
}

TEST_P(Skipping, IsToldAndTheOpenConnectionsAreRightAfterTheNextTick) {
  if (!skips_are_certain(backend())) {
    const std::string mode = preemption();
    GTEST_SKIP() << "this kernel does not preempt this backend's programs (preemption: "
                 << (mode.empty() ? "unknown" : mode) << ")";
  }
  constexpr int kRounds = 5;
  std::uint64_t skipped = 0;
  for (int round = 0; round < kRounds && skipped == 0; ++round) {
    expect_truth_of({.workload = {"--workers", "4", "--connections", "1200", "--concurrency", "12", "--end",
                                  "peer,local,peer,local,peer,local,peer,local,peer,hold"}});
    if (IsSkipped() || HasFailure()) return;
    skipped = programs_skipped(outcome_.traced.dump);
  }
  RecordProperty("programs_skipped", std::to_string(skipped));
  ASSERT_GT(skipped, 0U) << "this test is about what it did not meet";
  EXPECT_NE(outcome_.traced.output.find("skipped a tracing program"), std::string::npos) << outcome_.traced.output;
}

INSTANTIATE_TEST_SUITE_P(, Skipping, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
