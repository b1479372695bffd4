// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <vector>

#include "capture/environment.hpp"

namespace acceptscope {

/// What the running kernel says of itself, before anything is loaded. Whether a backend really runs is known only
/// from loading and attaching it.
struct KernelFacts {
  std::string release;
  bool btf = false;                           ///< type information of the kernel, needed by every backend
  std::string btf_problem;                    ///< why not, if not
  bool ring_buffer = false;                   ///< BPF_MAP_TYPE_RINGBUF (5.8), needed by every backend
  bool accept_takes_argument_struct = false;  ///< inet_csk_accept(sk, struct proto_accept_arg *), since 6.10
  bool has_queue_add = false;                 ///< inet_csk_reqsk_queue_add() can be hooked
  bool has_hashdance = false;                 ///< so can inet_csk_complete_hashdance(), which calls it or contains it
  bool has_sock_graft = false;                ///< security_sock_graft() exists (CONFIG_SECURITY_NETWORK)
  bool has_mptcp_close = false;               ///< mptcp_close() can be hooked (CONFIG_MPTCP)
  bool syscall_programs = false;              ///< programs that userspace calls, with bpf_for_each_map_elem() (5.14)
  enum class UringTrace { none, result, cqe };
  UringTrace uring = UringTrace::none;  ///< what the tracepoint io_uring_complete carries
  bool cgroup2 = false;                 ///< a cgroup v2 hierarchy can be had
  std::string cgroup2_problem;
};

[[nodiscard]] KernelFacts read_kernel_facts(const Environment& environment);

/// A capability that matters to BPF and whether this process has it in effect.
struct Capability {
  std::string name;
  bool effective = false;
};
[[nodiscard]] std::vector<Capability> read_capabilities();

/// CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN: enough to try.
[[nodiscard]] bool may_use_bpf(const std::vector<Capability>& capabilities);

}  // namespace acceptscope
