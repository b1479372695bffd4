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
enum class Fact { accept, close, request, other };
inline constexpr std::size_t kFacts = 4;

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
  std::string_view walk;            ///< program that walks over the file descriptors of the host
  ProcView proc_view;               ///< the program tell_pids is needed if it translates
  bool enqueue_from_state = false;  ///< accept wait begins at SYN_RECV -> ESTABLISHED
  WaitFunctions wait_functions;     ///< tell how a process waits for connections
  bool requests = false;            ///< reads and writes are traced
  bool allocates = false;           ///< entries of connections are allocated when they are needed
  bool atomic_fetch = false;        ///< the object for 5.12 and later
  bool close_from_state = false;    ///< close = first step out of the open states: too early after shutdown()
  std::vector<std::string> notes;   ///< limitations of this plan, for people
};

/// What the run asks for beside the connections themselves.
struct Wanted {
  bool follow_pids = false;  ///< --pid: forks must be followed
  bool requests = false;     ///< reads and writes are to be traced
};

[[nodiscard]] AttachPlan make_attach_plan(Backend backend, const KernelFacts& facts, const Wanted& wanted);

}  // namespace acceptscope
