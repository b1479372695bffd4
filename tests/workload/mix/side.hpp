// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "ledger.hpp"

namespace workload::mix {

/// One side of a connection: its system calls, each written down in the ledger. Blocking, with a deadline.
class Side {
 public:
  enum class Role { kServer, kClient };
  /// Owns `fd`.
  Side(Link& link, int fd, Role role);
  Side(Side&& other) noexcept;
  Side& operator=(Side&&) = delete;
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;
  ~Side();

  [[nodiscard]] Link& link() const { return *link_; }
  [[nodiscard]] const Script& script() const { return link_->script; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] int release();

  /// The turns of the script.
  void talk();
  void read_exactly(std::uint64_t bytes);
  /// Reads until the other side has closed, or has reset the connection: true for a reset.
  bool read_to_end();
  /// Reads what there is until recv() returns 0, which is not the end of the stream (after SHUT_RD).
  void read_what_is_there();
  /// Looks at `bytes` bytes without reading them.
  void peek(std::uint64_t bytes);
  /// False if the other side is gone; what the calls returned counts.
  bool write(std::uint64_t bytes);
  /// Writes until the socket takes no more.
  void write_until_full();
  /// Waits until the kernel has the end of the other side: a FIN or a reset.
  void wait_for_hangup();

  void shut(int how);
  /// connect() to nowhere: the connection is aborted, and the socket remains.
  void disconnect();
  void reset_when_closed();
  /// Both sides come here before one of them goes on.
  void meet();
  /// Replaces the file descriptor by a duplicate.
  void duplicate();
  void close();
  /// Closes the file descriptor; another process has one, and closes the connection.
  void let_go();

 private:
  enum class Got { kData, kEnd, kReset };
  Got read_some(std::uint64_t limit, std::uint64_t& bytes);
  [[nodiscard]] bool is_server() const { return role_ == Role::kServer; }

  Link* link_;
  int fd_;
  Role role_;
};

}  // namespace workload::mix
