// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// The directory of a cgroup v2.
/// \param path a directory of a mounted cgroup2 file system, or a path as in /proc/PID/cgroup ("/system.slice/x")
[[nodiscard]] Result<UniqueFd> open_cgroup(const std::string& path);

}  // namespace acceptscope
