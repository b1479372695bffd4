// SPDX-License-Identifier: BSD-2-Clause
/// The BPF programs that a backend uses on a given kernel. Pure: facts in, plan out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "capture/kernel_facts.hpp"
#include "model/backend.hpp"

namespace acceptscope {

/// How a program is attached.
enum class Attach { automatic, syscall_tracepoint, cgroup };

/// The event that a program reports: for the cost figures.
enum class Fact { accept, close, other };

struct PlannedProgram {
  std::string_view name;  ///< name of the BPF program
  std::string_view hook;  ///< for people: "fexit inet_csk_accept"
  Attach attach = Attach::automatic;
  Fact fact = Fact::other;
  std::string_view tracepoint = {};  ///< name in syscalls/, for Attach::syscall_tracepoint
};

struct AttachPlan {
  Backend backend = Backend::fentry;
  std::vector<PlannedProgram> programs;
  std::string_view refresh;         ///< program that updates the byte counts of open connections
  bool enqueue_from_state = false;  ///< accept wait begins at SYN_RECV -> ESTABLISHED
  bool close_from_state = false;    ///< close = first step out of the open states: too early after shutdown()
  std::vector<std::string> notes;   ///< limitations of this plan, for people
};

/// \param follow_pids --pid is given: forks must be followed
[[nodiscard]] AttachPlan make_attach_plan(Backend backend, const KernelFacts& facts, bool follow_pids);

}  // namespace acceptscope
