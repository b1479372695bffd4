// SPDX-License-Identifier: BSD-2-Clause
/// Tests that share one start of the program: under emulation a start takes seconds, unlike the traffic of a test.
#pragma once

#include <string>

#include "comparison.hpp"

namespace acceptscope::test {

/// A plan that can be traced together with others. Constructed once per test, before main(), under the test's name. The
/// first selected test of a backend that needs its outcome also traces the plans of the next few selected tests with
/// the same program options; each test then sees only the part of the outputs that concerns its own services. A test
/// that is selected alone runs alone.
class SharedPlan {
 public:
  SharedPlan(const std::string& test, Plan plan, Expectation expectation = {});
};

#define SHARED_PLAN(suite, name, ...) const SharedPlan shared_plan_of_##name(#suite "." #name, __VA_ARGS__)

/// A test that consists only of its plan.
#define TRUTH_TEST(suite, name, ...)     \
  SHARED_PLAN(suite, name, __VA_ARGS__); \
  TEST_P(suite, name) { expect_truth_of_shared_plan(); }

}  // namespace acceptscope::test
