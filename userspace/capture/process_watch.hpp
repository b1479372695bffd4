// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "capture/process_reader.hpp"
#include "capture/procfs.hpp"

namespace acceptscope {

/// Follows the processes of workers and holders while they are listed. Reads each process once when it first appears,
/// later only whether it is still alive. With workers as threads, a holder's threads that once waited for connections
/// are followed until they exit. Where /proc does not show a process, nothing is said of it but the exit that the
/// kernel tells.
class ProcessWatch {
 public:
  /// How long an update waits for the reader, which answers at once unless somebody keeps it waiting.
  static constexpr Nanoseconds kPatience = std::chrono::milliseconds{20};
  /// An update asks of so many known processes whether they are alive, and the next one goes on with others. The kernel
  /// tells of every exit anyway, unless the map of lives is full.
  static constexpr std::size_t kLooks = 256;

  /// \param may_hide /proc hides processes of others: one that it does not show may be alive
  ProcessWatch(ProcessReader reader, ProcFs procfs, WorkerUnit by, bool may_hide, Nanoseconds patience = kPatience)
      : reader_(std::move(reader)), procfs_(std::move(procfs)), by_(by), may_hide_(may_hide), patience_(patience) {}

  /// The news about the processes of a tick: descriptions of new ones, and the exits since the last update. The tick's
  /// own processes are the exits that the kernel told of. An exit that was noticed before the kernel told of it is told
  /// again, with its time. A description may come with a later update.
  [[nodiscard]] std::vector<ProcessInfo> update(const Tick& tick);
  /// The CPU times of the processes that the last update looked at, which are all unless they are very many.
  [[nodiscard]] std::vector<CpuTime> take_cpu() { return std::exchange(cpu_, {}); }
  /// Processes that could not be described.
  [[nodiscard]] std::uint64_t unread() const { return reader_.unread(); }

 private:
  /// An exit may be told a tick before its process is listed: counters are read first, and exits after them.
  static constexpr std::uint32_t kRemember = 3;  ///< updates

  struct Known {
    std::optional<ProcTask> task;  ///< empty: /proc has not shown it yet
    bool exited = false;
    bool is_time_known = false;  ///< of the exit
  };
  struct Exit {
    std::optional<MonotonicTime> at;
    std::uint32_t updates = 0;  ///< since it was told
  };

  void list(const Tick& tick);
  /// Asks for the description of those that /proc shows and showed not before.
  void ask(const std::optional<ProcPids>& pids);
  /// Completes a description.
  void describe(ProcessInfo& answer, Known& known) const;
  void take_exits(const Tick& tick);
  /// The processes of which one asks this time whether they are alive.
  [[nodiscard]] std::set<WorkerKey> due_for_a_look();
  /// Whether the process is alive; notes its CPU time.
  [[nodiscard]] bool look_at(const WorkerKey& key, const Known& known);
  /// Completes what is known of a process by the exit that the kernel told, if it did.
  void add_exit(ProcessInfo& news, Known& known) const;

  ProcessReader reader_;
  ProcFs procfs_;
  WorkerUnit by_;
  bool may_hide_;
  Nanoseconds patience_;
  std::map<WorkerKey, Known> known_;                              ///< the processes in the last update
  std::map<WorkerKey, Exit> exits_;                               ///< told, of the last updates
  std::unordered_map<std::uint32_t, std::uint32_t> kernel_pids_;  ///< by pid in /proc; of the last update
  std::vector<CpuTime> cpu_;
  WorkerKey looked_at_;  ///< the last one whose life was looked at
};

}  // namespace acceptscope
