// SPDX-License-Identifier: BSD-2-Clause
/// A child process with its three standard streams.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "util/unique_fd.hpp"

namespace acceptscope::test {

/// Factor for deadlines and time tolerances, from an environment variable: guests with emulated CPUs are slow.
[[nodiscard]] double time_factor();

/// Time limit for any operation before a test gives up.
[[nodiscard]] std::chrono::milliseconds patience();

struct ProcessSetup {
  std::vector<std::string> argv;
  std::string cgroup{};  ///< directory of the cgroup to start in; empty: the cgroup of the parent
};

/// A child process; killed with SIGKILL if it outlives this object.
class Process {
 public:
  explicit Process(const ProcessSetup& setup);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] const std::string& errors() const { return errors_; }

  void signal(int number) const;
  void write_line(const std::string& text) const;

  /// Collects output until `done` returns true, the process ends or the deadline passes; whether `done` returned true.
  bool collect_until(const std::function<bool()>& done);

  /// The next line of standard output; throws if none arrives in time.
  [[nodiscard]] std::string read_line();

  /// Waits for the exit; returns the exit status, or 128 + number for a signal; throws if the process does not exit in
  /// time.
  int wait();
  [[nodiscard]] std::optional<int> exit_status() const { return exit_status_; }

 private:
  void drain();
  void reap();

  pid_t pid_ = 0;
  UniqueFd pidfd_;
  UniqueFd input_;
  UniqueFd output_pipe_;
  UniqueFd errors_pipe_;
  std::string output_;
  std::string errors_;
  std::size_t lines_read_to_ = 0;
  std::optional<int> exit_status_;
};

/// Runs a program to its end.
struct Finished {
  int exit_status;
  std::string output;
  std::string errors;
};
[[nodiscard]] Finished run(const std::vector<std::string>& argv);

/// Polls until `condition` holds or the time limit passes; whether it held. For asynchronous work of the kernel.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

}  // namespace acceptscope::test
