// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <map>
#include <vector>

#include "capture/procfs.hpp"

namespace acceptscope {

/// Follows the processes of workers and holders while they are listed. Reads each process once when it first appears,
/// later only whether it is still alive.
class ProcessWatch {
 public:
  explicit ProcessWatch(ProcFs procfs) : procfs_(std::move(procfs)) {}

  /// The news about these processes: descriptions of new ones, and the exits since the last update.
  [[nodiscard]] std::vector<ProcessInfo> update(const std::vector<WorkerCounters>& workers,
                                                const std::vector<Holder>& holders);

 private:
  ProcFs procfs_;
  std::map<WorkerKey, bool> exited_;  ///< for the processes in the last update
};

}  // namespace acceptscope
