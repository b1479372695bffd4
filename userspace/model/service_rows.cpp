// SPDX-License-Identifier: BSD-2-Clause
#include "model/service_rows.hpp"

#include <algorithm>
#include <tuple>

namespace acceptscope {
namespace {

/// Accepted and neither closed nor untracked. Counters that are read while they move can be ahead of one another.
std::uint64_t still_open(std::uint64_t accepts, std::uint64_t closes, std::uint64_t untracked) {
  return accepts > closes + untracked ? accepts - closes - untracked : 0;
}

template <class Stats>
void fill_quantiles(Stats& stats, const Histogram& histogram) {
  stats.mean = histogram.mean();
  stats.p50 = histogram.quantile(0.50);
  stats.p90 = histogram.quantile(0.90);
  stats.p95 = histogram.quantile(0.95);
  stats.p99 = histogram.quantile(0.99);
  stats.max = histogram.max();
  stats.buckets = histogram.buckets();
}

LifetimeStats lifetime_stats(const Histogram& closed, const OpenSummary& open) {
  LifetimeStats stats;
  stats.closed = closed.count();
  stats.open = open.count;
  stats.open_age_p50 = open.age_p50;
  stats.open_age_max = open.age_max;
  fill_quantiles(stats, closed);
  return stats;
}

WaitStats wait_stats(const Histogram& waits) {
  WaitStats stats;
  stats.count = waits.count();
  fill_quantiles(stats, waits);
  return stats;
}

/// The summary of `key`, or that of nothing open.
template <class Key>
OpenSummary summary_of(const std::map<Key, OpenSummary>& summaries, const Key& key) {
  const auto summary = summaries.find(key);
  return summary == summaries.end() ? OpenSummary{} : summary->second;
}

void add_reasons(CloseReasonCounts& counts, const std::array<std::uint64_t, kCloseReasons>& reasons) {
  const auto of = [&reasons](CloseReason reason) { return reasons[static_cast<std::size_t>(reason)]; };
  counts.local += of(CloseReason::local);
  counts.peer += of(CloseReason::peer);
  counts.reset += of(CloseReason::reset);
  counts.worker_exit += of(CloseReason::worker_exit);
  counts.unknown += of(CloseReason::unknown);
}

}  // namespace

void ServiceRowsBuilder::add_service(const ServiceKey& key) {
  Service& service = services_[key];
  service.row.endpoint = key.endpoint;
  service.row.netns = key.netns;
}

void ServiceRowsBuilder::add_service(const ServiceKey& key, const ServiceState& state) {
  add_service(key);
  Service& service = services_[key];
  const ServiceCounters& counters = state.now;
  service.counted = true;
  service.row.accepts += counters.accepts;
  service.row.closes += counters.closes;
  service.row.never_accepted += counters.never_accepted;
  // Peaks of two keys of one service need not have been at the same moment: the larger is certain, the sum is not.
  service.row.peak_open = std::max(service.row.peak_open, counters.peak_open);
  service.row.accept_queue.depth_max = std::max(service.row.accept_queue.depth_max, counters.queue_depth_max);
  service.row.recent_accepts += state.recent_accepts();
  if (counters.backlog) service.row.backlog = std::max(service.row.backlog.value_or(0), *counters.backlog);
  if (counters.listener_known) service.row.reuseport = service.row.reuseport.value_or(false) || counters.reuseport;
}

void ServiceRowsBuilder::add_worker(const ServiceKey& key, const WorkerState& state, const OwnerRecords& records,
                                    const ProcessFacts& process) {
  add_service(key);
  Service& service = services_[key];
  const WorkerCounters& counters = state.now;
  Worker& worker = service.workers[counters.worker];
  WorkerRow& row = worker.row;

  row.pid = counters.worker.pid;
  if (counters.worker.tid != 0) row.tid = counters.worker.tid;
  if (counters.ns_pid != 0) row.ns_pid = counters.ns_pid;
  if (counters.worker.start_ns != 0) row.start_time = clock_.instant_of_boottime(counters.worker.start_ns);
  row.comm = counters.comm;
  row.cmdline = process.cmdline;
  row.cgroup = process.cgroup;
  row.exited = process.exited;
  row.accepts += counters.accepts;
  row.closes += counters.closes;
  row.peak_open = std::max(row.peak_open, counters.peak_open);
  row.bytes_received += counters.bytes_received;
  row.bytes_sent += counters.bytes_sent;
  row.recent_accepts += state.recent_accepts();
  worker.untracked += counters.untracked;

  // The kernel raises its maxima without a lock and may lose one to a race; a record that came through knows better.
  worker.lifetime.merge(counters.lifetime);
  worker.lifetime.raise_max(records.longest_lifetime);
  worker.wait.merge(counters.wait);
  worker.wait.raise_max(records.longest_wait);
  add_reasons(service.row.close_reasons, counters.close_reasons);
}

void ServiceRowsBuilder::hide_worker(const ServiceKey& key) {
  add_service(key);
  services_[key].hides_workers = true;
}

void ServiceRowsBuilder::finish_worker(const ServiceKey& key, const WorkerKey& worker_key, Worker& worker) const {
  const OpenSummary open = summary_of(open_.owners, Owner{key, worker_key});
  WorkerRow& row = worker.row;
  row.open = still_open(row.accepts, row.closes, worker.untracked);
  row.peak_open = std::max(row.peak_open, row.open);
  row.connection_time = worker.lifetime.sum() + open.age_sum;
  row.bytes_received += open.bytes_received;
  row.bytes_sent += open.bytes_sent;
  row.lifetime = lifetime_stats(worker.lifetime, open);
  row.accept_wait = wait_stats(worker.wait);
}

void ServiceRowsBuilder::finish_service(const ServiceKey& key, Service& service) const {
  const OpenSummary open = summary_of(open_.services, key);
  ServiceRow& row = service.row;
  Histogram lifetime;
  Histogram wait;
  std::uint64_t accepts = 0, closes = 0, recent = 0, peaks = 0;
  row.open = open.without_counters;
  for (auto& [worker_key, worker] : service.workers) {
    finish_worker(key, worker_key, worker);
    lifetime.merge(worker.lifetime);
    wait.merge(worker.wait);
    accepts += worker.row.accepts;
    closes += worker.row.closes;
    recent += worker.row.recent_accepts;
    peaks += worker.row.peak_open;
    row.open += worker.row.open;
    row.workers.push_back(std::move(worker.row));
  }
  if (service.hides_workers || !service.counted) {  // what the kernel counted is not, or not only, of these workers
    row.accepts = accepts;
    row.closes = closes;
    row.recent_accepts = recent;
    row.peak_open = std::min(row.peak_open, peaks);
  }
  row.peak_open = std::max(row.peak_open, row.open);
  row.lifetime = lifetime_stats(lifetime, open);
  row.accept_wait = wait_stats(wait);
  std::sort(row.workers.begin(), row.workers.end(), [](const WorkerRow& a, const WorkerRow& b) {
    return std::tie(b.accepts, a.pid, a.tid, a.start_time) < std::tie(a.accepts, b.pid, b.tid, b.start_time);
  });
}

ServiceRows ServiceRowsBuilder::take() && {
  std::vector<std::pair<ServiceKey, ServiceRow>> sorted;
  for (auto& [key, service] : services_) {
    if (service.hides_workers && service.workers.empty()) continue;
    finish_service(key, service);
    sorted.emplace_back(key, std::move(service.row));
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.accepts > b.second.accepts; });
  ServiceRows result;
  for (auto& [key, row] : sorted) {
    result.keys.push_back(key);
    result.rows.push_back(std::move(row));
  }
  return result;
}

}  // namespace acceptscope
