// SPDX-License-Identifier: BSD-2-Clause
/// Two kinds of pids: the kernel's programs tell those of the initial pid namespace; those in /proc, and those that a
/// user types, are of the pid namespace that /proc was mounted in (pid_namespaces(7)).
#pragma once

#include <cstdint>
#include <string>

namespace acceptscope {

/// What /proc shows of the host's processes.
struct ProcView {
  bool translates = false;      ///< its pids are not the kernel's
  std::uint32_t levels_up = 0;  ///< its pid namespace is so many levels above this process's
  bool is_partial = false;      ///< this process is in a pid namespace of its own: it cannot look at those outside
  bool hides = false;           ///< processes of others are hidden (hidepid of proc(5)), and no capability shows them
};

/// \param proc the root of /proc. What cannot be read is as on the host.
[[nodiscard]] ProcView read_proc_view(const std::string& proc);

/// What a /proc of this kind leaves out, and how to run this program so that it does not; empty: nothing.
[[nodiscard]] std::string shortcoming_of(const ProcView& view);

}  // namespace acceptscope
