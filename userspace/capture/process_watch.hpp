// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <map>
#include <vector>

#include "capture/procfs.hpp"

namespace acceptscope {

/// Follows the processes of workers and holders for as long as they are that: reads each once when it turns up, later
/// only whether it still lives.
class ProcessWatch {
 public:
  explicit ProcessWatch(ProcFs procfs) : procfs_(std::move(procfs)) {}

  /// What is new about these processes: their first description, and the end of those that have exited since.
  [[nodiscard]] std::vector<ProcessInfo> update(const std::vector<WorkerCounters>& workers,
                                                const std::vector<Holder>& holders);

 private:
  ProcFs procfs_;
  std::map<WorkerKey, bool> exited_;  ///< of those in the last update
};

}  // namespace acceptscope
