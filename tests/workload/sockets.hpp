// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "util/unique_fd.hpp"

namespace workload {

using acceptscope::UniqueFd;

/// An address and port as returned by the socket API. A trivial type, because it is stored in shared memory.
struct Endpoint {
  union {
    sockaddr generic;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  socklen_t length;

  [[nodiscard]] static Endpoint of(const std::string& address, std::uint16_t port);
  [[nodiscard]] static Endpoint local_of(int fd);
  [[nodiscard]] static Endpoint peer_of(int fd);

  /// The address; an IPv4-mapped one as IPv4.
  [[nodiscard]] std::string address() const;
  [[nodiscard]] std::uint16_t port() const;
};

/// CLOCK_MONOTONIC in nanoseconds: the clock of the kernel's time stamps.
[[nodiscard]] std::uint64_t now_ns();

/// Multipath TCP, for C libraries without the constant (linux/in.h since 5.6).
inline constexpr int kMptcp = 262;

/// A bound socket that is ready to listen; on the IPv6 wildcard it also accepts IPv4. `protocol`: 0 or kMptcp.
[[nodiscard]] UniqueFd bind_socket(const Endpoint& endpoint, bool reuseport, int protocol);

/// Makes close() reset the connection instead of finishing it.
void reset_on_close(int fd);

/// Both ends of a pipe. Closing the write end wakes all waiters on the read end: a broadcast.
struct Broadcast {
  UniqueFd reader;
  UniqueFd writer;
  [[nodiscard]] static Broadcast create();
  void send() { writer.reset(); }
};

/// Waits for one of `events` or a hang-up.
void wait_for(int fd, short events);

/// Moves this process into a network namespace created by `ip netns add`.
void enter_network_namespace(const std::string& name);

/// Inode number of this process's network namespace, as in /proc/PID/ns/net.
[[nodiscard]] std::uint64_t network_namespace_inode();

}  // namespace workload
