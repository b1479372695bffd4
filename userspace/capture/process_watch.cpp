// SPDX-License-Identifier: BSD-2-Clause
#include "capture/process_watch.hpp"

#include <optional>
#include <set>

namespace acceptscope {

std::vector<ProcessInfo> ProcessWatch::update(const Tick& tick) {
  std::set<WorkerKey> keys;  // a worker of several services is checked only once
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
  for (auto& [key, exit] : exits_) ++exit.updates;
  std::erase_if(exits_, [](const auto& exit) { return exit.second.updates > kPatience; });
  for (const ProcessInfo& exit : tick.processes) exits_.insert_or_assign(exit.worker, Exit{exit.exited_at, 0});

  std::vector<ProcessInfo> news;
  for (const WorkerKey& key : keys) {
    const auto exit = exits_.find(key);
    const bool is_told = exit != exits_.end();
    const auto [known, is_new] = known_.try_emplace(key);
    Known& state = known->second;
    if (is_new) {
      news.push_back(procfs_.read(key));
      state.exited = news.back().exited || is_told;
    } else if (is_told ? state.is_time_known : state.exited || procfs_.alive(key)) {
      continue;
    } else {
      state.exited = true;
      news.emplace_back().worker = key;
    }
    news.back().exited = state.exited;
    state.is_time_known = is_told;
    if (is_told) news.back().exited_at = exit->second.at;
  }
  return news;
}

}  // namespace acceptscope
