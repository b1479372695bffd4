// SPDX-License-Identifier: BSD-2-Clause
/// Accepting with io_uring: no accept system call is made.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <optional>

#include "sockets.hpp"

namespace workload {

/// The io_uring instance of one listening socket. Not movable: the kernel holds its address.
class UringAcceptor {
 public:
  /// `multishot`: one submission accepts until it is stopped (kernel 5.19); otherwise each submission is one accept.
  /// next() ends when `stop` hangs up. The caller keeps both file descriptors.
  UringAcceptor(int listener, int stop, bool multishot);
  UringAcceptor(const UringAcceptor&) = delete;
  UringAcceptor& operator=(const UringAcceptor&) = delete;
  ~UringAcceptor();

  struct Accepted {
    UniqueFd fd;
    std::uint64_t entered_ns;   ///< before the submission
    std::uint64_t accepted_ns;  ///< after the completion
  };
  /// The next connection; nullopt once `stop` has hung up.
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
