// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>

#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// What SIGHUP means: the terminal is gone, or the files of --log were moved away.
enum class HangUp : std::uint8_t { ends, reopens };

/// SIGINT, SIGTERM and, as `HangUp` says, SIGHUP as a file descriptor: they end the run normally. Blocks them during
/// its lifetime.
class EndSignals {
 public:
  [[nodiscard]] static Result<EndSignals> block(HangUp hang_up);

  /// Readable if one of them has arrived.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Whether one has arrived; it stays readable.
  [[nodiscard]] bool arrived() const;
  /// From now on, Ctrl-C and the other signals end the process at once (status 1) without a partial file: the run is
  /// already ending, and the user does not want to wait.
  void quit_at_once_from_now_on();

 private:
  UniqueFd fd_;
  HangUp hang_up_ = HangUp::ends;
};

/// SIGUSR1, which asks for the dump so far, and SIGHUP where it asks to open the log again, as a file descriptor.
/// Blocks them during its lifetime.
class AskingSignals {
 public:
  struct Asked {
    bool dump = false;
    bool reopen = false;
  };
  [[nodiscard]] static Result<AskingSignals> block(HangUp hang_up);

  /// Readable if one of them has arrived.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Takes those that have arrived.
  [[nodiscard]] Asked take();

 private:
  UniqueFd fd_;
};

/// In a forked child: restores the signal mask and dispositions that a program expects at its start.
void restore_default_signals();

}  // namespace acceptscope
