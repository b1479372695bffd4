// SPDX-License-Identifier: BSD-2-Clause
/// A listening socket of the test itself on the loopback, and its clients.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "util/unique_fd.hpp"

namespace acceptscope::test {

struct Listening {
  int backlog = 128;
  bool reuseport = false;
  bool deferred = false;     ///< TCP_DEFER_ACCEPT
  bool inheritable = false;  ///< by programs that a child executes
  std::uint16_t port = 0;    ///< 0: any
  int protocol = 0;          ///< IPPROTO_MPTCP for Multipath TCP
};

/// Fails the test if it cannot listen. Closed with the object.
class Listener {
 public:
  explicit Listener(const Listening& how = {});

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string port_text() const { return std::to_string(port_); }
  /// Blocks until there is a connection.
  [[nodiscard]] UniqueFd accept() const;
  /// Packets that the kernel dropped at this socket.
  [[nodiscard]] std::uint32_t drops() const;
  /// Connections in its accept queue (tcp_get_info() in net/ipv4/tcp.c).
  [[nodiscard]] std::uint32_t depth() const;
  void close() { socket_.reset(); }

 private:
  UniqueFd socket_;
  std::uint16_t port_ = 0;
};

/// Connected for the client.
[[nodiscard]] UniqueFd connect_to(std::uint16_t port, int protocol = 0);
[[nodiscard]] std::vector<UniqueFd> connect_many_to(std::uint16_t port, std::size_t count);
/// Without waiting for the handshake.
[[nodiscard]] UniqueFd begin_to_connect(std::uint16_t port);

}  // namespace acceptscope::test
