// SPDX-License-Identifier: BSD-2-Clause
#include "shared.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <utility>

namespace acceptscope::test {
namespace {

/// Number of plans that are traced together. Each tick walks the file descriptors of all their processes, so a larger
/// batch would only disturb; but on an emulated CPU, starting the program takes longer than that.
std::size_t plans_at_once() { return time_factor() > 4 ? std::numeric_limits<std::size_t>::max() : 16; }

struct Planned {
  std::string test;  ///< Suite.Name
  Plan plan;
  Expectation expectation;
};

std::vector<Planned>& all_plans() {
  static std::vector<Planned> plans;
  return plans;
}

/// The share of one test: its outcome, or the reason why there is none.
struct Share {
  Outcome outcome{};
  std::string failure{};
};

/// Whether this process will run `test`.
bool is_selected(const std::string& test) {
  const testing::UnitTest& unit = *testing::UnitTest::GetInstance();
  for (int i = 0; i < unit.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *unit.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const testing::TestInfo& info = *suite.GetTestInfo(j);
      if (info.should_run() && fmt::format("{}.{}", info.test_suite_name(), info.name()) == test) return true;
    }
  }
  return false;
}

std::optional<std::string> impossible(const Plan& plan, const std::string& backend) {
  return plan.impossible == nullptr ? std::nullopt : plan.impossible(backend);
}

/// `test` and the selected tests of the same backend that follow it.
std::vector<const Planned*> batch_from(const std::string& test, const std::string& backend) {
  std::vector<const Planned*> batch;
  for (const Planned& planned : all_plans()) {
    const bool takes_part = batch.empty() ? planned.test == test
                                          : planned.plan.tracer == batch.front()->plan.tracer &&
                                                is_selected(fmt::format("{}/{}", planned.test, backend)) &&
                                                !impossible(planned.plan, backend);
    if (takes_part) batch.push_back(&planned);
    if (batch.size() == plans_at_once()) break;
  }
  return batch;
}

using WorkloadList = std::vector<std::unique_ptr<Workload>>;

WorkloadList start_workloads(const std::vector<const Planned*>& batch) {
  WorkloadList workloads;
  for (const Planned* planned : batch) {
    workloads.push_back(std::make_unique<Workload>(planned->plan.workload));
    if (planned->plan.queued_before) workloads.back()->proceed();
  }
  return workloads;
}

std::string ports_of(const WorkloadList& workloads) {
  std::vector<std::string> lists;
  for (const auto& workload : workloads) lists.push_back(workload->ports());
  return fmt::format("{}", fmt::join(lists, ","));
}

/// Compares the whole dump with the ground truth of all plans; each test compares its own part.
void expect_true_sums(const std::vector<Share*>& shares, const Traced& traced) {
  if (traced.dump.is_null() || programs_skipped(traced.dump) > 0) return;
  Truth all;
  for (const Share* share : shares) all = together(all, truth_of(share->outcome.truth));
  SCOPED_TRACE(fmt::format("all {} plans that were traced together", shares.size()));
  expect_true_totals(all, traced.dump);
}

void trace_together(const std::string& backend, const std::vector<const Planned*>& batch,
                    const std::vector<Share*>& shares) {
  const WorkloadList workloads = start_workloads(batch);
  Arguments options{"--port", ports_of(workloads)};
  options.insert(options.end(), batch.front()->plan.tracer.begin(), batch.front()->plan.tracer.end());
  Tracer tracer(backend, options);
  if (!tracer.starts()) {
    for (Share* share : shares) share->outcome.refusal = tracer.refusal();
    return;
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    workloads[i]->make_traffic();
    if (batch[i]->plan.finish_while_traced) workloads[i]->finish();
    shares[i]->outcome.truth = workloads[i]->truth();
  }
  const Traced traced = tracer.stop();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i]->plan.finish_while_traced) workloads[i]->finish();
    shares[i]->outcome.traced = part_of(traced, shares[i]->outcome.truth);
  }
  expect_true_sums(shares, traced);
}

const Share& share_of(const std::string& test, const std::string& backend) {
  static std::map<std::pair<std::string, std::string>, Share> known;
  if (const auto found = known.find({test, backend}); found != known.end()) return found->second;
  const std::vector<const Planned*> batch = batch_from(test, backend);
  std::vector<Share*> shares;
  for (const Planned* planned : batch) shares.push_back(&known[{planned->test, backend}]);
  try {
    trace_together(backend, batch, shares);
  } catch (const std::exception& error) {
    for (Share* share : shares) share->failure = error.what();
  }
  return known.at({test, backend});
}

}  // namespace

SharedPlan::SharedPlan(const std::string& test, Plan plan, Expectation expectation) {
  all_plans().push_back({test, std::move(plan), expectation});
}

void TruthTest::expect_truth_of_shared_plan() {
  const testing::TestInfo& info = *testing::UnitTest::GetInstance()->current_test_info();
  const std::string name = info.name();
  const std::string test = fmt::format("{}.{}", info.test_suite_name(), name.substr(0, name.find('/')));
  const auto planned = std::ranges::find(all_plans(), test, &Planned::test);
  ASSERT_NE(planned, all_plans().end()) << "no plan for " << test;
  if (const auto reason = impossible(planned->plan, backend())) GTEST_SKIP() << *reason;
  const Share& share = share_of(test, backend());
  ASSERT_EQ(share.failure, "") << "in the plan of this test or of one that was traced with it";
  outcome_ = share.outcome;
  SKIP_IF_REFUSED(outcome_.refusal, *outcome_.refusal);
  expect_truth(truth_of(outcome_.truth), outcome_.traced, planned->expectation);
}

}  // namespace acceptscope::test
