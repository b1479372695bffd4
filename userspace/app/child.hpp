// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// A child process whose exit makes a file descriptor readable (pidfd, 5.3).
class Child {
 public:
  /// Runs `argv` (found through PATH) with the standard file descriptors of this process. If `instead_of_terminal` is
  /// not -1, it replaces output file descriptors that are terminals, and /dev/null replaces terminal input.
  /// Fails if the program cannot be executed.
  [[nodiscard]] static Result<Child> spawn(const std::vector<std::string>& argv, int instead_of_terminal = -1);
  /// Takes over a child that the caller has forked.
  [[nodiscard]] static Result<Child> adopt(pid_t pid);
  Child(Child&&) noexcept = default;
  Child& operator=(Child&&) noexcept = default;

  [[nodiscard]] int fd() const { return pidfd_.get(); }
  /// Exit status, 128 + signal number if a signal killed it; empty while it runs. Reaps it.
  [[nodiscard]] std::optional<int> status();
  /// Sends SIGTERM if it still runs, and waits a moment for its exit.
  void stop();

 private:
  Child() = default;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  std::optional<int> status_;
};

}  // namespace acceptscope
