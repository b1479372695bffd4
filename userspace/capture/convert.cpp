// SPDX-License-Identifier: BSD-2-Clause
#include "capture/convert.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace acceptscope {
namespace {

IpAddress to_address(const wire::ip_address& raw) {
  IpAddress address;
  std::copy(std::begin(raw.bytes), std::end(raw.bytes), address.bytes.begin());
  return address;
}

MonotonicTime to_time(std::uint64_t ns) { return {static_cast<std::int64_t>(ns)}; }
Nanoseconds to_duration(std::uint64_t ns) { return Nanoseconds{static_cast<std::int64_t>(ns)}; }

static_assert(kCloseReasons == wire::CLOSE_REASONS);
static_assert(static_cast<int>(CloseReason::local) == wire::CLOSE_LOCAL);
static_assert(static_cast<int>(CloseReason::peer) == wire::CLOSE_PEER);
static_assert(static_cast<int>(CloseReason::reset) == wire::CLOSE_RESET);
static_assert(static_cast<int>(CloseReason::worker_exit) == wire::CLOSE_WORKER_EXIT);

CloseReason to_reason(std::uint8_t reason) {
  return reason < kCloseReasons ? static_cast<CloseReason>(reason) : CloseReason::unknown;
}

/// `Raw`: wire::connection or wire::closed_connection, which share these members.
template <class Raw>
void fill(ConnectionFacts& facts, std::uint64_t sock, const Raw& raw) {
  facts.sock = sock;
  facts.service = to_service_key(raw.worker.service);
  facts.worker = to_worker_key(raw.worker);
  facts.accept_tid = raw.accept_tid;
  facts.local = {to_address(raw.local), raw.worker.service.port};
  facts.peer = {to_address(raw.remote), raw.remote_port};
  facts.accepted_at = to_time(raw.accepted_ns);
  facts.bytes_received = raw.bytes_received;
  facts.bytes_sent = raw.bytes_sent;
  facts.bytes_unacknowledged = raw.bytes_unacked;
  facts.preexisting = raw.preexisting != 0;
  facts.requests = (raw.turns + 1) / 2;
  facts.servers = static_cast<std::uint32_t>(std::popcount(raw.served_set));
  if (facts.requests != 0) facts.served_by = raw.top_id;
  if (raw.enqueued_ns != 0 && raw.found == 0) facts.accept_wait = to_duration(raw.accepted_ns - raw.enqueued_ns);
}

HandedOver to_handed_over(const wire::handed_over& raw) {
  return {raw.connections, to_duration(raw.sum_ns), raw.bytes};
}

}  // namespace

wire::ip_address to_wire_address(const IpAddress& address) {
  wire::ip_address raw{};
  std::ranges::copy(address.bytes, std::begin(raw.bytes));
  return raw;
}

ServiceKey to_service_key(const wire::service_key& key) { return {{to_address(key.address), key.port}, key.netns}; }

WorkerKey to_worker_key(const wire::worker_key& key) {
  return {key.tgid, key.tid, static_cast<std::int64_t>(key.start_ns)};
}

ClosedConnection to_closed_connection(const wire::closed_connection& record) {
  ClosedConnection closed;
  fill(closed, record.sock, record);
  closed.closed_at = to_time(record.closed_ns);
  closed.reason = to_reason(record.reason);
  closed.closer_pid = record.closer_tgid;
  return closed;
}

OpenConnection to_open_connection(std::uint64_t sock, const wire::connection& connection, std::uint32_t last_walk) {
  OpenConnection open;
  fill(open, sock, connection);
  open.active = connection.active != 0;
  open.unread_bytes = connection.unread_bytes;
  const bool in_flight = connection.turns % 2 != 0;
  open.waiting_request = connection.unread_bytes != 0 && !in_flight && connection.fin_sent == 0;
  if (open.waiting_request && connection.ready_ns != 0) open.ready_at = to_time(connection.ready_ns);
  const std::uint64_t moved_ns = std::max({connection.read_ns, connection.wrote_ns, connection.ready_ns});
  if (moved_ns != 0) open.moved_at = to_time(moved_ns);
  if (connection.server_id != 0) open.last_server = connection.server_id;
  // Only a walk that began after the accept counts, and the owner may hold a file descriptor as well: the walk under
  // way may have reached one of them.
  if (connection.other_walk >= last_walk && connection.owner_walk < last_walk && connection.other_walk != 0)
    open.held_by = WorkerKey{connection.other_tgid, 0, static_cast<std::int64_t>(connection.other_start_ns)};
  return open;
}

QueuedConnection to_queued_connection(const wire::connection& connection) {
  return {to_service_key(connection.worker.service), to_time(connection.enqueued_ns), connection.queue_depth};
}

void add_listener(std::vector<Listeners>& services, const wire::listener& raw, std::vector<std::uint32_t> holders) {
  const ServiceKey key = to_service_key(raw.service);
  auto service = std::find_if(services.begin(), services.end(), [&](const Listeners& l) { return l.service == key; });
  if (service == services.end()) {
    service = services.insert(services.end(), Listeners{});
    service->service = key;
  }
  ListeningSocket socket;
  socket.inode = raw.inode;
  socket.holders = std::move(holders);
  socket.depth = raw.depth;
  socket.depth_max = raw.depth_max;
  if (raw.head_ns != 0) socket.head_since = to_time(raw.head_ns);
  if (raw.head_seen_ns != 0) socket.head_seen = to_time(raw.head_seen_ns);
  socket.drops.all = raw.drops - raw.drops_before;
  if (raw.defers != 0) socket.drops.deferring = socket.drops.all;
  socket.never_accepted = raw.never_accepted;
  if (raw.closed != 0) return service->closed.push_back(std::move(socket));
  ++service->sockets;
  service->backlog = std::max(service->backlog, raw.backlog);
  service->reuseport = service->reuseport || raw.reuseport != 0;
  service->queue_depth += raw.depth;
  service->drops += socket.drops;
  service->open.push_back(std::move(socket));
}

ProcessInfo to_exit(const wire::life_key& key, std::uint64_t exited_ns) {
  ProcessInfo process;
  process.worker = {key.tgid, key.tid, static_cast<std::int64_t>(key.start_ns)};
  process.exited = true;
  process.exited_at = to_time(exited_ns);
  return process;
}

OutsideText to_comm(const char (&comm)[16]) { return std::string(comm, strnlen(comm, sizeof comm)); }

Holder to_holder(const wire::descriptor& raw) {
  Holder holder;
  holder.service = to_service_key(raw.service);
  holder.worker = {raw.tgid, 0, static_cast<std::int64_t>(raw.start_ns)};
  holder.comm = to_comm(raw.comm);
  holder.ns_pid = raw.ns_pid;
  holder.parent_pid = raw.parent_tgid;
  return holder;
}

static_assert(static_cast<int>(WaitWay::epoll) == wire::WAIT_EPOLL);
static_assert(static_cast<int>(WaitWay::call) == wire::WAIT_CALL);
static_assert(static_cast<int>(WaitWay::poll) == wire::WAIT_POLL);
static_assert(static_cast<int>(WaitWay::uring) == wire::WAIT_URING);
static_assert(static_cast<int>(WaitWay::rest) == wire::WAIT_REST);

QueueEntry to_queue_entry(const wire::waiter& raw) {
  QueueEntry entry;
  entry.object = raw.object;
  entry.way = raw.way <= wire::WAIT_REST ? static_cast<WaitWay>(raw.way) : WaitWay::unknown;
  entry.exclusive = raw.exclusive != 0;
  entry.set = raw.set;
  entry.thread.worker = {raw.tgid, raw.tid, static_cast<std::int64_t>(raw.start_ns)};
  entry.thread.comm = to_comm(raw.comm);
  return entry;
}

WorkerCounters to_worker_counters(const wire::worker_key& key, const wire::worker_counters& raw) {
  WorkerCounters counters;
  counters.service = to_service_key(key.service);
  counters.worker = to_worker_key(key);
  counters.comm = to_comm(raw.comm);
  counters.ns_pid = raw.ns_pid;
  counters.counts.accepts = raw.accepts;
  counters.untracked = raw.untracked;
  counters.counts.closes = raw.closes;
  counters.counts.preexisting = raw.preexisting;
  counters.counts.preexisting_closes = raw.preexisting_closes;
  counters.preexisting_time = to_duration(raw.preexisting_sum_ns);
  counters.counts.bytes_received = raw.bytes_received;
  counters.counts.bytes_sent = raw.bytes_sent;
  counters.counts.peak_open = raw.peak_open;
  counters.given = to_handed_over(raw.given);
  counters.taken = to_handed_over(raw.taken);
  std::copy(std::begin(raw.close_reasons), std::end(raw.close_reasons), counters.close_reasons.begin());
  counters.lifetime = Histogram(raw.lifetime, to_duration(raw.lifetime_sum_ns), to_duration(raw.lifetime_max_ns));
  counters.wait = Histogram(raw.wait, to_duration(raw.wait_sum_ns), to_duration(raw.wait_max_ns));
  return counters;
}

namespace {

/// `differences` is modulo 2^32. A bucket below zero was read while a request was answered and became complete.
wire::histogram sum_of(const wire::histogram& counts, const wire::histogram& differences) {
  wire::histogram sum = counts;
  for (std::size_t i = 0; i < std::size(sum.count); ++i) {
    sum.count[i] += differences.count[i];
    if (static_cast<std::int32_t>(sum.count[i]) < 0) sum.count[i] = 0;
  }
  return sum;
}

}  // namespace

RequestLoad to_request_load(const wire::request_load& raw, MonotonicTime now) {
  RequestLoad load;
  load.count = raw.turns >> IN_FLIGHT_BITS;
  load.in_flight = raw.turns & IN_FLIGHT_MASK;
  load.in_flight_peak = raw.in_flight_peak;
  load.aborted = raw.aborted;
  load.busy = to_duration(raw.busy_ns + (load.in_flight != 0 ? static_cast<std::uint64_t>(now.ns) : 0));
  return load;
}

RequestLoad to_ownerless_load(const wire::request_load& raw) {
  RequestLoad load;
  load.count = raw.ownerless_turns >> IN_FLIGHT_BITS;
  load.in_flight = raw.ownerless_turns & IN_FLIGHT_MASK;
  load.aborted = raw.ownerless_aborted;
  return load;
}

RequestCounters to_request_counters(const wire::request_counters& raw, MonotonicTime now) {
  RequestCounters counters;
  counters.load = to_request_load(raw.load, now);
  counters.response = Histogram(raw.response, to_duration(raw.response_sum_ns), to_duration(raw.response_max_ns));
  counters.complete =
      Histogram(sum_of(raw.response, raw.complete), to_duration(raw.response_sum_ns + raw.complete_sum_ns),
                to_duration(std::max(raw.response_max_ns, raw.complete_max_ns)));
  counters.unread_wait = Histogram(raw.unread, to_duration(raw.unread_sum_ns), to_duration(raw.unread_max_ns));
  return counters;
}

ServiceCounters to_service_counters(const wire::service_key& key, const wire::service_counters& raw) {
  ServiceCounters counters;
  counters.service = to_service_key(key);
  counters.listener_known = raw.listener_known != 0;
  counters.counts.accepts = raw.accepts;
  counters.counts.closes = raw.closes;
  counters.counts.preexisting = raw.preexisting;
  counters.counts.preexisting_closes = raw.preexisting_closes;
  counters.unattributed_open = raw.unattributed_open;
  counters.ownerless.accepts = raw.ownerless_accepts;
  counters.ownerless.closes = raw.ownerless_closes;
  counters.ownerless.preexisting = raw.ownerless_preexisting;
  counters.ownerless.preexisting_closes = raw.ownerless_preexisting_closes;
  counters.never_accepted = raw.never_accepted;
  counters.never_accepted_wait_max = to_duration(raw.never_accepted_max_ns);
  counters.closed_drops = {raw.closed_drops, raw.closed_drops_deferring};
  counters.counts.peak_open = raw.peak_open;
  counters.queue_depth_max = raw.depth_max;
  if (raw.backlog != 0) counters.backlog = raw.backlog;
  counters.reuseport = raw.reuseport != 0;
  return counters;
}

}  // namespace acceptscope
