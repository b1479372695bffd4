// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// SIGINT, SIGTERM and SIGHUP as a file descriptor: they end the run normally. Blocks them during its lifetime.
class EndSignals {
 public:
  [[nodiscard]] static Result<EndSignals> block();

  /// Readable if one of them has arrived.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Whether one has arrived; it stays readable.
  [[nodiscard]] bool arrived() const;
  /// From now on, Ctrl-C and the other signals end the process at once (status 1) without a partial file: the run is
  /// already ending, and the user does not want to wait.
  void quit_at_once_from_now_on();

 private:
  UniqueFd fd_;
};

/// In a forked child: restores the signal mask and dispositions that a program expects at its start.
void restore_default_signals();

}  // namespace acceptscope
