// SPDX-License-Identifier: BSD-2-Clause
#include "capture/listening_ports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string_view>
#include <unordered_map>

#include "capture/held_sockets.hpp"
#include "util/parse_number.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kMostAddresses = 4;  // of a port

using Sockets = std::unordered_map<std::uint64_t, Endpoint>;  // by inode

/// An address as the kernel prints it: each 32 bits of it, which are in network byte order, as a number of this host.
std::optional<IpAddress> address_of(std::string_view text) {
  if (text.size() != 8 && text.size() != 32) return std::nullopt;
  IpAddress address;
  if (text.size() == 8) address.bytes[10] = address.bytes[11] = 0xff;  // IPv4-mapped
  const std::size_t first = address.bytes.size() - text.size() / 2;
  for (std::size_t word = 0; word < text.size() / 8; ++word) {
    const auto number = parse_number<std::uint32_t>(text.substr(word * 8, 8), 16);
    if (!number) return std::nullopt;
    std::memcpy(&address.bytes[first + word * 4], &*number, sizeof *number);
  }
  return address;
}

/// Adds the listening sockets of /proc/net/tcp or tcp6 (get_tcp4_sock() in net/ipv4/tcp_ipv4.c): in the second column
/// an address and a port, in the fourth the state, in the tenth the inode.
void add_sockets(Sockets& sockets, const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);  // the heads of the columns
  while (std::getline(file, line)) {
    std::istringstream columns(line);
    std::vector<std::string> fields;
    for (std::string field; fields.size() < 10 && columns >> field;) fields.push_back(field);
    if (fields.size() < 10 || fields[3] != "0A") continue;  // TCP_LISTEN
    const std::size_t colon = fields[1].rfind(':');
    const auto address = address_of(std::string_view(fields[1]).substr(0, colon));
    const auto port = parse_number<std::uint16_t>(std::string_view(fields[1]).substr(colon + 1), 16);
    const auto inode = parse_number<std::uint64_t>(fields[9]);
    if (address && port && inode) sockets[*inode] = {*address, *port};
  }
}

Sockets listening_sockets(const std::string& proc) {
  Sockets sockets;
  for (const char* table : {"tcp", "tcp6"}) add_sockets(sockets, fmt::format("{}/self/net/{}", proc, table));
  return sockets;
}

/// The ports of `sockets` with their addresses and the processes that hold them.
std::vector<ListeningPort> with_holders(const Sockets& sockets, const std::string& proc, Nanoseconds budget) {
  std::map<std::uint16_t, ListeningPort> found;
  std::map<std::uint16_t, std::set<IpAddress>> addresses;
  for (const auto& [inode, endpoint] : sockets) {
    found[endpoint.port].port = endpoint.port;
    addresses[endpoint.port].insert(endpoint.address);
  }
  for_each_process(proc, budget, [&](std::uint32_t, const std::filesystem::path& directory) {
    std::set<std::uint16_t> held;
    for_each_socket(directory, [&](std::uint64_t inode) {
      if (const auto socket = sockets.find(inode); socket != sockets.end()) held.insert(socket->second.port);
    });
    for (const std::uint16_t port : held) {
      ListeningPort& listening = found[port];
      if (listening.processes++ == 0) listening.comm = comm_of(directory);
    }
  });
  std::vector<ListeningPort> list;
  list.reserve(found.size());
  for (auto& [port, listening] : found) {
    for (const IpAddress& address : addresses[port])
      if (listening.addresses.size() < kMostAddresses) listening.addresses.emplace_back(address.to_string());
    list.push_back(std::move(listening));
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const ListeningPort& a, const ListeningPort& b) { return a.processes > b.processes; });
  return list;
}

}  // namespace

std::vector<ListeningPort> listening_ports(const std::string& proc, Nanoseconds budget) {
  return with_holders(listening_sockets(proc), proc, budget);
}

std::optional<std::vector<ListeningPort>> listening_instead(const std::string& proc, const PortSet& ports,
                                                            const std::vector<IpAddress>& addresses,
                                                            Nanoseconds budget) {
  if (ports.empty() && addresses.empty()) return std::nullopt;
  const Sockets sockets = listening_sockets(proc);
  const auto is_asked_for = [&](const auto& socket) {
    const Endpoint& endpoint = socket.second;
    return (ports.empty() || ports.contains(endpoint.port)) &&
           (addresses.empty() || std::ranges::find(addresses, endpoint.address) != addresses.end());
  };
  if (std::any_of(sockets.begin(), sockets.end(), is_asked_for)) return std::nullopt;
  std::vector<ListeningPort> list = with_holders(sockets, proc, budget);
  // Those on a port that was asked for, at another address, tell most.
  std::stable_partition(list.begin(), list.end(),
                        [&](const ListeningPort& port) { return !ports.empty() && ports.contains(port.port); });
  list.resize(std::min(list.size(), kMostListeningPorts));
  return list;
}

}  // namespace acceptscope
