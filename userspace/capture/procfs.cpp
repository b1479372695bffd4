// SPDX-License-Identifier: BSD-2-Clause
#include "capture/procfs.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <unordered_map>

namespace acceptscope {
namespace {

/// Arguments are separated by NUL in /proc/PID/cmdline.
std::string join_arguments(std::string text) {
  while (!text.empty() && text.back() == '\0') text.pop_back();
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

/// The path in the line "0::/path" of /proc/PID/cgroup: the cgroup v2 membership (cgroups(7)).
std::optional<std::string> unified_cgroup(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("0::")) return line.substr(3);
  return std::nullopt;
}

/// What /proc/PID/cgroup tells of the container, or else of the unit: a line per hierarchy, "5:memory:/docker/<id>".
std::optional<Container> container_in(const std::string& text) {
  std::optional<Container> best;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t path = line.find(':', line.find(':') + 1);
    if (path == std::string::npos) continue;
    std::optional<Container> found = container_of(std::string_view(line).substr(path + 1));
    if (found && (!best || (best->runtime == Runtime::unit && found->runtime != Runtime::unit)))
      best = std::move(found);
  }
  return best;
}

}  // namespace

std::optional<std::string> ProcFs::read_file(const std::string& path) const {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::optional<ProcFs::Stat> ProcFs::read_stat(const std::string& directory) const {
  const std::optional<std::string> text = read_file(directory + "/stat");
  if (!text) return std::nullopt;
  const std::size_t comm_end = text->rfind(')');  // the command name may contain any character, also ')'
  if (comm_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text->substr(comm_end + 1));
  Stat stat;
  std::string skipped;
  fields >> stat.state >> stat.parent;
  for (int field = 5; field < 14; ++field) fields >> skipped;
  std::uint64_t user = 0, system = 0;
  fields >> user >> system;  // proc(5): fields 14 and 15
  stat.cpu_ticks = user + system;
  for (int field = 16; field < 22; ++field) fields >> skipped;  // field 22 is starttime
  fields >> stat.start_ticks;
  if (!fields) return std::nullopt;
  return stat;
}

std::string ProcFs::directory_of(const ProcTask& task) const {
  const std::string process = root_ + "/" + std::to_string(task.pid);
  return task.tid == 0 ? process : process + "/task/" + std::to_string(task.tid);
}

std::optional<ProcFs::Stat> ProcFs::stat_of_living(const WorkerKey& worker, const ProcTask& task) const {
  const std::optional<Stat> stat = read_stat(directory_of(task));
  const auto ns_per_tick = 1'000'000'000 / sysconf(_SC_CLK_TCK);
  // The kernel shows it by the reader's clock (proc_pid_stat in fs/proc/array.c).
  const std::int64_t shown_start_ns = worker.start_ns + clock_offsets().boottime.count();
  const bool lives = stat && stat->state != 'Z' && stat->state != 'X' &&
                     stat->start_ticks == static_cast<std::uint64_t>(shown_start_ns / ns_per_tick);
  return lives ? stat : std::nullopt;
}

std::optional<Nanoseconds> ProcFs::cpu_time(const WorkerKey& worker, const ProcTask& task) const {
  const std::optional<Stat> stat = stat_of_living(worker, task);
  if (!stat) return std::nullopt;
  return Nanoseconds{static_cast<std::int64_t>(stat->cpu_ticks) * (1'000'000'000 / sysconf(_SC_CLK_TCK))};
}

ProcessInfo ProcFs::read(const WorkerKey& worker, const ProcTask& task, ContainerNames& names) const {
  ProcessInfo info;
  info.worker = worker;
  const std::optional<Stat> stat = stat_of_living(worker, task);
  info.exited = !stat;
  if (info.exited) return info;
  info.parent_pid = stat->parent;
  const std::string directory = directory_of(task);
  if (std::optional<std::string> cmdline = read_file(directory + "/cmdline")) {
    cmdline = join_arguments(*std::move(cmdline));
    if (!cmdline->empty()) info.cmdline = *std::move(cmdline);
  }
  if (std::optional<std::string> comm = read_file(directory + "/comm")) {
    if (comm->ends_with('\n')) comm->pop_back();
    info.comm = *std::move(comm);
  }
  if (const std::optional<std::string> cgroup = read_file(directory + "/cgroup")) {
    info.cgroup = unified_cgroup(*cgroup);
    if (std::optional<Container> container = container_in(*cgroup)) {
      names.add_name(*container);
      info.container = label_of(*container);
    }
  }
  return info;
}

std::string ProcFs::first_root() const {
  const std::string root = root_ + "/1/root";
  return access((root + "/.").c_str(), X_OK) == 0 ? root : std::string();
}

bool ProcFs::exists(std::uint32_t pid) const { return std::filesystem::exists(root_ + "/" + std::to_string(pid)); }

std::vector<std::uint32_t> ProcFs::with_descendants(const std::vector<std::uint32_t>& roots) const {
  std::unordered_multimap<std::uint32_t, std::uint32_t> children;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(root_, ignored)) {
    const std::string name = entry.path().filename();
    std::uint32_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size()) continue;
    if (const std::optional<Stat> stat = read_stat(entry.path())) children.emplace(stat->parent, pid);
  }
  std::set<std::uint32_t> found(roots.begin(), roots.end());
  std::vector<std::uint32_t> queue(roots);
  while (!queue.empty()) {
    const auto [begin, end] = children.equal_range(queue.back());
    queue.pop_back();
    for (auto child = begin; child != end; ++child)
      if (found.insert(child->second).second) queue.push_back(child->second);
  }
  return {found.begin(), found.end()};
}

std::uint32_t ProcFs::netns_of(const std::string& process) const {
  struct stat info {};
  const std::string path = fmt::format("{}/{}/ns/net", root_, process);
  return stat(path.c_str(), &info) == 0 ? static_cast<std::uint32_t>(info.st_ino) : 0;
}

std::uint32_t ProcFs::own_netns() const { return netns_of("self"); }

std::optional<NamespaceDrops> ProcFs::namespace_drops(const std::string& process, std::uint32_t netns) const {
  if (netns_of(process) != netns) return std::nullopt;
  const std::optional<std::string> text = read_file(fmt::format("{}/{}/net/netstat", root_, process));
  if (!text) return std::nullopt;
  // Pairs of lines with the same prefix: the names, then the values (netstat_seq_show() in net/ipv4/proc.c).
  std::istringstream lines(*text);
  std::optional<std::uint64_t> overflows, deferred;
  for (std::string names, values; std::getline(lines, names) && std::getline(lines, values);) {
    std::istringstream name_list(names), value_list(values);
    std::string name, value;
    while (name_list >> name && value_list >> value) {
      std::optional<std::uint64_t>* const wanted = name == "ListenOverflows"      ? &overflows
                                                   : name == "TCPDeferAcceptDrop" ? &deferred
                                                                                  : nullptr;
      std::uint64_t number = 0;
      if (wanted != nullptr && std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc{})
        *wanted = number;
    }
  }
  if (!overflows || !deferred) return std::nullopt;
  return NamespaceDrops{*overflows, *deferred};
}

}  // namespace acceptscope
