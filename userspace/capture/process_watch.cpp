// SPDX-License-Identifier: BSD-2-Clause
#include "capture/process_watch.hpp"

namespace acceptscope {

std::vector<ProcessInfo> ProcessWatch::update(const std::vector<WorkerCounters>& workers) {
  std::vector<ProcessInfo> news;
  std::map<WorkerKey, bool> checked;  // a worker of several services is looked at once
  for (const WorkerCounters& counters : workers) {
    const WorkerKey& key = counters.worker;
    if (!checked.emplace(key, true).second) continue;
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
