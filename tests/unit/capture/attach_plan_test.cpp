// SPDX-License-Identifier: BSD-2-Clause
#include "capture/attach_plan.hpp"

#include <gmock/gmock.h>

namespace acceptscope {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

KernelFacts modern_kernel() {
  KernelFacts facts;
  facts.btf = true;
  facts.accept_takes_argument_struct = true;
  facts.has_queue_add = true;
  facts.has_hashdance = true;
  facts.has_sock_graft = true;
  facts.syscall_programs = true;
  facts.cgroup2 = true;
  facts.wait_functions.epoll = 1;
  facts.wait_functions.poll = 2;
  return facts;
}

std::vector<std::string> names(const AttachPlan& plan) {
  std::vector<std::string> result;
  for (const PlannedProgram& program : plan.programs) result.emplace_back(program.name);
  return result;
}

TEST(AttachPlan, FentryTakesTheTwoArgumentFormOfAcceptSince610) {
  EXPECT_THAT(names(make_attach_plan(Backend::fentry, modern_kernel(), {})),
              ElementsAre("accept_fexit610", "close_fentry", "graft_fentry", "enqueue_fentry", "enqueue2_fentry",
                          "state_tp", "destroy_tp", "fork_tp", "exit_tp"));
}

TEST(AttachPlan, FentryTakesTheFourArgumentFormOfAcceptBefore610) {
  KernelFacts facts = modern_kernel();
  facts.accept_takes_argument_struct = false;

  const auto programs = names(make_attach_plan(Backend::fentry, facts, {}));

  EXPECT_THAT(programs, Contains("accept_fexit"));
  EXPECT_THAT(programs, Not(Contains("accept_fexit610")));
}

TEST(AttachPlan, RequestsAreTracedByCallsAndArrivalsSince63WithEachBackend) {
  KernelFacts facts = modern_kernel();
  facts.request_traces = true;

  for (const Backend backend : enum_values<Backend>) {
    const AttachPlan plan = make_attach_plan(backend, facts, {.follow_pids = false, .requests = true});

    EXPECT_THAT(names(plan), IsSupersetOf({"receive_tp", "send_tp", "ready_tp"}));
    EXPECT_TRUE(plan.requests);
  }
}

TEST(AttachPlan, RequestsAreTracedByTheUseOfSocketsBefore63) {
  const auto programs = [](Backend backend) {
    return names(make_attach_plan(backend, modern_kernel(), {.follow_pids = false, .requests = true}));
  };

  EXPECT_THAT(programs(Backend::fentry), Contains("release_fentry"));
  EXPECT_THAT(programs(Backend::kprobe), Contains("release_kprobe"));
  EXPECT_THAT(programs(Backend::tracepoint), IsSupersetOf({"adjust_tp", "probe_tp"}));
  EXPECT_THAT(programs(Backend::tracepoint), Not(Contains("ready_tp")));
}

TEST(AttachPlan, NoRequestsNoProgramsOfThem) {
  KernelFacts facts = modern_kernel();
  facts.request_traces = true;

  const AttachPlan plan = make_attach_plan(Backend::fentry, facts, {.follow_pids = false, .requests = false});

  EXPECT_FALSE(plan.requests);
  EXPECT_THAT(names(plan), Not(Contains("receive_tp")));
}

TEST(AttachPlan, WithoutAHookOnTheQueueTheHandshakesEndStartsTheWait) {
  KernelFacts facts = modern_kernel();
  facts.has_queue_add = false;

  const AttachPlan plan = make_attach_plan(Backend::kprobe, facts, {});

  EXPECT_TRUE(plan.enqueue_from_state);
  EXPECT_THAT(names(plan), Not(Contains("enqueue_kprobe")));
  EXPECT_THAT(plan.notes, Contains(HasSubstr("no hook on the accept queue")));
}

TEST(AttachPlan, WithoutBpfLoopTheWalkIsAnotherProgram) {
  KernelFacts facts = modern_kernel();
  EXPECT_EQ(make_attach_plan(Backend::fentry, facts, {}).walk, "walk_holders510");
  facts.bpf_loop = true;
  EXPECT_EQ(make_attach_plan(Backend::fentry, facts, {}).walk, "walk_holders");
}

TEST(AttachPlan, WhereTheKernelHidesItsAddressesEveryHolderCounts) {
  KernelFacts facts = modern_kernel();
  facts.wait_functions = {};

  EXPECT_THAT(make_attach_plan(Backend::fentry, facts, {}).notes, Contains(HasSubstr("CAP_SYSLOG")));
  EXPECT_EQ(make_attach_plan(Backend::fentry, modern_kernel(), {}).wait_functions.poll, 2u);
}

TEST(AttachPlan, WithoutASecondLookAtAcceptsTheBlockedOnesAreNamed) {
  KernelFacts facts = modern_kernel();
  facts.has_sock_graft = false;

  const AttachPlan plan = make_attach_plan(Backend::fentry, facts, {});

  EXPECT_THAT(names(plan), Not(Contains("graft_fentry")));
  EXPECT_THAT(plan.notes, Contains(HasSubstr("security_sock_graft")));
}

TEST(AttachPlan, TracepointClosesByStateWhereThereIsNoCgroup2) {
  KernelFacts facts = modern_kernel();
  EXPECT_FALSE(make_attach_plan(Backend::tracepoint, facts, {}).close_from_state);
  facts.cgroup2 = false;

  const AttachPlan plan = make_attach_plan(Backend::tracepoint, facts, {});

  EXPECT_TRUE(plan.close_from_state);
  EXPECT_THAT(names(plan),
              ElementsAre("accept_sysexit", "accept_sysexit", "state_tp", "destroy_tp", "fork_tp", "exit_tp"));
}

TEST(AttachPlan, MptcpClosesAreHookedWhereThereIsMptcp) {
  KernelFacts facts = modern_kernel();
  EXPECT_THAT(names(make_attach_plan(Backend::fentry, facts, {})), Not(Contains("mptcp_fentry")));
  facts.has_mptcp_close = true;
  EXPECT_THAT(names(make_attach_plan(Backend::fentry, facts, {})), Contains("mptcp_fentry"));
  EXPECT_THAT(names(make_attach_plan(Backend::kprobe, facts, {})), Contains("mptcp_kprobe"));
}

TEST(AttachPlan, BirthsAndDeathsAreFollowedAndAPidIsFreedOnlyForAProcessFilter) {
  for (const Backend backend : enum_values<Backend>) {
    EXPECT_THAT(names(make_attach_plan(backend, modern_kernel(), {})), IsSupersetOf({"fork_tp", "exit_tp"}));
    EXPECT_THAT(names(make_attach_plan(backend, modern_kernel(), {})), Not(Contains("free_tp")));
    EXPECT_THAT(names(make_attach_plan(backend, modern_kernel(), {.follow_pids = true})), Contains("free_tp"));
  }
}

TEST(AttachPlan, OpenConnectionsAreRefreshedByWhatTheKernelHas) {
  KernelFacts facts = modern_kernel();
  EXPECT_EQ(make_attach_plan(Backend::fentry, facts, {}).refresh, "refresh_syscall");
  facts.syscall_programs = false;
  EXPECT_EQ(make_attach_plan(Backend::fentry, facts, {}).refresh, "refresh_iter");
}

TEST(AttachPlan, AModernKernelsFunctionBackendsHaveNothingToExcuse) {
  EXPECT_THAT(make_attach_plan(Backend::fentry, modern_kernel(), {}).notes, IsEmpty());
  EXPECT_THAT(make_attach_plan(Backend::kprobe, modern_kernel(), {}).notes, IsEmpty());
}

}  // namespace
}  // namespace acceptscope
