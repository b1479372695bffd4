// SPDX-License-Identifier: BSD-2-Clause
#include "capture/process_watch.hpp"

#include <optional>

namespace acceptscope {
namespace {

/// The worker's pids in /proc; empty if it does not show it.
std::optional<ProcTask> task_of(const WorkerKey& key, const std::optional<ProcPids>& pids) {
  if (!pids) return ProcTask{key.pid, key.tid};
  const auto process = pids->find(key.pid);
  const auto thread = key.tid == 0 ? process : pids->find(key.tid);
  if (process == pids->end() || thread == pids->end()) return std::nullopt;
  return ProcTask{process->second, key.tid == 0 ? 0 : thread->second};
}

}  // namespace

/// Brings the known processes up to date with those of the tick, and asks for what is not known yet.
void ProcessWatch::list(const Tick& tick) {
  std::set<WorkerKey> keys;  // a worker of several services is listed only once
  for (const WorkerCounters& counters : tick.workers) keys.insert(counters.worker);
  std::set<std::uint32_t> holding;
  for (const Holder& holder : tick.look.holders) {
    keys.insert(holder.worker);
    if (by_ == WorkerUnit::process) continue;
    holding.insert(holder.worker.pid);
    for (const WaitingThread& thread : holder.threads) keys.insert(thread.worker);
  }
  for (const auto& [key, known] : known_)
    if (key.tid != 0 && !known.exited && holding.contains(key.pid)) keys.insert(key);
  for (const OpenConnection& connection : tick.open)
    if (connection.held_by) keys.insert(*connection.held_by);
  std::erase_if(known_, [&keys](const auto& known) { return !keys.contains(known.first); });
  for (const WorkerKey& key : keys) known_.try_emplace(key);
  ask(tick.proc_pids);
}

void ProcessWatch::ask(const std::optional<ProcPids>& pids) {
  for (auto& [key, known] : known_) {
    if (known.task || known.exited) continue;
    known.task = task_of(key, pids);
    if (known.task) reader_.ask(key, *known.task);
  }
  kernel_pids_.clear();
  if (!pids) return;
  for (const auto& [kernel, shown] : *pids) kernel_pids_.emplace(shown, kernel);
}

void ProcessWatch::describe(ProcessInfo& answer, Known& known) const {
  if (may_hide_) answer.exited = false;
  if (answer.worker.pid != known.task->pid) answer.proc_pid = known.task->pid;
  if (!kernel_pids_.empty()) {
    const auto parent = kernel_pids_.find(answer.parent_pid);
    answer.parent_pid = parent == kernel_pids_.end() ? 0 : parent->second;
  }
  add_exit(answer, known);
}

void ProcessWatch::take_exits(const Tick& tick) {
  for (auto& [key, exit] : exits_) ++exit.updates;
  std::erase_if(exits_, [](const auto& exit) { return exit.second.updates > kRemember; });
  for (const ProcessInfo& exit : tick.processes) exits_.insert_or_assign(exit.worker, Exit{exit.exited_at, 0});
}

std::set<WorkerKey> ProcessWatch::due_for_a_look() {
  std::set<WorkerKey> due;
  if (known_.empty()) return due;
  auto next = known_.upper_bound(looked_at_);
  for (std::size_t i = 0; i < std::min(kLooks, known_.size()); ++i) {
    if (next == known_.end()) next = known_.begin();
    looked_at_ = next->first;
    due.insert((next++)->first);
  }
  return due;
}

void ProcessWatch::add_exit(ProcessInfo& news, Known& known) const {
  const auto exit = exits_.find(news.worker);
  known.exited = known.exited || news.exited || exit != exits_.end();
  news.exited = known.exited;
  known.is_time_known = exit != exits_.end();
  if (known.is_time_known) news.exited_at = exit->second.at;
}

bool ProcessWatch::look_at(const WorkerKey& key, const Known& known) {
  if (!known.task) return true;  // the kernel tells of its exit
  const std::optional<Nanoseconds> used = procfs_.cpu_time(key, *known.task);
  if (used) cpu_.push_back({key, *used, monotonic_now()});
  return used || may_hide_;
}

std::vector<ProcessInfo> ProcessWatch::update(const Tick& tick) {
  list(tick);
  take_exits(tick);
  cpu_.clear();
  std::vector<ProcessInfo> news;
  std::set<WorkerKey> described;
  for (ProcessInfo& answer : reader_.take(patience_)) {
    const auto known = known_.find(answer.worker);
    if (known == known_.end() || !known->second.task || !described.insert(answer.worker).second) continue;
    describe(answer, known->second);
    news.push_back(std::move(answer));
  }
  const std::set<WorkerKey> due = due_for_a_look();
  for (auto& [key, known] : known_) {
    if (described.contains(key)) continue;
    const bool is_told = exits_.contains(key);
    if (is_told ? known.is_time_known : known.exited || !due.contains(key) || look_at(key, known)) continue;
    ProcessInfo exit;
    exit.worker = key;
    known.exited = true;
    add_exit(exit, known);
    news.push_back(std::move(exit));
  }
  return news;
}

}  // namespace acceptscope
