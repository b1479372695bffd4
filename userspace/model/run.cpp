// SPDX-License-Identifier: BSD-2-Clause
#include "model/run.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "model/names.hpp"
#include "model/selection.hpp"
#include "model/verdict.hpp"

namespace acceptscope {
namespace {

void add_load(WorkerActivity& activity, const RequestLoad& load) {
  activity.requests = activity.requests.value_or(0) + load.count;
  activity.in_flight += load.in_flight;
  activity.busy += load.busy;
}

}  // namespace

Run::Run(RunInfo info, ToolInfo tool, HostInfo host, ClockBase clock, RunOptions options)
    : info_(std::move(info)),
      tool_(std::move(tool)),
      host_(std::move(host)),
      clock_(clock),
      options_(std::move(options)),
      table_(options_.max_connection_rows),
      roll_call_(options_.by),
      activity_(info_.window, info_.interval) {
  if (info_.started_at == Instant{}) info_.started_at = clock_.realtime;
  info_.by = enum_name(options_.by);
  start(clock_.monotonic + (info_.started_at - clock_.realtime));
}

void Run::start(MonotonicTime at) {
  started_ = last_tick_ = recent_since_ = milestone_ = at;
  info_.started_at = clock_.instant(at);
}

void Run::apply(const ClosedConnection& connection) {
  const Owner owner = owner_of(connection);
  const bool is_shown = shown(owner);
  table_.add(connection, is_shown || !selection_is_final(owner));
  if (is_shown) peers_.add(resolver_.resolve(owner.service), connection);
}

void Run::apply(Tick tick) {
  const KernelSums previous = sums_;
  const MonotonicTime before = std::exchange(last_tick_, tick.at);
  overhead_ = tick.overhead;
  update_counters(tick, before == started_);
  update_processes(tick.processes);
  update_cpu(tick.cpu);
  update_roll_call(tick);

  sums_ = kernel_sums(tick.open.size());
  sums_.losses = tick.losses;
  broken_ = broken_while_running(previous, sums_, table_.records_seen());
  update_open(std::move(tick.open));
  if (options_.requests) update_stalls();
  update_waiting(tick);
  update_activity(before);
}

/// Rates are computed from milestone to milestone. A tick that comes early, because records pile up or the run ends, is
/// no milestone, and before the first one there is no rate: none is computed over a few milliseconds.
bool Run::pass_milestone(MonotonicTime at) {
  if (at - milestone_ < info_.interval / 2) return false;
  recent_since_ = milestone_;
  milestone_ = at;
  return true;
}

void Run::update_counters(Tick& tick, bool is_first) {
  for (auto& [owner, state] : workers_) state.moved = false;
  for (ServiceCounters& counters : tick.services) {
    if (counters.listener_known) resolver_.add_listener(counters.service);
    const ServiceKey key = counters.service;
    services_[key].update(std::move(counters));
  }
  for (WorkerCounters& counters : tick.workers) {
    if (tick.proc_pids) {
      Sight& sight = processes_[counters.worker].sight;
      if (tick.proc_pids->contains(counters.worker.pid)) sight = Sight::seen;
      if (sight == Sight::not_needed) sight = Sight::none;
    }
    const Owner owner = owner_of(counters);
    workers_[owner].update(std::move(counters));
  }
  const auto each = [this](const auto& step) {
    for (auto& [key, state] : services_) step(state);
    for (auto& [owner, state] : workers_) step(state);
  };
  if (pass_milestone(tick.at))
    each([](auto& state) { state.pass_milestone(); });
  else if (is_first)
    each([](auto& state) { state.begin(); });
}

void Run::update_processes(std::vector<ProcessInfo>& processes) {
  for (ProcessInfo& process : processes) {
    ProcessFacts& facts = processes_[process.worker];
    // /proc of an exited process is empty: keep the earlier facts.
    if (process.cmdline) facts.cmdline = std::move(process.cmdline);
    if (process.cgroup) facts.cgroup = std::move(process.cgroup);
    if (process.container) facts.container = std::move(process.container);
    if (process.proc_pid != 0) facts.proc_pid = process.proc_pid;
    if (process.parent_pid != 0) facts.parent_pid = process.parent_pid;
    if (process.exited && process.worker.tid != 0) roll_call_.forget_thread(process.worker);
    if (process.comm) facts.comm = std::move(process.comm);
    if (!process.exited) continue;
    const bool was_known = std::exchange(facts.exited, true);
    if (process.exited_at || !was_known) facts.left_at = process.exited_at.value_or(last_tick_);
  }
}

void Run::update_cpu(const std::vector<CpuTime>& times) {
  for (const CpuTime& time : times) {
    std::optional<CpuUse>& use = processes_[time.worker].cpu;
    if (use)
      use->look(time);
    else
      use = CpuUse{time.used, Nanoseconds{0}, time.at, 0};
  }
}

void Run::update_roll_call(Tick& tick) {
  for (const Listeners& listeners : tick.listeners) resolver_.add_listener(listeners.service);
  for (const Holder& holder : tick.look.holders) resolver_.add_listener(holder.service);
  roll_call_.update(tick.listeners, std::move(tick.look), tick.at);
  if (roll_call_.has_too_many()) forget_those_gone();
  if (processes_.size() > workers_.size() + roll_call_.members().size()) forget_processes();
}

/// Workers with counters stay, and so does the listener that a service with counters resolves to.
void Run::forget_those_gone() {
  std::set<std::uint32_t> pids;
  for (const auto& [owner, state] : workers_) pids.insert(owner.worker.pid);
  std::set<ServiceKey> services;
  for (const auto& [key, state] : services_) services.insert(resolver_.resolve(key));
  for (const Member& member : roll_call_.forget(pids, services))
    if (comm_selected(member.holder.comm)) ++workers_forgotten_[member.holder.service];
  std::erase_if(workers_forgotten_, [&](const auto& count) { return !roll_call_.listeners().contains(count.first); });

  resolver_ = {};
  for (const auto& [key, state] : services_)
    if (state.now.listener_known) resolver_.add_listener(key);
  for (const auto& [key, listeners] : roll_call_.listeners()) resolver_.add_listener(key);
  for (const auto& [owner, member] : roll_call_.members()) resolver_.add_listener(owner.service);
}

/// Counts the workers that no longer have a row.
void Run::forget_processes() {
  std::set<WorkerKey> with_row;
  for (const auto& [owner, state] : workers_) with_row.insert(owner.worker);
  for (const auto& [owner, member] : roll_call_.members()) {
    with_row.insert(owner.worker);
    for (const auto& [key, thread] : member.threads) with_row.insert(key);
  }
  for (const auto& [owner, open] : open_.owners) with_row.insert(owner.worker);
  std::erase_if(processes_, [&](const auto& process) { return !with_row.contains(process.first); });
}

void Run::update_open(std::vector<OpenConnection> open) {
  for (const OpenConnection& connection : open)
    if (connection.held_by && !connection.preexisting && workers_.contains({connection.service, *connection.held_by}))
      receivers_.insert(connection.held_by->pid);
  const Servers who_serves = servers();
  list_open(open, who_serves);
  open_ = summarize(
      open, last_tick_,
      [this](const Owner& owner) {
        return OpenPlacement{resolver_.resolve(owner.service), shown(owner), workers_.contains(owner)};
      },
      [&](const OpenConnection& connection) { return holder_of(connection, who_serves); });
  peers_.replace_open(open, last_tick_, [this](const Owner& owner) {
    return shown(owner) ? std::optional(resolver_.resolve(owner.service)) : std::nullopt;
  });
  if (!options_.comms.empty() || !options_.addresses.empty()) {
    std::erase_if(open, [this](const OpenConnection& connection) { return !shown(owner_of(connection)); });
  }
  table_.replace_open(std::move(open));
}

void Run::list_open_of(std::optional<ListedWorker> worker) {
  if (worker == listed_worker_) return;
  listed_worker_ = worker;
  listed_.clear();
  listed_omitted_ = 0;
}

bool Run::is_listed(const WorkerKey& worker) const {
  const WorkerId& id = listed_worker_->worker;
  return worker.pid == id.pid && worker.tid == id.tid &&
         (id.start_ns == 0 || clock_.instant_of_boottime(worker.start_ns).unix_ns == id.start_ns);
}

/// Connections that the worker accepted, or that were handed over to it.
void Run::list_open(const std::vector<OpenConnection>& open, const Servers& servers) {
  listed_.clear();
  if (!listed_worker_) return;
  std::vector<const OpenConnection*> found;
  for (const OpenConnection& connection : open) {
    if (resolver_.resolve(connection.service) != listed_worker_->service) continue;
    const std::optional<WorkerKey> holder = holder_of(connection, servers);
    if (is_listed(connection.worker) || (holder && is_listed(*holder))) found.push_back(&connection);
  }
  const std::size_t kept = std::min(found.size(), kMostListed);
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(kept), found.end(),
                    [](const auto* a, const auto* b) { return a->accepted_at < b->accepted_at; });
  for (std::size_t i = 0; i < kept; ++i) listed_.push_back(*found[i]);
  listed_omitted_ = found.size() - kept;
}

void Run::update_stalls() {
  std::map<Owner, WorkerLook> looks;
  std::map<ServiceKey, std::uint64_t> begun;
  for (const auto& [owner, state] : workers_) {
    const Owner resolved{resolver_.resolve(owner.service), owner.worker};
    looks[resolved].begun += load_of(state.now).count;
    begun[resolved.service] += load_of(state.now).count;
  }
  for (auto& [owner, look] : looks) {
    const auto open = open_.owners.find(owner);
    if (open != open_.owners.end()) look.waiting = open->second.waiting;
    look.all = begun[owner.service];
    stalls_.look(owner, last_tick_, look);
  }
}

/// Call after update_open(): it takes the open connections of each worker from there.
void Run::update_waiting(const Tick& tick) {
  for (const auto& [netns, drops] : tick.namespace_drops) namespace_drops_[netns] = drops;
  for (const auto& [netns, name] : tick.netns_names)
    if (netns_names_.size() < kMostNetnsNames || netns_names_.contains(netns)) netns_names_[netns] = name;
  waiting_ = summarize_waiting(tick.queued, tick.listeners, last_tick_,
                               [this](const ServiceKey& key) { return resolver_.resolve(key); });
  std::erase_if(looks_, [this](const auto& look) { return !roll_call_.listeners().contains(look.first); });
  if (waiting_.empty()) return;
  std::map<Owner, std::uint64_t> peaks;
  for (const auto& [owner, state] : workers_)
    peaks[{resolver_.resolve(owner.service), owner.worker}] += state.now.counts.peak_open;
  for (const auto& [service, waiting] : waiting_) ++looks_[service].count;
  for (const auto& [owner, open] : open_.owners) {
    const auto peak = peaks.find(owner);
    if (waiting_.contains(owner.service) && peak != peaks.end() && open.count >= peak->second)
      ++looks_[owner.service].occupied;
  }
}

/// The youngest worker of each service and pid (--by thread: tid).
Run::Servers Run::servers() const {
  Servers servers;
  for (const auto& [owner, state] : workers_) {  // ordered by pid and age
    const std::uint32_t id = owner.worker.tid != 0 ? owner.worker.tid : owner.worker.pid;
    servers.insert_or_assign({owner.service, id}, owner.worker);
  }
  return servers;
}

/// A walk sees the holders of descriptors, which are processes; who serves is known at once.
std::optional<WorkerKey> Run::holder_of(const OpenConnection& connection, const Servers& servers) const {
  if (connection.held_by && options_.by == WorkerUnit::process) return connection.held_by;
  if (!connection.last_server) return connection.held_by;
  const auto server = servers.find({connection.service, *connection.last_server});
  if (server == servers.end() || server->second == connection.worker) return std::nullopt;
  return server->second;
}

/// Workers that left are passed on once more after their last tick with activity, and not after that: their counts no
/// longer change.
void Run::update_activity(MonotonicTime before) {
  ServiceActivities services;
  if (options_.show_idle_services) {
    for (const auto& [key, listeners] : roll_call_.listeners())
      if (address_selected(key)) services.try_emplace(key);
  }
  for (const auto& [owner, state] : workers_) {
    if (!shown(owner)) continue;
    const Owner resolved{resolver_.resolve(owner.service), owner.worker};
    const auto open = open_.owners.find(resolved);
    const bool has_open = open != open_.owners.end();
    const auto process = processes_.find(owner.worker);
    const bool is_known = process != processes_.end();
    const bool is_gone = (is_known && process->second.exited) || roll_call_.has_left(resolved);
    if (is_gone && !state.moved && !has_open) continue;
    const auto [activity, is_new] = services[resolved.service].try_emplace(owner.worker);
    activity->second.accepts += state.now.counts.accepts;
    activity->second.bytes += state.now.counts.bytes() - state.now.given.bytes + state.now.taken.bytes;
    if (state.now.requests) add_load(activity->second, state.now.requests->load);
    if (is_known && process->second.cpu) activity->second.cpu = process->second.cpu->used;
    if (!has_open || !is_new) continue;
    const HandedOver &given = open->second.given, &taken = open->second.taken;
    activity->second.bytes += open->second.bytes_received + open->second.bytes_sent - given.bytes + taken.bytes;
    activity->second.open = open->second.count - given.connections + taken.connections;
    activity->second.active = open->second.active;
  }
  activity_.add(before, last_tick_, services);
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

bool Run::comm_selected(const OutsideText& comm) const { return selects_comm(options_.comms, comm.raw()); }

bool Run::worker_selected(const Owner& owner) const {
  if (options_.comms.empty()) return true;
  const OutsideText* const comm = comm_of(owner);
  return comm != nullptr && comm_selected(*comm);
}

/// nullptr for a worker of which nothing is known.
const OutsideText* Run::comm_of(const Owner& owner) const {
  const auto worker = workers_.find(owner);
  if (worker != workers_.end()) return &worker->second.now.comm;
  if (const Member* const member = roll_call_.find(owner)) return &member->holder.comm;
  const auto process = processes_.find(owner.worker);
  return process == processes_.end() || !process->second.comm ? nullptr : &*process->second.comm;
}

/// `owner` is resolved.
ProcessFacts Run::process_of(const Owner& owner) const {
  const auto process = processes_.find(owner.worker);
  ProcessFacts facts = process == processes_.end() ? ProcessFacts{} : process->second;
  facts.receives = receivers_.contains(owner.worker.pid);
  if (const std::optional<MonotonicTime> left = roll_call_.left_at(owner))
    facts.left_at = std::min(*left, facts.left_at.value_or(*left));
  return facts;
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
  if (const OutsideText* const comm = comm_of(owner_of(connection))) row.comm = *comm;
  row.local = connection.local;
  row.peer = connection.peer;
  row.preexisting = connection.preexisting;
  if (!connection.preexisting) {
    row.accepted_at = clock_.instant(connection.accepted_at);
    row.accept_wait = connection.accept_wait;
  }
  row.bytes_received = connection.bytes_received;
  row.bytes_sent = connection.bytes_sent;
  row.bytes_unacknowledged = connection.bytes_unacknowledged;
  if (options_.requests) {
    row.requests = connection.requests;
    row.served_by_workers = connection.servers;
  }
  row.served_by_pid = connection.served_by;
  return row;
}

std::optional<ConnectionRow> Run::row_of(const ClosedConnection& connection) const {
  if (!shown(owner_of(connection))) return std::nullopt;
  ConnectionRow row = base_row(connection);
  row.closed_at = clock_.instant(connection.closed_at);
  (connection.preexisting ? row.age_min : row.lifetime) = connection.lifetime();
  row.close_reason = connection.reason;
  if (connection.closer_pid != 0) row.closed_by_pid = connection.closer_pid;
  return row;
}

std::optional<ConnectionRow> Run::row_of(const OpenConnection& connection, MonotonicTime at) const {
  if (!shown(owner_of(connection))) return std::nullopt;
  ConnectionRow row = base_row(connection);
  row.age_min = std::max(at - connection.accepted_at, Nanoseconds::zero());
  if (connection.held_by) row.held_by_pid = connection.held_by->pid;
  return row;
}

void Run::add_roll_call(ServiceRowsBuilder& builder) const {
  std::set<ServiceKey> listed;
  for (const auto& [owner, member] : roll_call_.members()) {
    if (!shown(owner)) continue;
    for (const auto& [key, thread] : member.threads)
      builder.add_thread(member, thread, process_of({owner.service, key}));
    builder.add_member(member, process_of(owner));
    listed.insert(owner.service);
  }
  // With --comm, a service without a selected holder is left out.
  for (const auto& [key, listeners] : roll_call_.listeners()) {
    const bool wanted = options_.comms.empty() ? address_selected(key) : listed.contains(key);
    if (!wanted) continue;
    const auto drops = namespace_drops_.find(key.netns);
    builder.add_listeners(listeners.sockets,
                          drops == namespace_drops_.end() ? std::nullopt : std::optional(drops->second), last_tick_);
    if (const auto waiting = waiting_.find(key); waiting != waiting_.end()) builder.add_waiting(key, waiting->second);
    if (const auto looks = looks_.find(key); looks != looks_.end()) builder.add_looks(key, looks->second);
    const auto forgotten = workers_forgotten_.find(key);
    if (forgotten != workers_forgotten_.end()) builder.add_forgotten(key, forgotten->second);
  }
}

/// With --comm: the services with a selected worker or holder. Connections that nobody accepted are counted by service.
std::set<ServiceKey> Run::services_of_comms() const {
  std::set<ServiceKey> services;
  if (options_.comms.empty()) return services;
  for (const auto& [owner, state] : workers_)
    if (comm_selected(state.now.comm)) services.insert(resolver_.resolve(owner.service));
  for (const auto& [owner, member] : roll_call_.members())
    if (worker_selected(owner)) services.insert(owner.service);
  return services;
}

/// `duration`: length of the run so far, for the verdicts.
ServiceRows Run::service_rows(Nanoseconds duration) const {
  ServiceRowsBuilder builder(clock_, {info_.started_at, clock_.instant(last_tick_)}, open_, roll_call_, fair_draws_);
  const std::set<ServiceKey> selected = services_of_comms();
  for (const auto& [key, state] : services_) {
    const ServiceKey resolved = resolver_.resolve(key);
    if (address_selected(resolved) && (options_.comms.empty() || selected.contains(resolved)))
      builder.add_service(resolved, state);
  }
  for (const auto& [owner, state] : workers_) {
    const ServiceKey resolved = resolver_.resolve(owner.service);
    if (!address_selected(resolved)) continue;
    if (!worker_selected(owner)) {
      builder.hide_worker(resolved);
      continue;
    }
    const Owner worker{resolved, owner.worker};
    builder.add_worker(resolved, state, table_.of(owner), process_of(worker));
    if (const auto stall = stalls_.longest(worker)) builder.add_stall(worker, *stall);
  }
  for (const auto& [holder, open] : open_.owners) {
    if (open.taken.connections > 0 && shown(holder)) builder.add_holder(holder, process_of(holder));
  }
  add_roll_call(builder);
  // Connections of a service that the kernel had no room for.
  for (const auto& [service, summary] : open_.services) builder.add_service(service);
  for (const auto& [owner, records] : table_.owners()) {
    if (owner != Owner{} && shown(owner)) builder.add_service(resolver_.resolve(owner.service));
  }
  ServiceRows services = std::move(builder).take(options_.show_idle_services);
  for (std::size_t i = 0; i < services.rows.size(); ++i) {
    ServiceRow& row = services.rows[i];
    row.active_workers = activity_.active_workers(services.keys[i]);
    if (const auto name = netns_names_.find(row.netns); name != netns_names_.end()) row.netns_name = name->second;
    row.peers = peers_.rows(services.keys[i]);
    std::uint64_t listed = 0;
    for (const PeerRow& peer : row.peers) listed += peer.connections;
    row.peers_other = std::max(row.counts.connections(), listed) - listed;
    judge(row, duration, sums_.losses, fair_draws_);
  }
  return services;
}

/// A picture without the parts that only a finished one has.
Snapshot Run::picture(MonotonicTime end, ServiceRows& services) const {
  services = service_rows(end - started_);
  Snapshot snapshot;
  snapshot.tool = tool_;
  snapshot.host = host_;
  snapshot.run = info_;
  snapshot.run.ended_at = clock_.instant(end);
  snapshot.run.duration = snapshot.run.ended_at - snapshot.run.started_at;
  snapshot.losses = sums_.losses;
  snapshot.overhead = overhead_;
  if (milestone_ != started_) snapshot.recent_interval = last_tick_ - recent_since_;
  snapshot.consistency.records_seen = table_.records_seen();
  snapshot.consistency.records_lost = sums_.losses.ring_full;
  snapshot.services = std::move(services.rows);
  for (const ServiceRow& service : snapshot.services) {
    snapshot.totals.counts += service.counts;
    snapshot.totals.open += service.open;
    snapshot.totals.never_accepted += service.never_accepted;
  }
  return snapshot;
}

/// A moment ago if bytes moved since the tick before, also where that was no request. Without a request, nothing is
/// known but that its bytes never moved.
std::optional<Nanoseconds> Run::idle_of(const OpenConnection& connection) const {
  if (!options_.requests) return std::nullopt;
  const bool never_moved = connection.bytes_received + connection.bytes_sent + connection.unread_bytes == 0;
  if (!connection.moved_at && !never_moved && !connection.active) return std::nullopt;
  const Nanoseconds idle =
      std::max(last_tick_ - connection.moved_at.value_or(connection.accepted_at), Nanoseconds::zero());
  return connection.active ? std::min(idle, info_.interval) : idle;
}

void Run::add_listed(Snapshot& snapshot) const {
  if (!listed_worker_) return;
  const auto of = [this](const ServiceRow& service) { return key_of(service) == listed_worker_->service; };
  const auto service = std::find_if(snapshot.services.begin(), snapshot.services.end(), of);
  if (service == snapshot.services.end()) return;
  for (const OpenConnection& connection : listed_) {
    std::optional<ConnectionRow> row = row_of(connection, last_tick_);
    if (!row) continue;
    row->id = snapshot.connections.size() + 1;
    row->service = static_cast<std::uint32_t>(service - snapshot.services.begin());
    row->unread_bytes = connection.unread_bytes;
    row->idle = idle_of(connection);
    snapshot.connections.push_back(std::move(*row));
  }
  snapshot.connections_omitted = listed_omitted_;
}

Snapshot Run::snapshot() const {
  ServiceRows services;
  Snapshot snapshot = picture(last_tick_, services);
  add_listed(snapshot);
  snapshot.consistency.broken = broken_;
  return snapshot;
}

Snapshot Run::interim() const {
  Snapshot snapshot = whole_picture(last_tick_);
  snapshot.consistency.broken = broken_;
  return snapshot;
}

Snapshot Run::finish(MonotonicTime end, EndReason reason, std::optional<int> command_status) const {
  Snapshot snapshot = whole_picture(end);
  snapshot.run.end_reason = reason;
  if (snapshot.run.command && command_status) snapshot.run.command->exit_status = command_status;
  snapshot.consistency.broken = broken_at_end(sums_, table_.records_seen());
  return snapshot;
}

Snapshot Run::whole_picture(MonotonicTime end) const {
  ServiceRows services;
  Snapshot snapshot = picture(end, services);
  for (std::size_t i = 0; i < services.keys.size(); ++i) {
    snapshot.services[i].timeline = activity_.timeline(services.keys[i], clock_, std::move(services.workers[i]));
  }
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
    if (service == index.end()) {  // the owner is beyond the table's limit
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
