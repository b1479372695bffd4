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

/// The directories of the cgroups v2 of running containers, pods or units that `pattern` selects (see
/// model/container.hpp), the outermost of each; fails if there are none, naming some that there are. \param proc for
/// their names
[[nodiscard]] Result<std::vector<UniqueFd>> open_containers(const std::string& pattern, const std::string& proc);

/// The processes in a cgroup v2 and in all cgroups below it, in no order. Unreadable cgroups are left out.
[[nodiscard]] std::vector<std::uint32_t> processes_in(const UniqueFd& directory);

}  // namespace acceptscope
