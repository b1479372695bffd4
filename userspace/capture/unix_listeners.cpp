// SPDX-License-Identifier: BSD-2-Clause
#include "capture/unix_listeners.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "capture/held_sockets.hpp"

namespace acceptscope {
namespace {

constexpr unsigned long kAcceptsConnections = 1UL << 16;  // __SO_ACCEPTCON, include/uapi/linux/net.h

using PathOfInode = std::map<std::uint64_t, std::string>;

/// The listening sockets in a process's /proc/PID/net/unix (unix_seq_show() in net/unix/af_unix.c): in the fourth
/// column the flags, in the seventh the inode, and the path after it.
PathOfInode listening_sockets(const std::filesystem::path& process) {
  PathOfInode sockets;
  std::ifstream file(process / "net/unix");
  std::string line;
  std::getline(file, line);  // the heads of the columns
  while (std::getline(file, line)) {
    std::istringstream columns(line);
    std::string slot, references, protocol, flags, type, state, path;
    std::uint64_t inode = 0;
    columns >> slot >> references >> protocol >> flags >> type >> state >> inode;
    if (!columns || (std::strtoul(flags.c_str(), nullptr, 16) & kAcceptsConnections) == 0) continue;
    std::getline(columns >> std::ws, path);
    if (!path.empty()) sockets.emplace(inode, path);
  }
  return sockets;
}

}  // namespace

std::vector<UnixListener> unix_listeners(const std::string& proc,
                                         const std::function<bool(std::uint32_t, const std::string&)>& selected,
                                         Nanoseconds budget) {
  std::map<std::string, UnixListener> found;
  for_each_process(proc, budget, [&](std::uint32_t pid, const std::filesystem::path& directory) {
    const std::string comm = comm_of(directory);
    if (!selected(pid, comm)) return;
    const PathOfInode sockets = listening_sockets(directory);
    std::set<std::string> held;
    for_each_socket(directory, [&](std::uint64_t inode) {
      if (const auto socket = sockets.find(inode); socket != sockets.end()) held.insert(socket->second);
    });
    for (const std::string& path : held) {
      UnixListener& listener = found.try_emplace(path, UnixListener{path, pid, comm, 0}).first->second;
      ++listener.processes;
      if (pid < listener.pid) listener.pid = pid, listener.comm = comm;
    }
  });
  std::vector<UnixListener> list;
  for (auto& [path, listener] : found)
    if (list.size() < kMostUnixListeners) list.push_back(std::move(listener));
  return list;
}

}  // namespace acceptscope
