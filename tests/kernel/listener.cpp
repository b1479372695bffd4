// SPDX-License-Identifier: BSD-2-Clause
#include "listener.hpp"

#include <gtest/gtest.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace acceptscope::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

}  // namespace

Listener::Listener(const Listening& how)
    : socket_(socket(AF_INET, SOCK_STREAM | (how.inheritable ? 0 : SOCK_CLOEXEC), how.protocol)) {
  const int one = 1;
  const int seconds = 10;
  sockaddr_in address = loopback(how.port);
  socklen_t size = sizeof address;
  setsockopt(fd(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (how.reuseport) setsockopt(fd(), SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  if (how.deferred) setsockopt(fd(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
  if (bind(fd(), reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd(), how.backlog) != 0 ||
      getsockname(fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    ADD_FAILURE() << "cannot listen: errno " << errno;
  port_ = ntohs(address.sin_port);
}

UniqueFd Listener::accept() const { return UniqueFd(accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC)); }

std::uint32_t Listener::drops() const {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  EXPECT_EQ(getsockopt(fd(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size), 0);
  return memory[SK_MEMINFO_DROPS];
}

std::uint32_t Listener::depth() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  EXPECT_EQ(getsockopt(fd(), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  return info.tcpi_unacked;
}

UniqueFd connect_to(std::uint16_t port, int protocol) {
  UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol));
  const sockaddr_in address = loopback(port);
  EXPECT_EQ(connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return client;
}

std::vector<UniqueFd> connect_many_to(std::uint16_t port, std::size_t count) {
  std::vector<UniqueFd> clients;
  while (clients.size() < count) clients.push_back(connect_to(port));
  return clients;
}

UniqueFd begin_to_connect(std::uint16_t port) {
  UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_in address = loopback(port);
  static_cast<void>(connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  return client;
}

}  // namespace acceptscope::test
