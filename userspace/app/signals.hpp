// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// SIGINT, SIGTERM and SIGHUP as a descriptor: they end the run normally. Blocks them while it lives.
class EndSignals {
 public:
  [[nodiscard]] static Result<EndSignals> block();

  /// Readable when one of them came.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// From now on Ctrl-C and the others end the process at once (status 1), leaving no partial file: the run is ending
  /// already, and the user does not want to wait.
  void quit_at_once_from_now_on();

 private:
  UniqueFd fd_;
};

/// In a forked child: the signal mask and dispositions that a program expects to be born with.
void restore_default_signals();

}  // namespace acceptscope
