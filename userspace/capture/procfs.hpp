// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/container_names.hpp"
#include "model/records.hpp"

namespace acceptscope {

/// A process, or a thread of it, by its pids in /proc.
struct ProcTask {
  std::uint32_t pid = 0;
  std::uint32_t tid = 0;  ///< 0: the process
};

/// Reads facts about processes from /proc. The root is a parameter, so that tests can use a tree of their own. All pids
/// are of the pid namespace of /proc.
class ProcFs {
 public:
  explicit ProcFs(std::string root) : root_(std::move(root)) {}

  /// Parent, command line, cgroup and container of the worker's process, which is `task`; `exited` if it has exited or
  /// its pid belongs to another process.
  [[nodiscard]] ProcessInfo read(const WorkerKey& worker, const ProcTask& task, ContainerNames& names) const;
  /// CPU time, user and system, of the worker's process (or thread) so far, to a clock tick (10 ms); empty if it does
  /// not run; a zombie does not.
  [[nodiscard]] std::optional<Nanoseconds> cpu_time(const WorkerKey& worker, const ProcTask& task) const;
  /// `roots` and all their descendants that are alive now.
  [[nodiscard]] std::vector<std::uint32_t> with_descendants(const std::vector<std::uint32_t>& roots) const;
  /// The root directory of the first process that /proc shows: of the host, where it shows the host's processes. This
  /// process's own, "", if it may not be entered.
  [[nodiscard]] std::string first_root() const;
  [[nodiscard]] bool exists(std::uint32_t pid) const;
  /// Inode number of this process's network namespace; 0 if unknown.
  [[nodiscard]] std::uint32_t own_netns() const;
  /// What network namespace `netns` counted since it exists; empty unless `process` ("self" or a pid) is in it.
  [[nodiscard]] std::optional<NamespaceDrops> namespace_drops(const std::string& process, std::uint32_t netns) const;

 private:
  struct Stat {
    std::uint32_t parent = 0;
    std::uint64_t start_ticks = 0;  ///< since boot, in clock ticks (sysconf(_SC_CLK_TCK))
    std::uint64_t cpu_ticks = 0;    ///< user and system, likewise
    char state = '?';
  };
  [[nodiscard]] std::uint32_t netns_of(const std::string& process) const;
  /// The worker's entry, if its process (or thread) runs.
  [[nodiscard]] std::optional<Stat> stat_of_living(const WorkerKey& worker, const ProcTask& task) const;
  [[nodiscard]] std::string directory_of(const ProcTask& task) const;
  [[nodiscard]] std::optional<Stat> read_stat(const std::string& directory) const;
  [[nodiscard]] std::optional<std::string> read_file(const std::string& path) const;

  std::string root_;
};

}  // namespace acceptscope
