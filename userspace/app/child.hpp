// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// A child process whose end is a readable descriptor (pidfd, 5.3).
class Child {
 public:
  /// Runs `argv` (found through PATH) with the standard descriptors of this process; with `instead_of_terminal` (not
  /// -1) what it would write to a terminal goes there, and what it would read from one is /dev/null.
  /// Fails when the program cannot be executed.
  [[nodiscard]] static Result<Child> spawn(const std::vector<std::string>& argv, int instead_of_terminal = -1);
  /// Takes over a child that somebody else forked.
  [[nodiscard]] static Result<Child> adopt(pid_t pid);
  Child(Child&&) noexcept = default;
  Child& operator=(Child&&) noexcept = default;

  [[nodiscard]] int fd() const { return pidfd_.get(); }
  /// Exit status, 128 + signal number when a signal ended it; empty while it runs. Reaps it.
  [[nodiscard]] std::optional<int> status();
  /// SIGTERM if it still runs, and a moment for it to end.
  void stop();

 private:
  Child() = default;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  std::optional<int> status_;
};

}  // namespace acceptscope
