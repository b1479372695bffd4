// SPDX-License-Identifier: BSD-2-Clause
#include "capture/cgroup.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "capture/kernel_fs.hpp"

namespace acceptscope {
namespace {

UniqueFd open_directory(int at, const std::string& path) {
  return UniqueFd(openat(at, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

bool is_cgroup2(const UniqueFd& directory) {
  struct statfs info{};
  return directory && fstatfs(directory.get(), &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

}  // namespace

Result<UniqueFd> open_cgroup(const std::string& path) {
  const Result<UniqueFd> root = open_file_system("cgroup2");
  if (!root) return tl::unexpected(root.error());
  UniqueFd directory = open_directory(AT_FDCWD, path);
  if (!is_cgroup2(directory)) directory = open_directory(root->get(), "./" + path);  // "/a" is seen from the root
  if (!is_cgroup2(directory))
    return system_failure(errno, "--cgroup '" + path + "'", "a cgroup v2 path as in /proc/PID/cgroup, such as "
                                                            "/system.slice/nginx.service");
  return directory;
}

}  // namespace acceptscope
