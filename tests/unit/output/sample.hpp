// SPDX-License-Identifier: BSD-2-Clause
/// Snapshots to render: all their numbers differ, so that a mix-up shows.
#pragma once

#include <chrono>
#include <string_view>

#include "model/snapshot.hpp"
#include "model/spread.hpp"

namespace acceptscope::sample {

using namespace std::chrono_literals;

inline constexpr std::uint32_t kHostNetns = 4026531840;
inline constexpr Instant kStart{1'714'572'131'000'000'042};  // 2024-05-01T14:02:11.000000042Z

inline Endpoint endpoint(std::string_view address, std::uint16_t port) {
  return {IpAddress::parse(address).value(), port};
}

inline LifetimeStats lifetime(std::uint64_t closed, std::uint64_t open) {
  LifetimeStats stats;
  stats.closed = closed;
  stats.open = open;
  if (closed > 0) {
    stats.mean = 2ms;
    stats.p50 = 1'234us;
    stats.p90 = 4ms;
    stats.p95 = 12'300ms;
    stats.p99 = 30s;
    stats.max = 58'100ms;
    stats.buckets = {{1'280us, closed - 1}, {std::nullopt, 1}};
  }
  if (open > 0) {
    stats.open_age_p50 = 41s;
    stats.open_age_max = 59'100ms;
  }
  return stats;
}

inline WaitStats wait(std::uint64_t count) {
  WaitStats stats;
  stats.count = count;
  if (count == 0) return stats;
  stats.mean = 20us;
  stats.p50 = 12us;
  stats.p90 = 90us;
  stats.p95 = 340us;
  stats.p99 = 1'200us;
  stats.max = 4ms;
  stats.buckets = {{14'336ns, count}};
  return stats;
}

inline DurationStats durations(std::uint64_t count, Nanoseconds p50, Nanoseconds p95) {
  DurationStats stats;
  stats.count = count;
  if (count == 0) return stats;
  stats.mean = p50 + 1ms;
  stats.p50 = p50;
  stats.p90 = p95 - 1ms;
  stats.p95 = p95;
  stats.p99 = p95 + 1ms;
  stats.max = p95 * 2;
  stats.buckets = {{p50, count / 2}, {p95, count - count / 2}};
  return stats;
}

inline RequestStats requests(std::uint64_t count, std::uint64_t in_flight, Nanoseconds busy) {
  RequestStats stats;
  stats.load = {count, in_flight, count == 0 ? 0 : in_flight + 29, count / 1'000, busy};
  stats.unread_now = in_flight / 2;
  stats.response = durations(count - in_flight, 20ms, 2'100ms);
  stats.complete = durations(count - in_flight, 22ms, 2'200ms);
  stats.unread_wait = durations(count, 2ms, 3'400us);
  return stats;
}

/// `row` that served requests, some of them in the last tick.
inline WorkerRow serving(WorkerRow row, std::uint64_t count, std::uint64_t in_flight, Nanoseconds busy) {
  row.requests = requests(count, in_flight, busy);
  row.recent_requests = count / 60;
  row.recent_busy = busy / 60;
  return row;
}

inline WorkerRow worker(std::uint32_t pid, std::uint64_t accepts, std::uint64_t open) {
  WorkerRow row;
  row.pid = pid;
  row.ns_pid = pid - 4'000;
  row.start_time = kStart + -1h;
  row.comm = "uvicorn";
  row.cmdline = "python3 -m uvicorn app:app --workers 4";
  row.cgroup = "/system.slice/app.service";
  row.counts.accepts = accepts;
  row.counts.closes = accepts - open;
  row.open = open;
  row.counts.peak_open = open + 1;
  row.connection_time = 12'345'678'901ns;
  row.counts.bytes_received = accepts * 100;
  row.counts.bytes_sent = accepts * 1'000;
  row.lifetime = lifetime(accepts - open, open);
  row.accept_wait = wait(accepts);
  row.recent_accepts = accepts / 20;
  row.active_connections = open / 2;
  row.unread_connections = open / 10;
  row.unread_bytes = open * 7;
  return row;
}

/// A worker that holds the listening socket and never got a connection.
inline WorkerRow idle_worker(std::uint32_t pid) {
  WorkerRow row = worker(pid, 0, 0);
  row.counts.peak_open = 0;
  row.connection_time = {};
  return row;
}

inline WorkerRow supervisor(std::uint32_t pid) {
  WorkerRow row = idle_worker(pid);
  row.role = Role::supervisor;
  return row;
}

/// A worker whose connections are all pre-existing and still open.
inline WorkerRow pinned_worker(std::uint32_t pid, std::uint64_t connections) {
  WorkerRow row = worker(pid, 0, 0);
  row.counts.preexisting = row.open = row.counts.peak_open = row.lifetime.open = connections;
  row.lifetime = lifetime(0, connections);
  row.counts.bytes_received = connections * 100;
  row.counts.bytes_sent = connections * 1'000;
  return row;
}

inline ServiceRow service(std::string_view address, std::uint16_t port, std::vector<WorkerRow> workers) {
  ServiceRow row;
  row.endpoint = endpoint(address, port);
  row.netns = kHostNetns;
  row.listen_sockets = 1;
  row.epoll_exclusive = false;
  row.reuseport = false;
  row.backlog = 2048;
  for (const WorkerRow& worker : workers) {
    row.counts += worker.counts;
    row.open += worker.open;
    if (worker.role == Role::worker) ++row.workers_eligible;
    if (worker.role == Role::worker && worker.counts.connections() == 0) ++row.workers_idle;
    row.recent_accepts += worker.recent_accepts;
    row.recent_requests += worker.recent_requests;
    if (!worker.requests) continue;
    RequestLoad& load = (row.requests ? *row.requests : row.requests.emplace()).load;
    load.count += worker.requests->load.count;
    load.in_flight += worker.requests->load.in_flight;
    load.aborted += worker.requests->load.aborted;
    load.busy = std::max(load.busy, worker.requests->load.busy);
    row.requests->unread_now += worker.requests->unread_now;
  }
  if (row.requests) {
    row.requests->load.in_flight_peak = row.requests->load.in_flight + 61;
    row.requests->response = durations(row.requests->load.count, 21ms, 2'050ms);
    row.requests->complete = durations(row.requests->load.count, 23ms, 2'150ms);
    row.requests->unread_wait = durations(row.requests->load.count, 1ms, 3ms);
  }
  row.counts.peak_open = row.open + 4;
  row.lifetime = lifetime(row.counts.closes, row.open);
  row.accept_wait = wait(row.counts.accepts);
  row.accept_queue = {.depth_max = 12, .depth = 2, .overflows = 0};
  row.close_reasons = {.local = row.counts.closes > 4 ? 4U : 0U,
                       .peer = row.counts.closes > 4 ? row.counts.closes - 4 : row.counts.closes};
  row.workers = std::move(workers);
  return row;
}

inline ConnectionRow closed_connection(std::uint64_t id) {
  ConnectionRow row;
  row.id = id;
  row.pid = 4121;
  row.tid = 4122;
  row.comm = "uvicorn";
  row.local = endpoint("127.0.0.1", 8000);
  row.peer = endpoint("127.0.0.1", 51234);
  row.accepted_at = kStart + 1s;
  row.accept_wait = 12'300ns;
  row.closed_at = kStart + 1s + 1'234ns;
  row.lifetime = 1'234ns;
  row.bytes_received = 321;
  row.bytes_sent = 54'321;
  row.bytes_unacknowledged = 21;
  row.close_reason = CloseReason::peer;
  row.closed_by_pid = 4121;
  return row;
}

inline ConnectionRow open_connection(std::uint64_t id) {
  ConnectionRow row = closed_connection(id);
  row.peer = endpoint("2001:db8::7", 40'000);
  row.accept_wait.reset();
  row.closed_at.reset();
  row.lifetime.reset();
  row.age_min = 41s;
  row.close_reason.reset();
  row.closed_by_pid.reset();
  return row;
}

/// Held by a process other than its holder when tracing began.
inline ConnectionRow preexisting_connection(std::uint64_t id) {
  ConnectionRow row = open_connection(id);
  row.accepted_at.reset();
  row.preexisting = true;
  row.held_by_pid = 4199;
  return row;
}

/// One minute with the given services and their totals.
inline Snapshot snapshot(std::vector<ServiceRow> services) {
  Snapshot s;
  s.tool.version = "0.1.0";
  s.host = {.hostname = "web-1", .kernel = "6.1.0-18-amd64", .cpus = 4};
  s.run.started_at = kStart;
  s.run.ended_at = kStart + 60s;
  s.run.duration = 60s;
  s.run.end_reason = EndReason::signal;
  s.run.backend = "kprobe";
  s.run.backends_refused = {{"fentry", "Operation not permitted", "cannot load: Operation not permitted (sudo)"}};
  s.run.system_calls = 117;
  s.run.interval = 1s;
  s.run.window = 1s;
  s.run.by = "process";
  s.run.filters.ports = {"8000"};
  for (const ServiceRow& service : services) {
    s.totals.counts += service.counts;
    s.totals.open += service.open;
    s.totals.never_accepted += service.never_accepted;
  }
  s.consistency.records_seen = s.totals.counts.closes;
  s.overhead.bpf_ns_per_accept = 850.5;
  s.overhead.cpu_seconds_user = 0.25;
  s.overhead.max_rss_bytes = 1 << 24;
  s.services = std::move(services);
  s.recent_interval = 1s;
  add_spreads(s);
  return s;
}

/// A timeline of two steps.
inline TimelineRows timeline() {
  TimelineRows rows;
  rows.step = 30s;
  rows.start = {kStart, kStart + 30s};
  rows.workers = {{4121, {}, {600, 1}, {19, 20}, {2, 3}, {601'000, 60'100}, {9'000, 876}, {4, 3}, {29s, 28'500ms}},
                  {4122, 7, {0, 0}, {0, 1}, {0, 0}, {0, 5}, {0, 2}, {0, 1}, {0s, 1'500ms}}};
  return rows;
}

/// The model's facts about a service besides its counters.
inline void add_findings(ServiceRow& row) {
  row.active_workers = {{.min = 1, .p50 = 2, .p95 = 3, .max = 4, .windows = 59, .now = 2},
                        {.min = 2, .p50 = 3, .p95 = 4, .max = 4, .windows = 59, .now = 3},
                        ActiveStats{.min = 1, .p50 = 2, .p95 = 2, .max = 3, .windows = 59, .now = 2}};
  row.effective_workers = {2.61, 3.5, 2.25, 3.97, 3.99, 1.5, 1.75};
  row.top_share = {0.499, 0.25, 0.625, 0.8, 0.7};
  row.verdict = {
      VerdictCode::accept_skew,
      Severity::warning,
      "3 of 4 workers took 1,201 of 1,204 connections (effective workers 2.7; a fair draw gives at least 4.0 in "
      "99 % of cases), 20.1 accepts/s",
      {"1 of 4 workers took 3 connections: pid 4124.", "Half of the connections lasted 1.2 ms or less."},
      {"One listening socket per worker (SO_REUSEPORT): the kernel deals connections by a hash instead of waking "
       "workers in a fixed order."}};
  row.findings = {row.verdict,
                  {VerdictCode::not_told,
                   Severity::info,
                   "The worker of 61 of 1,204 connections is not known: how they are spread cannot be told",
                   {"3 connections ended before any worker accepted."},
                   {"See the losses below the tables."}}};
  row.peers = {{endpoint("10.0.0.7", 0).address, 1'100, 40, 0, 90s, 4},
               {endpoint("2001:db8::7", 0).address, 101, 3, 0, 1'500ms, 3}};
  row.workers_forgotten = 2;
  row.peers_other = 3;
  row.timeline = timeline();
}

/// A service whose four workers share 1,204 connections unevenly; three of them serve 12,345 requests.
inline ServiceRow uneven_service() {
  ServiceRow row =
      service("0.0.0.0", 8000,
              {serving(worker(4121, 601, 20), 9'876, 3, 57'500ms), serving(worker(4122, 301, 12), 2'460, 1, 24s),
               serving(worker(4123, 299, 8), 9, 0, 120ms), serving(worker(4124, 3, 3), 0, 0, 0s)});
  add_findings(row);
  return row;
}

/// 40 pre-existing connections on 3 of 8 workers, with a supervisor; no accepts.
inline ServiceRow pinned_service() {
  std::vector<WorkerRow> workers = {pinned_worker(4121, 20), pinned_worker(4122, 12), pinned_worker(4123, 8)};
  for (std::uint32_t pid = 4124; pid < 4129; ++pid) workers.push_back(idle_worker(pid));
  workers.push_back(supervisor(4120));
  ServiceRow row = service("0.0.0.0", 8000, std::move(workers));
  row.counts.peak_open = 40;
  row.active_workers.accepting.windows = 59;
  row.active_workers.serving = {.min = 2, .p50 = 3, .p95 = 3, .max = 3, .windows = 59, .now = 3};
  row.effective_workers = {{}, 2.63, 2.6, 5.9, 6.8};
  row.verdict = {
      VerdictCode::keepalive_pinning,
      Severity::critical,
      "3 of 8 workers own 40 of 40 connections (effective workers 2.6; a fair draw gives at least 5.9 in 99 % of "
      "cases); median age ≥ 41 s, no accepts",
      {"5 of 8 workers own none: pids 4124, 4125, 4126, 4127, 4128."},
      {"Client: limit how long or for how many requests a pooled connection is used, whether it is busy or not.",
       "Server: close after a number of requests."}};
  row.findings = {row.verdict};
  row.peers = {{endpoint("10.0.0.7", 0).address, 40, 40, 40, 41s, 3}};
  return row;
}

inline Snapshot uneven() { return snapshot({uneven_service()}); }

/// A worker with few known facts.
inline WorkerRow short_lived_thread() {
  WorkerRow row;
  row.pid = 77;
  row.tid = 78;
  row.comm = "nginx";
  row.exited = true;
  row.counts.accepts = 2;
  row.counts.closes = 2;
  return row;
}

/// Everything that a dump can contain: two services, an open connection, unknown values, a command, losses.
inline Snapshot complete() {
  ServiceRow second = service("::1", 9000, {worker(77, 2, 0)});
  second.netns = 4026532229;
  second.reuseport.reset();
  second.backlog.reset();
  second.never_accepted = 3;
  second.workers[0] = short_lived_thread();
  second.workers.insert(second.workers.begin(), pinned_worker(80, 5));
  second.workers.push_back(supervisor(76));
  second.listen_sockets = 0;
  second.epoll_exclusive.reset();
  second.accept_queue.overflows.reset();
  second.counts.preexisting = second.open = 5;
  second.counts.bytes_received = 500, second.counts.bytes_sent = 5'000;
  second.lifetime = lifetime(2, 5);
  second.handed_over = 1;
  second.workers_eligible = 2;
  Snapshot s = snapshot({uneven_service(), std::move(second)});
  s.run.command = CommandInfo{{"ab", "-n", "10"}, 1};
  s.run.filters = {{"8000", "9000-9010"}, {"0.0.0.0"}, {4120, 77}, {"uvi*"}, {"/system.slice"}};
  s.losses = {.ring_full = 12, .pid_filter_full = 1};
  s.consistency = {.records_seen = 1'152, .records_lost = 12, .broken = {"one sentence"}};
  s.connections = {preexisting_connection(1), closed_connection(2), open_connection(3)};
  s.connections[2].service = 1;
  s.connections_omitted = 1'204;
  return s;
}

/// `s` as stored in a dump: without the members marked [live].
inline Snapshot without_live(Snapshot s) {
  s.recent_interval = {};
  for (ServiceRow& service : s.services) {
    service.recent_accepts = service.recent_requests = 0;
    if (service.active_workers.requests) service.active_workers.requests->now = 0;
    service.spread = {};
    service.active_workers.accepting.now = service.active_workers.serving.now = 0;
    for (WorkerRow& worker : service.workers) {
      worker.recent_busy = {};
      worker.recent_accepts = worker.recent_requests = worker.active_connections = worker.unread_connections =
          worker.unread_bytes = 0;
    }
  }
  return s;
}

}  // namespace acceptscope::sample
