// SPDX-License-Identifier: BSD-2-Clause
#include "model/service_rows.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "model/serving.hpp"

namespace acceptscope {
namespace {

/// Accepted or found, and neither closed nor untracked. Counters are read while they change, so one can be ahead of
/// another.
std::uint64_t still_open(const WorkerRow& row, std::uint64_t untracked) {
  const std::uint64_t connections = row.counts.connections();
  const std::uint64_t gone = row.counts.closed() + untracked;
  return connections > gone ? connections - gone : 0;
}

/// It had a connection, or served a request on another worker's.
bool took_part(const WorkerRow& row) { return !has_no_connection(row) || serves(row); }

bool had_traffic(const ServiceRow& row) {
  return counts_requests(row) ||
         row.counts.connections() + row.open + row.never_accepted + row.accept_queue.overflows.value_or(0) > 0;
}

/// N of snapshot.hpp.
std::vector<const WorkerRow*> eligible_workers(const std::vector<WorkerRow>& rows) {
  std::vector<const WorkerRow*> workers;
  for (const WorkerRow& row : rows)
    if (row.role == Role::worker) workers.push_back(&row);
  const auto alive = [](const WorkerRow* row) { return !row->exited; };
  if (std::none_of(workers.begin(), workers.end(), alive)) return workers;
  std::erase_if(workers, [](const WorkerRow* row) { return row->exited && !took_part(*row); });
  return workers;
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

/// `Stats`: WaitStats or DurationStats.
template <class Stats>
Stats stats_of(const Histogram& durations) {
  Stats stats;
  stats.count = durations.count();
  fill_quantiles(stats, durations);
  return stats;
}

RequestStats request_stats(const RequestCounters& counters, std::uint64_t unread_now) {
  return {counters.load, unread_now, stats_of<DurationStats>(counters.response),
          stats_of<DurationStats>(counters.complete), stats_of<DurationStats>(counters.unread_wait)};
}

/// Sums up, but for the peak and the busy time of both together, which nobody has counted: at least the larger.
void merge(RequestCounters& all, const RequestCounters& one) {
  all.load.count += one.load.count;
  all.load.in_flight += one.load.in_flight;
  all.load.in_flight_peak = std::max(all.load.in_flight_peak, one.load.in_flight_peak);
  all.load.aborted += one.load.aborted;
  all.load.busy = std::max(all.load.busy, one.load.busy);
  all.response.merge(one.response);
  all.complete.merge(one.complete);
  all.unread_wait.merge(one.unread_wait);
}

/// The summary of `key`; an empty one if it has no open connection.
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
  service.row.counts += counters.counts;
  service.row.never_accepted += counters.never_accepted;
  service.row.accept_queue.depth_max = std::max(service.row.accept_queue.depth_max, counters.queue_depth_max);
  const Progress recent = state.recent();
  service.row.recent_accepts += recent.accepts;
  service.row.recent_requests += recent.requests;
  if (counters.requests) {
    RequestCounters one;
    one.load = *counters.requests;
    merge(service.requests ? *service.requests : service.requests.emplace(), one);
  }
  if (counters.backlog) service.row.backlog = std::max(service.row.backlog.value_or(0), *counters.backlog);
  if (counters.listener_known) service.row.reuseport = service.row.reuseport.value_or(false) || counters.reuseport;
}

ServiceRowsBuilder::Worker& ServiceRowsBuilder::worker_of(const ServiceKey& service, const WorkerKey& key,
                                                          std::string_view comm, std::uint32_t ns_pid,
                                                          const ProcessFacts& process) {
  add_service(service);
  Worker& worker = services_[service].workers[key];
  WorkerRow& row = worker.row;
  row.pid = key.pid;
  if (key.tid != 0) row.tid = key.tid;
  if (ns_pid != 0) row.ns_pid = ns_pid;
  if (key.start_ns != 0) row.start_time = clock_.instant_of_boottime(key.start_ns);
  row.comm = comm;
  row.cmdline = process.cmdline;
  row.cgroup = process.cgroup;
  row.exited = process.exited;
  return worker;
}

void ServiceRowsBuilder::add_worker(const ServiceKey& key, const WorkerState& state, const OwnerRecords& records,
                                    const ProcessFacts& process) {
  const WorkerCounters& counters = state.now;
  Worker& worker = worker_of(key, counters.worker, counters.comm, counters.ns_pid, process);
  WorkerRow& row = worker.row;
  row.counts += counters.counts;
  const Progress recent = state.recent();
  row.recent_accepts += recent.accepts;
  row.recent_requests += recent.requests;
  row.recent_busy = std::max(row.recent_busy, recent.busy);
  worker.untracked += counters.untracked;
  worker.preexisting_time += counters.preexisting_time;

  // The kernel raises its maxima without a lock and may lose one in a race; the records may have a higher value.
  worker.lifetime.merge(counters.lifetime);
  worker.lifetime.raise_max(records.longest_lifetime);
  worker.wait.merge(counters.wait);
  worker.wait.raise_max(records.longest_wait);
  if (counters.requests)
    merge(worker.requests.has_value() ? *worker.requests : worker.requests.emplace(), *counters.requests);
  add_reasons(services_[key].row.close_reasons, counters.close_reasons);
}

void ServiceRowsBuilder::add_listeners(const Listeners& listeners) {
  add_service(listeners.service);
  ServiceRow& row = services_[listeners.service].row;
  row.listen_sockets = listeners.sockets;
  row.backlog = std::max(row.backlog.value_or(0), listeners.backlog);
  row.reuseport = row.reuseport.value_or(false) || listeners.reuseport;
  row.accept_queue.depth = listeners.queue_depth;
  row.accept_queue.depth_max = std::max<std::uint64_t>(row.accept_queue.depth_max, listeners.queue_depth);
  row.accept_queue.overflows = listeners.overflows;
}

void ServiceRowsBuilder::add_member(const Member& member, const ProcessFacts& process) {
  const Holder& holder = member.holder;
  add_service(holder.service);
  Service& service = services_[holder.service];
  if (holder.polls.value_or(false) && holder.exclusive) {
    service.row.epoll_exclusive = service.row.epoll_exclusive.value_or(true) && *holder.exclusive;
  }
  const auto thread = service.workers.upper_bound(holder.worker);
  if (thread != service.workers.end() && thread->first.pid == holder.worker.pid && thread->first.tid != 0) return;

  const bool has_row = service.workers.contains(holder.worker);
  Worker& worker = has_row ? service.workers[holder.worker]
                           : worker_of(holder.service, holder.worker, holder.comm, holder.ns_pid, process);
  worker.may_supervise = member.is_parent && !holder.polls.value_or(false);
}

void ServiceRowsBuilder::add_forgotten(const ServiceKey& key, std::uint64_t workers) {
  add_service(key);
  services_[key].row.workers_forgotten += workers;
}

void ServiceRowsBuilder::hide_worker(const ServiceKey& key) {
  add_service(key);
  services_[key].hides_workers = true;
}

void ServiceRowsBuilder::finish_worker(const ServiceKey& key, const WorkerKey& worker_key, Worker& worker) const {
  const OpenSummary open = summary_of(open_.owners, Owner{key, worker_key});
  WorkerRow& row = worker.row;
  row.open = still_open(row, worker.untracked);
  row.counts.peak_open = std::max(row.counts.peak_open, row.open);
  row.connection_time = worker.lifetime.sum() + worker.preexisting_time + open.age_sum;
  row.counts.bytes_received += open.bytes_received;
  row.counts.bytes_sent += open.bytes_sent;
  row.lifetime = lifetime_stats(worker.lifetime, open);
  row.accept_wait = stats_of<WaitStats>(worker.wait);
  row.active_connections = open.active;
  row.unread_connections = open.unread;
  row.unread_bytes = open.unread_bytes;
  if (worker.requests) row.requests = request_stats(*worker.requests, open.unread);
  if (worker.may_supervise && !took_part(row)) row.role = Role::supervisor;
}

void ServiceRowsBuilder::add_fairness(ServiceRow& row) {
  const std::vector<const WorkerRow*> workers = eligible_workers(row.workers);
  const auto idle = std::count_if(workers.begin(), workers.end(), [](const auto* w) { return has_no_connection(*w); });
  row.workers_eligible = static_cast<std::uint32_t>(workers.size());
  row.workers_idle = static_cast<std::uint32_t>(idle);

  std::vector<double> accepts, seconds, bytes, requests, busy;
  std::uint64_t connections = 0;
  for (const WorkerRow* worker : workers) {
    accepts.push_back(static_cast<double>(worker->counts.accepts));
    seconds.push_back(std::chrono::duration<double>(worker->connection_time).count());
    bytes.push_back(static_cast<double>(worker->counts.bytes()));
    if (worker->requests) requests.push_back(static_cast<double>(worker->requests->load.count));
    if (worker->requests) busy.push_back(std::chrono::duration<double>(worker->requests->load.busy).count());
    connections += worker->counts.connections();
  }
  EffectiveWorkers& effective = row.effective_workers;
  effective.accepts = effective_workers(accepts);
  effective.connection_seconds = effective_workers(seconds);
  effective.bytes = effective_workers(bytes);
  effective.requests = effective_workers(requests);
  effective.busy = effective_workers(busy);
  row.top_share = {top_share(accepts), top_share(seconds), top_share(bytes), top_share(requests), top_share(busy)};
  if (connections == 0) return;
  const FairBaseline& fair = draws_.of(connections, row.workers_eligible);
  effective.fair_p01 = fair.p01;
  effective.fair_p50 = fair.p50;
}

void ServiceRowsBuilder::finish_service(const ServiceKey& key, Service& service, std::vector<WorkerKey>& order) {
  const OpenSummary open = summary_of(open_.services, key);
  ServiceRow& row = service.row;
  Histogram lifetime;
  Histogram wait;
  std::optional<RequestCounters> requests;  // of the workers together
  ConnectionCounts counts;                  // likewise
  std::uint64_t recent_accepts = 0, recent_requests = 0, peaks = 0;
  std::vector<std::pair<WorkerKey, WorkerRow*>> workers;
  row.open = open.without_counters;
  row.handed_over = open.handed_over;
  for (auto& [worker_key, worker] : service.workers) {
    finish_worker(key, worker_key, worker);
    lifetime.merge(worker.lifetime);
    wait.merge(worker.wait);
    if (worker.requests) merge(requests ? *requests : requests.emplace(), *worker.requests);
    counts += worker.row.counts;
    recent_accepts += worker.row.recent_accepts;
    recent_requests += worker.row.recent_requests;
    peaks += worker.row.counts.peak_open;
    row.open += worker.row.open;
    workers.emplace_back(worker_key, &worker.row);
  }
  if (service.hides_workers || !service.counted) {  // the kernel's counts are not, or not only, from these workers
    counts.peak_open = std::min(row.counts.peak_open, peaks);
    row.counts = counts;
    row.recent_accepts = recent_accepts;
    row.recent_requests = recent_requests;
  }
  row.counts.bytes_received = counts.bytes_received;  // the kernel only counts bytes by worker
  row.counts.bytes_sent = counts.bytes_sent;
  row.counts.peak_open = std::max(row.counts.peak_open, row.open);
  row.lifetime = lifetime_stats(lifetime, open);
  row.accept_wait = stats_of<WaitStats>(wait);
  if (requests) {  // the kernel counts the load of a service, and durations by worker
    if (service.requests && !service.hides_workers) requests->load = service.requests->load;
    row.requests = request_stats(*requests, open.unread);
  }
  std::stable_sort(workers.begin(), workers.end(), [](const auto& a, const auto& b) {  // the map's order is by pid
    return std::tuple(a.second->role, b.second->counts.connections()) <
           std::tuple(b.second->role, a.second->counts.connections());
  });
  for (const auto& [worker_key, worker] : workers) {
    order.push_back(worker_key);
    row.workers.push_back(std::move(*worker));
  }
  add_fairness(row);
}

ServiceRows ServiceRowsBuilder::take(bool with_idle) && {
  struct Finished {
    const ServiceKey& key;
    ServiceRow row;
    std::vector<WorkerKey> workers;
  };
  std::vector<Finished> sorted;
  for (auto& [key, service] : services_) {
    if (service.hides_workers && service.workers.empty()) continue;
    std::vector<WorkerKey> workers;
    finish_service(key, service, workers);
    if (with_idle || had_traffic(service.row)) sorted.push_back({key, std::move(service.row), std::move(workers)});
  }
  std::vector<std::size_t> order(sorted.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&sorted](std::size_t a, std::size_t b) {
    return sorted[a].row.counts.connections() > sorted[b].row.counts.connections();
  });
  ServiceRows result;
  for (const std::size_t i : order) {
    result.keys.push_back(sorted[i].key);
    result.rows.push_back(std::move(sorted[i].row));
    result.workers.push_back(std::move(sorted[i].workers));
  }
  return result;
}

}  // namespace acceptscope
