// SPDX-License-Identifier: BSD-2-Clause
#include "capture/listening_ports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace acceptscope {
namespace {

using PortOfInode = std::unordered_map<std::uint64_t, std::uint16_t>;

template <class Number>
std::optional<Number> number_of(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Adds the listening sockets of /proc/net/tcp or tcp6 (get_tcp4_sock() in net/ipv4/tcp_ipv4.c): in the second column
/// an address and a port, in the fourth the state, in the tenth the inode.
void add_sockets(PortOfInode& sockets, const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);  // the heads of the columns
  while (std::getline(file, line)) {
    std::istringstream columns(line);
    std::vector<std::string> fields;
    for (std::string field; fields.size() < 10 && columns >> field;) fields.push_back(field);
    if (fields.size() < 10 || fields[3] != "0A") continue;  // TCP_LISTEN
    const auto port = number_of<std::uint16_t>(std::string_view(fields[1]).substr(fields[1].rfind(':') + 1), 16);
    const auto inode = number_of<std::uint64_t>(fields[9]);
    if (port && inode) sockets[*inode] = *port;
  }
}

/// The ports of the listening sockets that the process holds.
std::set<std::uint16_t> ports_held(const std::filesystem::path& process, const PortOfInode& sockets) {
  constexpr std::string_view start = "socket:[";
  std::set<std::uint16_t> held;
  std::error_code error;
  for (std::filesystem::directory_iterator fd(process / "fd", error), end; !error && fd != end; fd.increment(error)) {
    std::error_code unreadable;
    const std::string target = std::filesystem::read_symlink(fd->path(), unreadable);
    if (unreadable || !target.starts_with(start) || !target.ends_with(']')) continue;
    const auto inode =
        number_of<std::uint64_t>(std::string_view(target).substr(start.size(), target.size() - start.size() - 1));
    const auto socket = inode ? sockets.find(*inode) : sockets.end();
    if (socket != sockets.end()) held.insert(socket->second);
  }
  return held;
}

std::string comm_of(const std::filesystem::path& process) {
  std::ifstream file(process / "comm");
  std::string comm;
  std::getline(file, comm);
  return comm;
}

PortOfInode listening_sockets(const std::string& proc) {
  PortOfInode sockets;
  for (const char* table : {"tcp", "tcp6"}) add_sockets(sockets, fmt::format("{}/self/net/{}", proc, table));
  return sockets;
}

/// The ports of `sockets` with the processes that hold them.
std::vector<ListeningPort> with_holders(const PortOfInode& sockets, const std::string& proc, Nanoseconds budget) {
  std::map<std::uint16_t, ListeningPort> found;
  for (const auto& [inode, port] : sockets) found[port].port = port;
  const MonotonicTime deadline = monotonic_now() + budget;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(proc, error), end; !error && entry != end; entry.increment(error)) {
    if (monotonic_now() >= deadline) break;
    if (!number_of<std::uint32_t>(entry->path().filename().string())) continue;
    for (const std::uint16_t port : ports_held(entry->path(), sockets)) {
      ListeningPort& listening = found[port];
      if (listening.processes++ == 0) listening.comm = comm_of(entry->path());
    }
  }
  std::vector<ListeningPort> list;
  list.reserve(found.size());
  for (auto& [port, listening] : found) list.push_back(std::move(listening));
  std::stable_sort(list.begin(), list.end(),
                   [](const ListeningPort& a, const ListeningPort& b) { return a.processes > b.processes; });
  return list;
}

}  // namespace

std::vector<ListeningPort> listening_ports(const std::string& proc, Nanoseconds budget) {
  return with_holders(listening_sockets(proc), proc, budget);
}

std::optional<std::vector<ListeningPort>> listening_instead(const std::string& proc, const PortSet& ports,
                                                            Nanoseconds budget) {
  if (ports.empty()) return std::nullopt;
  const PortOfInode sockets = listening_sockets(proc);
  const auto is_asked_for = [&](const auto& socket) { return ports.contains(socket.second); };
  if (std::any_of(sockets.begin(), sockets.end(), is_asked_for)) return std::nullopt;
  std::vector<ListeningPort> list = with_holders(sockets, proc, budget);
  list.resize(std::min(list.size(), kMostListeningPorts));
  return list;
}

}  // namespace acceptscope
