// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "capture/procfs.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// Reads facts about processes from /proc in a helper process. A command line lies in the memory of its process, and
/// any user can keep whoever reads that memory waiting for ever, out of reach of SIGKILL: by pages that a FUSE file
/// system of his serves, or userfaultfd. A helper that hangs is abandoned, and the next one goes on.
///
/// The helpers are forked beforehand and hold nothing but their end of a socket: a hanging one keeps no BPF program in
/// the kernel, and nobody who reads our output waiting for its end.
class ProcessReader {
 public:
  static constexpr int kHelpers = 3;
  /// A helper that has not answered for so long is abandoned. /proc answers within microseconds.
  static constexpr Nanoseconds kHang = std::chrono::seconds{1};

  /// Forks the helpers. Call before anything is opened or attached.
  [[nodiscard]] static Result<ProcessReader> start(const ProcFs& procfs);

  /// Asks for what ProcFs::read() tells about `worker`, which is `task` in /proc.
  void ask(const WorkerKey& worker, const ProcTask& task);
  /// The answers, oldest first; waits up to `patience` for those still due.
  [[nodiscard]] std::vector<ProcessInfo> take(Nanoseconds patience);
  /// How many questions are given up: a helper hung on them, or none is left.
  [[nodiscard]] std::uint64_t unread() const { return unread_; }

 private:
  struct Question {
    WorkerKey worker;
    ProcTask task;
  };
  ProcessReader() = default;
  [[noreturn]] static void answer_all(const ProcFs& procfs);
  /// Sends what the helper's socket has room for.
  void send();
  /// Takes an answer, if one is there; false: the helper is gone.
  bool receive(std::vector<ProcessInfo>& answers);
  /// The helper hangs on the oldest question, or is gone: the next one gets the others.
  void abandon();

  std::vector<UniqueFd> helpers_;  ///< those left; the last one is in use
  std::deque<Question> asked_;     ///< without an answer
  std::size_t sent_ = 0;           ///< the first so many of them, to the helper in use
  MonotonicTime answered_;         ///< when the helper in use answered last, or got a question with none before it
  std::uint64_t unread_ = 0;
  std::string message_;  ///< room for an answer
};

}  // namespace acceptscope
