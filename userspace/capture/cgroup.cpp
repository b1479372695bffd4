// SPDX-License-Identifier: BSD-2-Clause
#include "capture/cgroup.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

#include "capture/container_names.hpp"
#include "capture/kernel_fs.hpp"
#include "capture/procfs.hpp"

namespace acceptscope {
namespace {

UniqueFd open_directory(int at, const std::string& path) {
  return UniqueFd(openat(at, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

bool is_cgroup2(const UniqueFd& directory) {
  struct statfs info {};
  return directory && fstatfs(directory.get(), &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

constexpr std::size_t kMostListed = 10;  // containers in a message

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

Result<std::vector<UniqueFd>> open_containers(const std::string& pattern, const std::string& proc) {
  const Result<UniqueFd> root = open_file_system("cgroup2");
  if (!root) return tl::unexpected(root.error());
  const std::string base = fmt::format("/proc/self/fd/{}/.", root->get());
  ContainerNames names(ProcFs(proc).first_root());
  std::vector<UniqueFd> found;
  std::set<OutsideText> others;
  std::error_code ended;
  std::filesystem::recursive_directory_iterator entry(base, ended), end;
  for (; !ended && entry != end; entry.increment(ended)) {
    if (!entry->is_directory(ended)) continue;
    std::optional<Container> container = container_of(entry->path().string().substr(base.size()));
    if (!container) continue;
    names.add_name(*container);
    if (!matches(*container, pattern)) {
      if (container->runtime != Runtime::unit) others.insert(label_of(*container));
      continue;
    }
    UniqueFd directory = open_directory(AT_FDCWD, entry->path());
    if (is_cgroup2(directory)) found.push_back(std::move(directory));
    entry.disable_recursion_pending();  // what is below is in it
  }
  if (!found.empty()) return found;
  if (others.empty())
    return failure("--container '" + pattern + "': no such container, pod or unit is running, and no container at all",
                   "--cgroup names any cgroup v2");
  OutsideText listed;
  std::size_t count = 0;
  for (const OutsideText& label : others) {
    if (++count > kMostListed) break;
    listed += (count == 1 ? "" : ", ") + label;
  }
  if (others.size() > kMostListed) listed += fmt::format(" and {} more", others.size() - kMostListed);
  return failure("--container '" + pattern + "': no such container, pod or unit is running", "there are: " + listed);
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
