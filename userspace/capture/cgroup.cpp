// SPDX-License-Identifier: BSD-2-Clause
#include "capture/cgroup.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <filesystem>
#include <fstream>

#include "capture/kernel_fs.hpp"

namespace acceptscope {
namespace {

UniqueFd open_directory(int at, const std::string& path) {
  return UniqueFd(openat(at, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

bool is_cgroup2(const UniqueFd& directory) {
  struct statfs info {};
  return directory && fstatfs(directory.get(), &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

}  // namespace

Result<UniqueFd> open_cgroup(const std::string& path) {
  const Result<UniqueFd> root = open_file_system("cgroup2");
  if (!root) return tl::unexpected(root.error());
  UniqueFd directory = open_directory(AT_FDCWD, path);
  if (!is_cgroup2(directory)) directory = open_directory(root->get(), "./" + path);  // "/a" is seen from the root
  if (!is_cgroup2(directory))
    return system_failure(errno, "--cgroup '" + path + "'",
                          "a cgroup v2 path as in /proc/PID/cgroup, such as "
                          "/system.slice/nginx.service");
  return directory;
}

std::vector<std::uint32_t> processes_in(const UniqueFd& directory) {
  std::vector<std::uint32_t> pids;
  const auto read = [&pids](const std::filesystem::path& path) {
    std::ifstream file(path / "cgroup.procs");
    for (std::uint32_t pid = 0; file >> pid;) pids.push_back(pid);
  };
  const std::filesystem::path root = fmt::format("/proc/self/fd/{}/.", directory.get());
  read(root);
  std::error_code ended;  // cgroups appear and disappear meanwhile
  for (std::filesystem::recursive_directory_iterator entry(root, ended), end; !ended && entry != end;
       entry.increment(ended))
    if (entry->is_directory(ended)) read(entry->path());
  return pids;
}

}  // namespace acceptscope
