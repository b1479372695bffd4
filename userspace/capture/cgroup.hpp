// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// The directory of a cgroup v2.
/// \param path a directory of a mounted cgroup2 file system, or a path as in /proc/PID/cgroup ("/system.slice/x")
[[nodiscard]] Result<UniqueFd> open_cgroup(const std::string& path);

/// The processes in a cgroup v2 and in all cgroups below it, in no order. Unreadable cgroups are left out.
[[nodiscard]] std::vector<std::uint32_t> processes_in(const UniqueFd& directory);

}  // namespace acceptscope
