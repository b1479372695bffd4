// SPDX-License-Identifier: BSD-2-Clause
#include "capture/proc_view.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

#include "capture/kernel_facts.hpp"
#include "capture/mounts.hpp"

namespace acceptscope {
namespace {

constexpr ino_t kInitialPidNamespace = 0xEFFFFFFC;  // PROC_PID_INIT_INO, include/linux/proc_ns.h

std::optional<ino_t> pid_namespace_of(const std::string& process) {
  struct stat info {};
  if (stat((process + "/ns/pid").c_str(), &info) != 0) return std::nullopt;
  return info.st_ino;
}

/// How many levels of pid namespaces this process is below that of /proc: its pid in each is listed, /proc's first.
std::uint32_t levels_below(const std::string& proc) {
  std::ifstream status(proc + "/self/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view label = "NSpid:";
    if (!line.starts_with(label)) continue;
    std::istringstream pids(line.substr(label.size()));
    std::uint32_t count = 0;
    for (std::uint32_t pid = 0; pids >> pid;) ++count;
    return std::max(count, 1u) - 1;
  }
  return 0;
}

/// Whether /proc was mounted with hidepid (proc(5)).
bool hides_processes(const std::string& proc) {
  bool hides = false;  // of several mounts over each other the last one counts
  for (const Mount& mount : read_mounts(proc)) {
    if (mount.point != proc) continue;
    const std::string options = "," + mount.options;
    const std::size_t at = options.find(",hidepid=");
    hides = at != std::string::npos && !options.substr(at + 9).starts_with("0") &&
            !options.substr(at + 9).starts_with("off");
  }
  return hides;
}

}  // namespace

ProcView read_proc_view(const std::string& proc) {
  ProcView view;
  view.hides = hides_processes(proc) && !has_capability("CAP_SYS_PTRACE");
  const auto own = pid_namespace_of(proc + "/self");
  view.is_partial = own && *own != kInitialPidNamespace;
  view.levels_up = levels_below(proc);
  view.translates = view.is_partial && pid_namespace_of(proc + "/1") != kInitialPidNamespace;
  return view;
}

std::string shortcoming_of(const ProcView& view) {
  if (view.is_partial)
    return "This is not the host's pid namespace: of processes outside of it, connections are counted, but command "
           "lines, who holds and who waits cannot be seen. Run it with the host's pids (docker run --pid=host; in "
           "Kubernetes hostPID: true).";
  if (view.hides)
    return "/proc hides the processes of others (hidepid): their command lines and ends cannot be seen. Run it as root, "
           "or with CAP_SYS_PTRACE.";
  return {};
}

}  // namespace acceptscope
