// SPDX-License-Identifier: BSD-2-Clause
#include "capture/attach_plan.hpp"

namespace acceptscope {
namespace {

using Programs = std::vector<PlannedProgram>;

Programs fentry_programs(const KernelFacts& facts) {
  Programs programs{facts.accept_takes_argument_struct
                        ? PlannedProgram{"accept_fexit610", "fexit inet_csk_accept", Attach::automatic, Fact::accept}
                        : PlannedProgram{"accept_fexit", "fexit inet_csk_accept", Attach::automatic, Fact::accept},
                    {"close_fentry", "fentry tcp_close", Attach::automatic, Fact::close}};
  if (facts.has_sock_graft)
    programs.push_back({"graft_fentry", "fentry security_sock_graft", Attach::automatic, Fact::accept});
  if (facts.has_queue_add)
    programs.push_back({"enqueue_fentry", "fentry inet_csk_reqsk_queue_add", Attach::automatic, Fact::accept});
  if (facts.has_hashdance)
    programs.push_back({"enqueue2_fentry", "fentry inet_csk_complete_hashdance", Attach::automatic, Fact::accept});
  if (facts.has_mptcp_close) programs.push_back({"mptcp_fentry", "fentry mptcp_close", Attach::automatic, Fact::close});
  return programs;
}

Programs kprobe_programs(const KernelFacts& facts) {
  Programs programs{{"accept_kprobe", "kretprobe inet_csk_accept", Attach::automatic, Fact::accept},
                    {"close_kprobe", "kprobe tcp_close", Attach::automatic, Fact::close}};
  if (facts.has_sock_graft)
    programs.push_back({"graft_kprobe", "kprobe security_sock_graft", Attach::automatic, Fact::accept});
  if (facts.has_queue_add)
    programs.push_back({"enqueue_kprobe", "kprobe inet_csk_reqsk_queue_add", Attach::automatic, Fact::accept});
  if (facts.has_hashdance)
    programs.push_back({"enqueue2_kprobe", "kprobe inet_csk_complete_hashdance", Attach::automatic, Fact::accept});
  if (facts.has_mptcp_close) programs.push_back({"mptcp_kprobe", "kprobe mptcp_close", Attach::automatic, Fact::close});
  return programs;
}

Programs tracepoint_programs(const KernelFacts& facts) {
  Programs programs{{"accept_sysexit", "tracepoint syscalls:sys_exit_accept", Attach::syscall_tracepoint, Fact::accept,
                     "sys_exit_accept"},
                    {"accept_sysexit", "tracepoint syscalls:sys_exit_accept4", Attach::syscall_tracepoint, Fact::accept,
                     "sys_exit_accept4"}};
  if (facts.uring == KernelFacts::UringTrace::cqe)
    programs.push_back({"uring_cqe", "tracepoint io_uring:io_uring_complete", Attach::automatic, Fact::accept});
  if (facts.uring == KernelFacts::UringTrace::result)
    programs.push_back({"uring_result", "tracepoint io_uring:io_uring_complete", Attach::automatic, Fact::accept});
  if (facts.cgroup2) programs.push_back({"close_release", "cgroup sock_release", Attach::cgroup, Fact::close});
  return programs;
}

/// Tracepoints of calls and arrivals since 6.3. Before: the end of each use of a socket, or what comes closest to it.
void add_request_programs(AttachPlan& plan, const KernelFacts& facts) {
  const auto add = [&plan](std::string_view name, std::string_view hook) {
    plan.programs.push_back({name, hook, Attach::automatic, Fact::request});
  };
  plan.requests = true;
  if (facts.request_traces) {
    add("receive_tp", "tracepoint sock:sock_recv_length");
    add("send_tp", "tracepoint sock:sock_send_length");
    add("ready_tp", "tracepoint sock:sk_data_ready");
    return;
  }
  plan.notes.emplace_back(
      "unread waits are those of the last data before the read, to a timer tick: no tracepoint sk_data_ready (6.3)");
  switch (plan.backend) {
    case Backend::fentry: return add("release_fentry", "fentry tcp_release_cb");
    case Backend::kprobe: return add("release_kprobe", "kprobe tcp_release_cb");
    case Backend::tracepoint:
      add("adjust_tp", "tracepoint tcp:tcp_rcv_space_adjust");
      add("probe_tp", "tracepoint tcp:tcp_probe");
      plan.notes.emplace_back(
          "a request is in flight until a packet acknowledges the answer: no tracepoint sock_send_length (6.3)");
  }
}

void add_notes(AttachPlan& plan, const KernelFacts& facts) {
  if (plan.backend == Backend::tracepoint) {
    plan.notes.emplace_back("every system call of the host becomes a little slower while a system call is traced");
    plan.notes.emplace_back(
        facts.uring == KernelFacts::UringTrace::none
            ? "accepts by io_uring or by 32-bit programs are found by their holder, up to a second late"
            : "accepts by 32-bit programs are found by their holder, up to a second late");
  } else if (!facts.has_sock_graft) {
    plan.notes.emplace_back(
        "no security_sock_graft: an accept already blocked when tracing began is found by its "
        "holder, up to a second late");
  }
  if (!facts.wait_functions.known())
    plan.notes.emplace_back(
        "who waits for connections by epoll or poll cannot be told: /proc/kallsyms hides addresses (CAP_SYSLOG is "
        "missing, or kptr_restrict is 2); every holder of a listening socket counts as a worker");
  if (plan.close_from_state)
    plan.notes.emplace_back("no cgroup v2: a connection counts as closed at its first FIN or reset");
  if (plan.enqueue_from_state && plan.backend != Backend::tracepoint)
    plan.notes.emplace_back("no hook on the accept queue: the wait begins when the handshake is complete");
}

}  // namespace

AttachPlan make_attach_plan(Backend backend, const KernelFacts& facts, const Wanted& wanted) {
  AttachPlan plan;
  plan.backend = backend;
  plan.atomic_fetch = facts.atomic_fetch;
  plan.allocates = facts.allocates;
  plan.wait_functions = facts.wait_functions;
  plan.proc_view = facts.proc_view;
  switch (backend) {
    case Backend::fentry: plan.programs = fentry_programs(facts); break;
    case Backend::kprobe: plan.programs = kprobe_programs(facts); break;
    case Backend::tracepoint: plan.programs = tracepoint_programs(facts); break;
  }
  plan.refresh = facts.syscall_programs ? "refresh_syscall" : "refresh_iter";
  plan.walk = facts.bpf_loop ? "walk_holders" : "walk_holders510";
  plan.enqueue_from_state = backend == Backend::tracepoint || !facts.has_queue_add || !facts.has_hashdance;
  plan.close_from_state = backend == Backend::tracepoint && !facts.cgroup2;
  plan.programs.push_back({"state_tp", "tracepoint sock:inet_sock_set_state", Attach::automatic, Fact::close});
  plan.programs.push_back({"destroy_tp", "tracepoint tcp:tcp_destroy_sock", Attach::automatic, Fact::close});
  if (wanted.requests) add_request_programs(plan, facts);
  plan.programs.push_back({"fork_tp", "tracepoint sched:sched_process_fork"});
  plan.programs.push_back({"exit_tp", "tracepoint sched:sched_process_exit"});
  if (wanted.follow_pids) plan.programs.push_back({"free_tp", "tracepoint sched:sched_process_free"});
  add_notes(plan, facts);
  return plan;
}

}  // namespace acceptscope
