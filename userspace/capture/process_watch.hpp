// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "capture/procfs.hpp"

namespace acceptscope {

/// Follows the processes of workers and holders while they are listed. Reads each process once when it first appears,
/// later only whether it is still alive. With workers as threads, a holder's threads that once waited for connections
/// are followed until they exit.
class ProcessWatch {
 public:
  ProcessWatch(ProcFs procfs, WorkerUnit by) : procfs_(std::move(procfs)), by_(by) {}

  /// The news about the processes of a tick: descriptions of new ones, and the exits since the last update. The tick's
  /// own processes are the exits that the kernel told of. An exit that was noticed before the kernel told of it is told
  /// again, with its time.
  [[nodiscard]] std::vector<ProcessInfo> update(const Tick& tick);

 private:
  /// An exit may be told a tick before its process is listed: counters are read first, and exits after them.
  static constexpr std::uint32_t kPatience = 3;  ///< updates

  struct Known {
    bool exited = false;
    bool is_time_known = false;  ///< of the exit
  };
  struct Exit {
    std::optional<MonotonicTime> at;
    std::uint32_t updates = 0;  ///< since it was told
  };

  ProcFs procfs_;
  WorkerUnit by_;
  std::map<WorkerKey, Known> known_;  ///< the processes in the last update
  std::map<WorkerKey, Exit> exits_;   ///< told, of the last updates
};

}  // namespace acceptscope
