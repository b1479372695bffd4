// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace acceptscope {

/// What --simulate-missing can take away.
inline constexpr std::array<std::string_view, 5> kMissableFeatures{"btf", "cgroup2", "sock_graft", "syscall_programs",
                                                                   "uring_trace"};

/// Where the capture side finds the machine. Tests point it elsewhere, or name features that it must not find.
struct Environment {
  std::string proc = "/proc";
  std::string btf = "/sys/kernel/btf/vmlinux";
  std::vector<std::string> missing;  ///< of kMissableFeatures: pretend that the kernel lacks them

  [[nodiscard]] bool lacks(std::string_view feature) const {
    return std::find(missing.begin(), missing.end(), feature) != missing.end();
  }
};

}  // namespace acceptscope
