// SPDX-License-Identifier: BSD-2-Clause
#include "model/service_rows.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "model/roles.hpp"
#include "model/serving.hpp"
#include "model/spread.hpp"

namespace acceptscope {
namespace {

/// Where at least one in two connections is served by another worker than the one that accepted it, the acceptors say
/// nothing about the spread.
constexpr std::uint64_t kHandedOverPart = 2;
/// An acceptor keeps at most one in ten: a shared server may answer a few by itself.
constexpr std::uint64_t kKeptPart = 10;

/// Accepted or found, and neither closed nor untracked. Counters are read while they change, so one can be ahead of
/// another.
std::uint64_t still_open(const WorkerRow& row, std::uint64_t untracked) {
  const std::uint64_t connections = row.counts.connections();
  const std::uint64_t gone = row.counts.closed() + untracked;
  return connections > gone ? connections - gone : 0;
}

/// It had a connection, if only to hand it over, or served a request on another worker's.
bool took_part(const WorkerRow& row) {
  return row.counts.connections() + row.open > 0 || !has_no_connection(row) || serves(row);
}

bool had_traffic(const ServiceRow& row) {
  return counts_requests(row) || row.counts.connections() + row.open + row.never_accepted + row.accept_queue.depth +
                                         row.accept_queue.overflows.value_or(0) >
                                     0;
}

/// The counters that a connection is subtracted from and added to are read at different moments.
template <class Count>
Count moved(Count own, Count given, Count taken) {
  return own - std::min(own, given) + taken;
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
  stats.median = closed.median_with(open.ages);
  stats.median_reached = stats.median.has_value();
  if (!stats.median) {
    Histogram so_far = closed;
    so_far.merge(open.ages);
    stats.median = so_far.quantile(0.5);
  }
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
void merge(RequestLoad& all, const RequestLoad& one) {
  all.count += one.count;
  all.in_flight += one.in_flight;
  all.in_flight_peak = std::max(all.in_flight_peak, one.in_flight_peak);
  all.aborted += one.aborted;
  all.busy = std::max(all.busy, one.busy);
}

void merge(RequestCounters& all, const RequestCounters& one) {
  merge(all.load, one.load);
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

void CpuUse::look(const CpuTime& now) {
  const Nanoseconds since = now.at - at, more = now.used - before - used;
  if (since > Nanoseconds{0}) recent = std::chrono::duration<double>(more) / since;
  used += more;
  at = now.at;
}

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
  service.ownerless += counters.ownerless;
  service.unattributed_open += counters.unattributed_open;
  service.row.never_accepted += counters.never_accepted;
  if (counters.never_accepted != 0) {
    std::optional<Nanoseconds>& longest = service.row.accept_queue.never_accepted_wait_max;
    longest = std::max(longest, std::optional(counters.never_accepted_wait_max));
  }
  service.drops += counters.closed_drops;
  service.row.accept_queue.depth_max = std::max(service.row.accept_queue.depth_max, counters.queue_depth_max);
  const Progress recent = state.recent();
  service.row.recent_accepts += recent.accepts;
  service.row.recent_requests += recent.requests;
  if (counters.requests) {
    merge(service.requests ? *service.requests : service.requests.emplace(), *counters.requests);
    merge(service.ownerless_requests, counters.ownerless_requests);
  }
  if (counters.backlog) service.row.backlog = std::max(service.row.backlog.value_or(0), *counters.backlog);
  if (counters.listener_known) service.row.reuseport = service.row.reuseport.value_or(false) || counters.reuseport;
}

ServiceRowsBuilder::Worker& ServiceRowsBuilder::worker_of(const ServiceKey& service, const WorkerKey& key,
                                                          const OutsideText& comm, std::uint32_t ns_pid,
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
  row.container = process.container;
  if (process.proc_pid != 0) row.proc_pid = process.proc_pid;
  if (process.cpu) {
    row.cpu_time = process.cpu->used;
    row.recent_cpu = process.cpu->recent;
  }
  row.exited = process.exited;
  worker.parent_pid = process.parent_pid;
  worker.receives = process.receives;
  worker.is_out_of_sight = process.sight == Sight::none;
  if (row.exited || process.left_at)
    row.left_at = clock_.instant(process.left_at.value_or(clock_.monotonic + (run_.to - clock_.realtime)));
  // A death that was noticed by looking has the time of the tick, which may have begun before the birth.
  if (row.left_at && row.start_time) row.left_at = std::max(*row.left_at, *row.start_time);
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
  worker.given += counters.given;
  worker.taken += counters.taken;

  // The kernel raises its maxima without a lock and may lose one in a race; the records may have a higher value.
  worker.lifetime.merge(counters.lifetime);
  worker.lifetime.raise_max(records.longest_lifetime);
  worker.wait.merge(counters.wait);
  worker.wait.raise_max(records.longest_wait);
  if (counters.requests)
    merge(worker.requests.has_value() ? *worker.requests : worker.requests.emplace(), *counters.requests);
  add_reasons(services_[key].row.close_reasons, counters.close_reasons);
}

void ServiceRowsBuilder::add_stall(const Owner& owner, const Stall& stall) {
  services_[owner.service].workers[owner.worker].row.stall = stall;
}

void ServiceRowsBuilder::add_holder(const Owner& holder, const ProcessFacts& process) {
  add_service(holder.service);
  if (services_[holder.service].workers.contains(holder.worker)) return;
  worker_of(holder.service, holder.worker, process.comm.value_or(""), 0, process);
}

void ServiceRowsBuilder::add_listeners(const Listeners& listeners, const std::optional<NamespaceDrops>& in_namespace,
                                       MonotonicTime at) {
  add_service(listeners.service);
  Service& service = services_[listeners.service];
  service.sockets_seen = true;
  service.drops += listeners.drops;
  service.in_namespace = in_namespace;
  ServiceRow& row = service.row;
  row.listen_sockets = listeners.sockets;
  row.backlog = std::max(row.backlog.value_or(0), listeners.backlog);
  row.reuseport = row.reuseport.value_or(false) || listeners.reuseport;
  row.accept_queue.depth = listeners.queue_depth;
  const bool several = listeners.open.size() + listeners.closed.size() > 1;
  const auto add = [&](const ListeningSocket& socket, bool closed) {
    ListenerRow& listener = row.listeners.emplace_back();
    if (socket.inode != 0) listener.inode = socket.inode;
    listener.holders = socket.holders;
    listener.depth = socket.depth;
    listener.depth_max = socket.depth_max;
    const auto time_since = [&](std::optional<MonotonicTime> since) -> std::optional<Nanoseconds> {
      if (!since || closed) return std::nullopt;
      return std::max(at - *since, Nanoseconds::zero());
    };
    listener.oldest_wait = time_since(socket.head_since);
    listener.not_emptied = time_since(socket.head_seen);
    listener.drops = socket.drops.all;
    listener.overflows = overflows_of(socket.drops, in_namespace);
    // The deferred handshakes of the others were subtracted, too.
    if (several && socket.drops.deferring != 0 && in_namespace && in_namespace->overflows != 0)
      listener.overflows.reset();
    listener.never_accepted = socket.never_accepted;
    listener.closed = closed;
    row.accept_queue.depth_max = std::max(row.accept_queue.depth_max, listener.depth_max);
  };
  for (const ListeningSocket& socket : listeners.open) add(socket, false);
  for (const ListeningSocket& socket : listeners.closed) add(socket, true);
}

void ServiceRowsBuilder::add_waiting(const ServiceKey& key, const WaitingSummary& waiting) {
  add_service(key);
  Service& service = services_[key];
  service.waiting.merge(waiting.waits);
  AcceptQueue& queue = service.row.accept_queue;
  queue.oldest_wait = waiting.oldest;
  queue.depth_max = std::max<std::uint64_t>(queue.depth_max, waiting.depth_max);
}

void ServiceRowsBuilder::add_looks(const ServiceKey& key, const QueueLooks& looks) {
  add_service(key);
  AcceptQueue& queue = services_[key].row.accept_queue;
  queue.looks = looks.count;
  if (looks.count != 0) queue.occupied_workers = static_cast<double>(looks.occupied) / static_cast<double>(looks.count);
}

void ServiceRowsBuilder::add_thread(const Member& member, const WaitingThread& thread, const ProcessFacts& process) {
  const Holder& holder = member.holder;
  add_service(holder.service);
  if (services_[holder.service].workers.contains(thread.worker)) return;
  worker_of(holder.service, thread.worker, thread.comm, holder.ns_pid, process);
}

void ServiceRowsBuilder::add_member(const Member& member, const ProcessFacts& process) {
  const Holder& holder = member.holder;
  add_service(holder.service);
  Service& service = services_[holder.service];
  if (holder.exclusive) service.row.epoll_exclusive = service.row.epoll_exclusive.value_or(true) && *holder.exclusive;
  if (member.blocked)
    service.row.accept_blocks = true;
  else if (holder.exclusive)
    service.row.accept_blocks = service.row.accept_blocks.value_or(false);
  service.row.waiting_threads = std::max(service.row.waiting_threads, static_cast<std::uint32_t>(member.threads_most));
  const auto thread = service.workers.upper_bound(holder.worker);
  if (thread != service.workers.end() && thread->first.pid == holder.worker.pid && thread->first.tid != 0) return;

  if (!service.workers.contains(holder.worker))
    worker_of(holder.service, holder.worker, holder.comm, holder.ns_pid, process);
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
  const HandedOver& given = worker.given += open.given;
  const HandedOver& taken = worker.taken += open.taken;
  row.held =
      Held{moved(row.counts.connections(), given.connections, taken.connections),
           moved(row.open, open.given.connections, open.taken.connections),
           moved(row.connection_time, given.time, taken.time), moved(row.counts.bytes(), given.bytes, taken.bytes)};
  row.active_connections = open.active;
  row.unread_connections = open.unread;
  row.unread_bytes = open.unread_bytes;
  row.waiting_requests = open.waiting;
  row.oldest_waiting = open.oldest_waiting;
  if (worker.requests) row.requests = request_stats(*worker.requests, open.unread);
}

void ServiceRowsBuilder::decide_roles(const ServiceKey& key, Service& service) const {
  service.row.workers_out_of_sight = static_cast<std::uint32_t>(std::ranges::count_if(
      service.workers, [](const auto& entry) { return entry.second.is_out_of_sight && !entry.second.row.exited; }));
  const Instant looked_at = clock_.instant(roll_call_.looked_at());
  std::vector<Candidate> candidates;
  for (auto& [worker_key, worker] : service.workers) {
    Candidate& candidate = candidates.emplace_back();
    candidate.row = &worker.row;
    candidate.member = roll_call_.find_process({key, worker_key});
    candidate.parent_pid = candidate.member == nullptr ? worker.parent_pid : candidate.member->holder.parent_pid;
    candidate.took_part = took_part(worker.row);
    candidate.receives = worker.receives;
    candidate.looked_at = worker.row.start_time && *worker.row.start_time < looked_at && !worker.is_out_of_sight;
  }
  assign_roles(candidates, roll_call_.looks());
}

/// Where most connections are handed over, a worker that hands its own over and serves nobody is an acceptor. Without
/// anybody else it stays a worker: those that serve are not selected.
void ServiceRowsBuilder::mark_acceptors(Service& service) const {
  if (service.row.handed_over * kHandedOverPart < service.row.counts.connections()) return;
  const auto only_accepts = [](const WorkerRow& row) {
    const std::uint64_t own = row.counts.connections();
    return own > 0 && held_by(row).connections * kKeptPart <= own &&
           (!row.requests || row.requests->load.count * kKeptPart <= own);
  };
  const auto is_worker = [](const WorkerRow& row) { return row.role == Role::worker; };
  const bool others = std::ranges::any_of(service.workers, [&](const auto& entry) {
    return is_worker(entry.second.row) && !only_accepts(entry.second.row);
  });
  if (!others) return;
  for (auto& [key, worker] : service.workers)
    if (is_worker(worker.row) && only_accepts(worker.row)) worker.row.role = Role::acceptor;
}

void ServiceRowsBuilder::add_fairness(ServiceRow& row) {
  std::vector<Stay> stays;
  std::uint64_t connections = 0;
  for (const WorkerRow& worker : row.workers) {
    if (worker.role != Role::worker) continue;
    stays.push_back({std::max(worker.start_time.value_or(run_.from), run_.from), worker.left_at.value_or(run_.to)});
    connections += held_by(worker).connections;
  }
  const Concurrency at_once = concurrency(stays);
  row.workers_eligible = at_once.median;
  row.workers_at_once = at_once.size;

  const Slots slots(row);
  const auto seconds_of = [](Nanoseconds time) { return std::chrono::duration<double>(time).count(); };
  const auto held = slots.amounts([](const auto& w) { return static_cast<double>(held_by(w).connections); });
  row.workers_idle = static_cast<std::uint32_t>(std::ranges::count_if(held, [](double amount) { return amount <= 0; }));
  const auto accepts = slots.amounts([](const auto& w) { return static_cast<double>(amount_of(w, Basis::accepts)); });
  const auto seconds = slots.amounts([&](const auto& w) { return seconds_of(held_by(w).time); });
  const auto bytes = slots.amounts([](const auto& w) { return static_cast<double>(held_by(w).bytes); });
  std::vector<double> requests, busy;
  if (row.requests) {
    requests =
        slots.amounts([](const auto& w) { return w.requests ? static_cast<double>(w.requests->load.count) : 0.0; });
    busy = slots.amounts([&](const auto& w) { return w.requests ? seconds_of(w.requests->load.busy) : 0.0; });
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
  row.open = open.without_counters + service.unattributed_open;
  for (auto& [worker_key, worker] : service.workers) {
    finish_worker(key, worker_key, worker);
    row.handed_over += worker.given.connections;
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
  decide_roles(key, service);
  if (const std::optional<WorkerKey> first = roll_call_.woken_first(key)) {
    row.woken_first_pid = first->pid;
    if (first->tid != 0) row.woken_first_tid = first->tid;
  }
  // The counters of a service and of its workers are read one after the other, while they change. So a service's counts
  // are made of its workers': the picture is of one moment.
  const bool is_part = service.hides_workers || !service.counted;
  counts.peak_open = is_part ? std::min(row.counts.peak_open, peaks) : row.counts.peak_open;
  row.counts = counts;
  if (!is_part) row.counts += service.ownerless;
  if (is_part) {  // the kernel's counts are not, or not only, from these workers
    row.recent_accepts = recent_accepts;
    row.recent_requests = recent_requests;
  }
  row.counts.peak_open = std::max(row.counts.peak_open, row.open);
  row.lifetime = lifetime_stats(lifetime, open);
  wait.merge(service.waiting);
  row.accept_wait = stats_of<WaitStats>(wait);
  row.accept_wait.waiting = service.waiting.count();
  // The depth of each socket is known from looks and from queues that build up; the depth of all, from each connection.
  if (row.listeners.size() == 1 && row.listen_sockets == 1) row.listeners[0].depth_max = row.accept_queue.depth_max;
  row.accept_queue.drops = service.drops.all;
  if (service.sockets_seen || service.drops.all != 0)
    row.accept_queue.overflows = overflows_of(service.drops, service.in_namespace);
  if (requests) {  // the kernel counts the peak and the busy time of a service, and the rest by worker, as above
    if (service.requests && !service.hides_workers) {
      RequestLoad& load = requests->load;
      merge(load, service.ownerless_requests);
      load.in_flight_peak = std::max(service.requests->in_flight_peak, load.in_flight);
      load.busy = service.requests->busy;
    }
    row.requests = request_stats(*requests, open.unread);
  }
  mark_acceptors(service);
  std::stable_sort(workers.begin(), workers.end(), [](const auto& a, const auto& b) {  // the map's order is by pid
    return std::tuple(a.second->role, held_by(*b.second).connections) <
           std::tuple(b.second->role, held_by(*a.second).connections);
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
