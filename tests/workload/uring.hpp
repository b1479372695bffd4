// SPDX-License-Identifier: BSD-2-Clause
/// Accepting by io_uring: no system call of the accept family runs.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <optional>

#include "sockets.hpp"

namespace workload {

/// One listening socket's ring. Not to be moved: the kernel knows its address.
class UringAcceptor {
 public:
  /// `multishot`: one submission accepts until it is told to stop (kernel 5.19), else each is one accept.
  /// next() ends when `stop` hangs up. Both descriptors stay the caller's.
  UringAcceptor(int listener, int stop, bool multishot);
  UringAcceptor(const UringAcceptor&) = delete;
  UringAcceptor& operator=(const UringAcceptor&) = delete;
  ~UringAcceptor();

  struct Accepted {
    UniqueFd fd;
    std::uint64_t entered_ns;   ///< before the kernel was asked for it
    std::uint64_t accepted_ns;  ///< after it was there
  };
  /// The next connection; none once `stop` has hung up.
  [[nodiscard]] std::optional<Accepted> next();

 private:
  void submit_accept();
  void submit_stop(int stop);

  io_uring ring_{};
  int listener_;
  bool multishot_;
  std::uint64_t submitted_ns_ = 0;
};

}  // namespace workload
