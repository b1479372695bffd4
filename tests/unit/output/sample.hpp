// SPDX-License-Identifier: BSD-2-Clause
/// Snapshots to render: every number in them is different, so that a mix-up shows.
#pragma once

#include <chrono>
#include <string_view>

#include "model/snapshot.hpp"

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

inline WorkerRow worker(std::uint32_t pid, std::uint64_t accepts, std::uint64_t open) {
  WorkerRow row;
  row.pid = pid;
  row.ns_pid = pid - 4'000;
  row.start_time = kStart + -1h;
  row.comm = "uvicorn";
  row.cmdline = "python3 -m uvicorn app:app --workers 4";
  row.cgroup = "/system.slice/app.service";
  row.accepts = accepts;
  row.closes = accepts - open;
  row.open = open;
  row.peak_open = open + 1;
  row.connection_time = 12'345'678'901ns;
  row.bytes_received = accepts * 100;
  row.bytes_sent = accepts * 1'000;
  row.lifetime = lifetime(accepts - open, open);
  row.accept_wait = wait(accepts);
  row.recent_accepts = accepts / 20;
  return row;
}

inline ServiceRow service(std::string_view address, std::uint16_t port, std::vector<WorkerRow> workers) {
  ServiceRow row;
  row.endpoint = endpoint(address, port);
  row.netns = kHostNetns;
  row.reuseport = false;
  row.backlog = 2048;
  for (const WorkerRow& worker : workers) {
    row.accepts += worker.accepts;
    row.closes += worker.closes;
    row.open += worker.open;
    row.recent_accepts += worker.recent_accepts;
  }
  row.peak_open = row.open + 4;
  row.lifetime = lifetime(row.closes, row.open);
  row.accept_wait = wait(row.accepts);
  row.accept_queue.depth_max = 12;
  row.close_reasons = {.local = row.closes > 4 ? 4U : 0U, .peer = row.closes > 4 ? row.closes - 4 : row.closes};
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

/// One minute with the services given; totals are theirs.
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
  s.run.interval = 1s;
  s.run.window = 1s;
  s.run.by = "process";
  s.run.filters.ports = {"8000"};
  for (const ServiceRow& service : services) {
    s.totals.accepts += service.accepts;
    s.totals.closes += service.closes;
    s.totals.open += service.open;
    s.totals.never_accepted += service.never_accepted;
  }
  s.consistency.records_seen = s.totals.closes;
  s.overhead.bpf_ns_per_accept = 850.5;
  s.overhead.cpu_seconds_user = 0.25;
  s.overhead.max_rss_bytes = 1 << 24;
  s.services = std::move(services);
  s.recent_interval = 1s;
  return s;
}

/// A service whose four workers share 1,204 connections unevenly.
inline ServiceRow uneven_service() {
  return service("0.0.0.0", 8000,
                 {worker(4121, 601, 20), worker(4122, 301, 12), worker(4123, 299, 8), worker(4124, 3, 3)});
}

inline Snapshot uneven() { return snapshot({uneven_service()}); }

/// A worker of which little is known.
inline WorkerRow short_lived_thread() {
  WorkerRow row;
  row.pid = 77;
  row.tid = 78;
  row.comm = "nginx";
  row.exited = true;
  row.accepts = 2;
  row.closes = 2;
  return row;
}

/// All that a dump can hold: two services, an open connection, unknown values, a command, losses.
inline Snapshot complete() {
  ServiceRow second = service("::1", 9000, {worker(77, 2, 0)});
  second.netns = 4026532229;
  second.reuseport.reset();
  second.backlog.reset();
  second.never_accepted = 3;
  second.workers[0] = short_lived_thread();
  Snapshot s = snapshot({uneven_service(), std::move(second)});
  s.run.command = CommandInfo{{"ab", "-n", "10"}, 1};
  s.run.filters = {{"8000", "9000-9010"}, {"0.0.0.0"}, {4120, 77}, {"uvi*"}, {"/system.slice"}};
  s.losses = {.ring_full = 12, .pid_filter_full = 1};
  s.consistency = {.records_seen = 1'152, .records_lost = 12, .broken = {"one sentence"}};
  s.connections = {closed_connection(1), open_connection(2)};
  s.connections[1].service = 1;
  s.connections_omitted = 1'204;
  return s;
}

/// `s` as a dump holds it: without the members marked [live].
inline Snapshot without_live(Snapshot s) {
  s.recent_interval = {};
  for (ServiceRow& service : s.services) {
    service.recent_accepts = 0;
    for (WorkerRow& worker : service.workers) worker.recent_accepts = 0;
  }
  return s;
}

}  // namespace acceptscope::sample
