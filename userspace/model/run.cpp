// SPDX-License-Identifier: BSD-2-Clause
#include "model/run.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace acceptscope {

Run::Run(RunInfo info, ToolInfo tool, HostInfo host, ClockBase clock, RunOptions options)
    : info_(std::move(info)),
      tool_(std::move(tool)),
      host_(std::move(host)),
      clock_(clock),
      options_(std::move(options)),
      table_(options_.max_connection_rows) {
  if (info_.started_at == Instant{}) info_.started_at = clock_.realtime;
  info_.by = options_.by_thread ? "thread" : "process";
  last_tick_ = recent_since_ = milestone_ = clock_.monotonic + (info_.started_at - clock_.realtime);
}

void Run::apply(const ClosedConnection& connection) {
  const Owner owner = owner_of(connection);
  table_.add(connection, shown(owner) || !selection_is_final(owner));
}

void Run::apply(Tick tick) {
  const KernelSums previous = sums_;
  last_tick_ = tick.at;
  overhead_ = tick.overhead;
  update_counters(tick);
  update_processes(tick.processes);

  sums_ = kernel_sums(tick.open.size());
  sums_.losses = tick.losses;
  broken_ = broken_while_running(previous, sums_, table_.records_seen());
  update_open(std::move(tick.open));
}

/// Rates are taken from milestone to milestone: a tick that comes early, because records pile up or the run ends,
/// is none, and so makes no rate out of a few milliseconds.
bool Run::pass_milestone(MonotonicTime at) {
  if (at - milestone_ < info_.interval / 2) return false;
  recent_since_ = milestone_;
  milestone_ = at;
  return true;
}

void Run::update_counters(Tick& tick) {
  for (ServiceCounters& counters : tick.services) {
    if (counters.listener_known) resolver_.add_listener(counters.service);
    const ServiceKey key = counters.service;
    services_[key].now = std::move(counters);
  }
  for (WorkerCounters& counters : tick.workers) {
    const Owner owner = owner_of(counters);
    workers_[owner].now = std::move(counters);
  }
  if (!pass_milestone(tick.at)) return;
  for (auto& [key, state] : services_) state.pass_milestone();
  for (auto& [owner, state] : workers_) state.pass_milestone();
}

void Run::update_processes(std::vector<ProcessInfo>& processes) {
  for (ProcessInfo& process : processes) {
    ProcessFacts& facts = processes_[process.worker];
    // /proc of a process that is gone tells nothing: what it told before stands.
    if (process.cmdline) facts.cmdline = std::move(process.cmdline);
    if (process.cgroup) facts.cgroup = std::move(process.cgroup);
    facts.exited = facts.exited || process.exited;
  }
}

void Run::update_open(std::vector<OpenConnection> open) {
  open_ = summarize(open, last_tick_, [this](const Owner& owner) {
    return OpenPlacement{resolver_.resolve(owner.service), shown(owner), workers_.contains(owner)};
  });
  if (!options_.comms.empty() || !options_.addresses.empty()) {
    std::erase_if(open, [this](const OpenConnection& connection) { return !shown(owner_of(connection)); });
  }
  table_.replace_open(std::move(open));
}

KernelSums Run::kernel_sums(std::uint64_t open) const {
  KernelSums sums;
  for (const auto& [key, state] : services_) sums.add(state.now);
  for (const auto& [owner, state] : workers_) sums.add(state.now);
  sums.open = open;
  return sums;
}

bool Run::address_selected(const ServiceKey& resolved) const {
  const auto& addresses = options_.addresses;
  const auto& address = resolved.endpoint.address;
  return addresses.empty() || std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

bool Run::worker_selected(const Owner& owner) const {
  if (options_.comms.empty()) return true;
  const auto worker = workers_.find(owner);
  if (worker == workers_.end()) return false;  // not counted, so its name is not known
  const char* const comm = worker->second.now.comm.c_str();
  return std::any_of(options_.comms.begin(), options_.comms.end(),
                     [comm](const std::string& glob) { return fnmatch(glob.c_str(), comm, 0) == 0; });
}

bool Run::shown(const Owner& owner) const {
  return address_selected(resolver_.resolve(owner.service)) && worker_selected(owner);
}

/// Whether shown() can no longer change: a tick has brought the service and the worker.
bool Run::selection_is_final(const Owner& owner) const {
  return services_.contains(owner.service) && workers_.contains(owner);
}

ServiceKey Run::service_of(const ConnectionFacts& connection) const { return resolver_.resolve(connection.service); }

ConnectionRow Run::base_row(const ConnectionFacts& connection) const {
  ConnectionRow row;
  row.pid = connection.worker.pid;
  row.tid = connection.accept_tid;
  const auto worker = workers_.find(owner_of(connection));
  if (worker != workers_.end()) row.comm = worker->second.now.comm;
  row.local = connection.local;
  row.peer = connection.peer;
  row.accepted_at = clock_.instant(connection.accepted_at);
  row.accept_wait = connection.accept_wait;
  row.bytes_received = connection.bytes_received;
  row.bytes_sent = connection.bytes_sent;
  return row;
}

std::optional<ConnectionRow> Run::row_of(const ClosedConnection& connection) const {
  if (!shown(owner_of(connection))) return std::nullopt;
  ConnectionRow row = base_row(connection);
  row.closed_at = clock_.instant(connection.closed_at);
  row.lifetime = connection.lifetime();
  row.close_reason = connection.reason;
  if (connection.closer_pid != 0) row.closed_by_pid = connection.closer_pid;
  return row;
}

std::optional<ConnectionRow> Run::row_of(const OpenConnection& connection, MonotonicTime at) const {
  if (!shown(owner_of(connection))) return std::nullopt;
  ConnectionRow row = base_row(connection);
  row.age_min = std::max(at - connection.accepted_at, Nanoseconds::zero());
  return row;
}

ServiceRows Run::service_rows() const {
  ServiceRowsBuilder builder(clock_, open_);
  for (const auto& [key, state] : services_) {
    const ServiceKey resolved = resolver_.resolve(key);
    if (address_selected(resolved)) builder.add_service(resolved, state);
  }
  for (const auto& [owner, state] : workers_) {
    const ServiceKey resolved = resolver_.resolve(owner.service);
    if (!address_selected(resolved)) continue;
    if (!worker_selected(owner)) {
      builder.hide_worker(resolved);
      continue;
    }
    const auto process = processes_.find(owner.worker);
    const bool known = process != processes_.end();
    builder.add_worker(resolved, state, table_.of(owner), known ? process->second : ProcessFacts{});
  }
  // Connections of a service that the kernel had no room for.
  for (const auto& [service, summary] : open_.services) builder.add_service(service);
  for (const auto& [owner, records] : table_.owners()) {
    if (owner != Owner{} && shown(owner)) builder.add_service(resolver_.resolve(owner.service));
  }
  return std::move(builder).take();
}

Snapshot Run::picture(ServiceRows& services) const {
  Snapshot snapshot;
  snapshot.tool = tool_;
  snapshot.host = host_;
  snapshot.run = info_;
  snapshot.run.ended_at = clock_.instant(last_tick_);
  snapshot.run.duration = snapshot.run.ended_at - snapshot.run.started_at;
  snapshot.losses = sums_.losses;
  snapshot.overhead = overhead_;
  snapshot.recent_interval = last_tick_ - recent_since_;
  snapshot.consistency.records_seen = table_.records_seen();
  snapshot.consistency.records_lost = sums_.losses.ring_full;
  snapshot.services = std::move(services.rows);
  for (const ServiceRow& service : snapshot.services) {
    snapshot.totals.accepts += service.accepts;
    snapshot.totals.closes += service.closes;
    snapshot.totals.open += service.open;
    snapshot.totals.never_accepted += service.never_accepted;
  }
  return snapshot;
}

Snapshot Run::snapshot() const {
  ServiceRows services = service_rows();
  Snapshot snapshot = picture(services);
  snapshot.consistency.broken = broken_;
  return snapshot;
}

Snapshot Run::finish(MonotonicTime end, EndReason reason, std::optional<int> command_status) const {
  ServiceRows services = service_rows();
  Snapshot snapshot = picture(services);
  snapshot.run.ended_at = clock_.instant(end);
  snapshot.run.duration = snapshot.run.ended_at - snapshot.run.started_at;
  snapshot.run.end_reason = reason;
  if (snapshot.run.command && command_status) snapshot.run.command->exit_status = command_status;
  snapshot.consistency.broken = broken_at_end(sums_, table_.records_seen());
  add_connections(snapshot, services.keys);
  return snapshot;
}

void Run::add_connections(Snapshot& snapshot, const std::vector<ServiceKey>& services) const {
  std::map<ServiceKey, std::uint32_t> index;
  for (const ServiceKey& key : services) index.emplace(key, static_cast<std::uint32_t>(index.size()));
  std::vector<ConnectionRow>& rows = snapshot.connections;
  const auto by_accept = [](const auto& a, const auto& b) { return a.accepted_at < b.accepted_at; };
  const auto keep = [&](const ConnectionFacts& connection, std::optional<ConnectionRow> row) {
    if (!row) return;
    const auto service = index.find(service_of(connection));
    if (service == index.end()) {  // one of more owners than the table tells apart
      ++snapshot.connections_omitted;
      return;
    }
    row->service = service->second;
    rows.push_back(std::move(*row));
  };

  for (const ClosedConnection& connection : table_.closed()) keep(connection, row_of(connection));
  std::vector<OpenConnection> open = table_.open();
  std::sort(open.begin(), open.end(), by_accept);
  std::uint64_t open_rows = 0;
  for (const OpenConnection& connection : open) {
    if (rows.size() >= table_.max_rows()) break;
    keep(connection, row_of(connection, last_tick_));
    ++open_rows;
  }

  for (const auto& [owner, records] : table_.owners()) {
    if (shown(owner)) snapshot.connections_omitted += records.omitted;
  }
  for (const auto& [service, summary] : open_.services) snapshot.connections_omitted += summary.count;
  snapshot.connections_omitted -= open_rows;

  std::stable_sort(rows.begin(), rows.end(), by_accept);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].id = i + 1;
}

}  // namespace acceptscope
