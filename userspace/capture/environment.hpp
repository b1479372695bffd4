// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace acceptscope {

/// The features that --simulate-missing can hide.
inline constexpr std::array<std::string_view, 10> kMissableFeatures{
    "allocation",     "atomic_fetch", "bpf_loop",         "btf",         "cgroup2",
    "request_traces", "sock_graft",   "syscall_programs", "uring_trace", "wait_functions"};

/// Paths at which the capture side reads the machine. Tests use other paths, or name features that must seem missing.
struct Environment {
  std::string proc = "/proc";
  std::string btf = "/sys/kernel/btf/vmlinux";
  std::vector<std::string> missing;  ///< of kMissableFeatures: pretend that the kernel lacks them

  [[nodiscard]] bool lacks(std::string_view feature) const {
    return std::find(missing.begin(), missing.end(), feature) != missing.end();
  }
};

}  // namespace acceptscope
