// SPDX-License-Identifier: BSD-2-Clause
#include "capture/process_watch.hpp"

#include <set>

namespace acceptscope {

std::vector<ProcessInfo> ProcessWatch::update(const std::vector<WorkerCounters>& workers,
                                              const std::vector<Holder>& holders) {
  std::set<WorkerKey> keys;  // a worker of several services is checked only once
  for (const WorkerCounters& counters : workers) keys.insert(counters.worker);
  for (const Holder& holder : holders) keys.insert(holder.worker);
  std::erase_if(exited_, [&keys](const auto& known) { return !keys.contains(known.first); });
  std::vector<ProcessInfo> news;
  for (const WorkerKey& key : keys) {
    const auto known = exited_.find(key);
    if (known == exited_.end()) {
      news.push_back(procfs_.read(key));
      exited_.emplace(key, news.back().exited);
    } else if (!known->second && !procfs_.alive(key)) {
      known->second = true;
      ProcessInfo& info = news.emplace_back();
      info.worker = key;
      info.exited = true;
    }
  }
  return news;
}

}  // namespace acceptscope
