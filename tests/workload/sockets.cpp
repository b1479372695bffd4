// SPDX-License-Identifier: BSD-2-Clause
#include "sockets.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "failure.hpp"

namespace workload {
namespace {

/// getsockname() or getpeername().
template <class Ask>
Endpoint ask(int fd, const Ask& ask_kernel, const char* name) {
  Endpoint endpoint;
  std::memset(&endpoint, 0, sizeof endpoint);
  endpoint.length = sizeof endpoint.v6;
  if (ask_kernel(fd, &endpoint.generic, &endpoint.length) != 0) fail_with_errno(name);
  return endpoint;
}

}  // namespace

Endpoint Endpoint::of(const std::string& address, std::uint16_t port) {
  Endpoint endpoint;
  std::memset(&endpoint, 0, sizeof endpoint);
  if (inet_pton(AF_INET, address.c_str(), &endpoint.v4.sin_addr) == 1) {
    endpoint.v4.sin_family = AF_INET;
    endpoint.v4.sin_port = htons(port);
    endpoint.length = sizeof endpoint.v4;
  } else if (inet_pton(AF_INET6, address.c_str(), &endpoint.v6.sin6_addr) == 1) {
    endpoint.v6.sin6_family = AF_INET6;
    endpoint.v6.sin6_port = htons(port);
    endpoint.length = sizeof endpoint.v6;
  } else {
    throw Failure("not an IP address: " + address);
  }
  return endpoint;
}

Endpoint Endpoint::local_of(int fd) { return ask(fd, getsockname, "getsockname"); }
Endpoint Endpoint::peer_of(int fd) { return ask(fd, getpeername, "getpeername"); }

std::string Endpoint::address() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (generic.sa_family == AF_INET) {
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

std::uint16_t Endpoint::port() const { return ntohs(generic.sa_family == AF_INET ? v4.sin_port : v6.sin6_port); }

std::uint64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

UniqueFd bind_socket(const Endpoint& endpoint, bool reuseport, int protocol) {
  UniqueFd fd{socket(endpoint.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC, protocol)};
  if (!fd) fail_with_errno("socket");
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (reuseport) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (endpoint.generic.sa_family == AF_INET6) {
    const int only = IN6_IS_ADDR_UNSPECIFIED(&endpoint.v6.sin6_addr) ? 0 : 1;
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  if (bind(fd.get(), &endpoint.generic, endpoint.length) != 0) {
    fail_with_errno("bind to " + endpoint.address() + " port " + std::to_string(endpoint.port()));
  }
  return fd;
}

void reset_on_close(int fd) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

Broadcast Broadcast::create() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail_with_errno("pipe");
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

void wait_for(int fd, short events) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  while (poll(&entry, 1, -1) < 0 && errno == EINTR) {
  }
}

void enter_network_namespace(const std::string& name) {
  const std::string path = "/run/netns/" + name;
  const UniqueFd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd || setns(fd.get(), CLONE_NEWNET) != 0) fail_with_errno("cannot enter " + path);
}

std::uint64_t network_namespace_inode() {
  struct stat status {};
  if (stat("/proc/self/ns/net", &status) != 0) fail_with_errno("/proc/self/ns/net");
  return status.st_ino;
}

}  // namespace workload
