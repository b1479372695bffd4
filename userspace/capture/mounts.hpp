// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <vector>

namespace acceptscope {

/// A mount of /proc/self/mountinfo (proc_pid_mountinfo(5)). Spaces in paths are "\040" there, and stay so.
struct Mount {
  std::string root;     ///< the directory of the file system that is mounted; "/": the whole of it
  std::string point;    ///< where
  std::string type;     ///< of the file system: "proc", "cgroup2"
  std::string options;  ///< of the file system: "rw,hidepid=2"
};

/// The mounts of this process, in the order in which they were made. \param proc the root of /proc
[[nodiscard]] std::vector<Mount> read_mounts(const std::string& proc);

}  // namespace acceptscope
