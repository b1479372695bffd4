// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "capture/environment.hpp"
#include "capture/proc_view.hpp"
#include "capture/wait_functions.hpp"
#include "model/privileges_needed.hpp"
#include "util/outside_text.hpp"

namespace acceptscope {

/// Facts about the running kernel, read before anything is loaded. Only loading and attaching a backend proves that it
/// really runs.
struct KernelFacts {
  std::string release;
  bool btf = false;                           ///< type information of the kernel, needed by every backend
  OutsideText btf_problem;                    ///< reason, if btf is false
  bool ring_buffer = false;                   ///< BPF_MAP_TYPE_RINGBUF (5.8), needed by every backend
  bool accept_takes_argument_struct = false;  ///< inet_csk_accept(sk, struct proto_accept_arg *), since 6.10
  bool has_queue_add = false;                 ///< inet_csk_reqsk_queue_add() can be hooked
  bool has_hashdance = false;                 ///< the same of inet_csk_complete_hashdance(), which calls or inlines it
  bool has_sock_graft = false;                ///< security_sock_graft() exists (CONFIG_SECURITY_NETWORK)
  bool has_mptcp_close = false;               ///< mptcp_close() can be hooked (CONFIG_MPTCP)
  bool syscall_programs = false;              ///< programs called by userspace, with bpf_for_each_map_elem() (5.14)
  enum class UringTrace { none, result, cqe };
  UringTrace uring = UringTrace::none;  ///< arguments of the tracepoint io_uring_complete
  bool atomic_fetch = false;            ///< atomic operations with a result (5.12; known by a helper of 5.13)
  bool bpf_loop = false;                ///< bpf_loop() (5.17)
  bool allocates = false;               ///< any program may allocate the entries of a hash map (6.1)
  bool request_traces = false;          ///< tracepoints for arrivals, receives and sends (6.3)
  WaitFunctions wait_functions;         ///< tell how a process waits for connections
  ProcView proc_view;                   ///< what /proc shows
  PrivilegeRules privileges;            ///< decide which capabilities a backend needs
  bool cgroup2 = false;                 ///< a cgroup v2 hierarchy is available
  OutsideText cgroup2_problem;
};

[[nodiscard]] KernelFacts read_kernel_facts(const Environment& environment);

/// A capability that matters to BPF and whether this process has it in effect.
struct Capability {
  std::string name;
  bool effective = false;
};
[[nodiscard]] std::vector<Capability> read_capabilities();

/// Whether this process has one of them in effect, by name.
[[nodiscard]] bool has_capability(std::string_view name);

/// Those of needed_capabilities() that this process has not, separated by commas; empty if none is missing.
/// CAP_SYS_ADMIN includes others.
[[nodiscard]] std::string missing_capabilities(Backend backend, const PrivilegeRules& rules);

/// CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN: enough to try.
[[nodiscard]] bool may_use_bpf(const std::vector<Capability>& capabilities);

}  // namespace acceptscope
