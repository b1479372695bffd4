// SPDX-License-Identifier: BSD-2-Clause
/// Synthetic records for the model's tests: closed_connection().by(worker(7)).on(service("127.0.0.1:8000"))
/// .accepted_at(1s).closed_at(3s). Times are counted from the start of tracing.
#pragma once

#include <charconv>
#include <chrono>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/run.hpp"

namespace acceptscope::testing {

using namespace std::chrono_literals;

/// A machine that booted 1000 s ago and slept 50 s of it, as tracing began: 2025-01-01T00:00:00Z.
inline constexpr MonotonicTime kStart{1'000'000'000'000};
inline constexpr Instant kStartedAt{1'735'689'600'000'000'000};
inline constexpr ClockBase kClock{kStart, kStartedAt, 50'000'000'000};

/// The sentences of a finding, for matchers of strings.
inline std::vector<std::string> raw(const std::vector<OutsideText>& texts) {
  std::vector<std::string> strings;
  for (const OutsideText& text : texts) strings.push_back(text.raw());
  return strings;
}

/// "10.0.0.1" or "::1".
inline IpAddress address(std::string_view text) {
  const auto parsed = IpAddress::parse(text);
  if (!parsed) throw std::invalid_argument(parsed.error().message().raw());
  return *parsed;
}

/// "10.0.0.1:80" or "[::1]:80".
inline Endpoint endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  Endpoint result{address(host), 0};
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), result.port);
  return result;
}

inline ServiceKey service(std::string_view text = "127.0.0.1:8000", std::uint32_t netns = 4026531840) {
  return {endpoint(text), netns};
}

/// A process; with another `start` it is a different process with the same pid.
inline WorkerKey worker(std::uint32_t pid, Nanoseconds start = 900s) { return {pid, 0, start.count()}; }
inline WorkerKey thread(std::uint32_t pid, std::uint32_t tid, Nanoseconds start = 900s) {
  return {pid, tid, start.count()};
}

/// The setters shared by open and closed connections.
template <class Self, class Record>
class ConnectionBuilder {
 public:
  ConnectionBuilder() {
    on(service());
    by(worker(1));
    record_.peer = endpoint("127.0.0.1:50000");
    accepted_at(0s);
  }
  Self& on(const ServiceKey& key) { return record_.service = key, record_.local = key.endpoint, self(); }
  Self& by(const WorkerKey& key) {
    return record_.worker = key, record_.accept_tid = key.tid != 0 ? key.tid : key.pid, self();
  }
  Self& from(std::string_view peer) { return record_.peer = endpoint(peer), self(); }
  Self& to(std::string_view local) { return record_.local = endpoint(local), self(); }
  Self& accepted_at(Nanoseconds since_start) { return record_.accepted_at = kStart + since_start, self(); }
  /// Open already when tracing began; found `since_start`.
  Self& found_at(Nanoseconds since_start = 0s) { return record_.preexisting = true, accepted_at(since_start); }
  Self& waited(Nanoseconds wait) { return record_.accept_wait = wait, self(); }
  Self& bytes(std::uint64_t received, std::uint64_t sent) {
    return record_.bytes_received = received, record_.bytes_sent = sent, self();
  }
  /// Most of the `requests` by process `by`.
  Self& served(std::uint32_t requests, std::uint32_t by, std::uint32_t servers) {
    return record_.requests = requests, record_.served_by = by, record_.servers = servers, self();
  }
  operator Record() const { return record_; }  // NOLINT: a builder is what it builds

 protected:
  Self& self() { return static_cast<Self&>(*this); }
  Record record_;
};

class ClosedConnectionBuilder : public ConnectionBuilder<ClosedConnectionBuilder, ClosedConnection> {
 public:
  ClosedConnectionBuilder() { closed_at(1s); }
  ClosedConnectionBuilder& closed_at(Nanoseconds since_start) {
    return record_.closed_at = kStart + since_start, *this;
  }
  ClosedConnectionBuilder& because(CloseReason reason) { return record_.reason = reason, *this; }
  ClosedConnectionBuilder& closed_by(std::uint32_t pid) { return record_.closer_pid = pid, *this; }
};
class OpenConnectionBuilder : public ConnectionBuilder<OpenConnectionBuilder, OpenConnection> {
 public:
  OpenConnectionBuilder& active() { return record_.active = true, *this; }
  OpenConnectionBuilder& unread(std::uint64_t bytes) { return record_.unread_bytes = bytes, *this; }
  /// A request lies unread, since this time if that is known.
  OpenConnectionBuilder& waiting(std::optional<Nanoseconds> since = {}) {
    record_.waiting_request = true;
    if (since) record_.ready_at = kStart + *since;
    return unread(80);
  }
  OpenConnectionBuilder& moved_at(Nanoseconds since_start) { return record_.moved_at = kStart + since_start, *this; }
  OpenConnectionBuilder& served_by(std::uint32_t pid) { return record_.served_by = pid, *this; }
  OpenConnectionBuilder& held_by(const WorkerKey& key) { return record_.held_by = key, *this; }
};

inline ClosedConnectionBuilder closed_connection() { return {}; }
inline OpenConnectionBuilder open_connection() { return {}; }

class WorkerCountersBuilder {
 public:
  explicit WorkerCountersBuilder(const WorkerKey& key) { counters_.worker = key, counters_.service = service(); }
  WorkerCountersBuilder& on(const ServiceKey& key) { return counters_.service = key, *this; }
  WorkerCountersBuilder& named(std::string comm) { return counters_.comm = std::move(comm), *this; }
  WorkerCountersBuilder& accepts(std::uint64_t count) { return counters_.counts.accepts = count, *this; }
  WorkerCountersBuilder& untracked(std::uint64_t count) { return counters_.untracked = count, *this; }
  WorkerCountersBuilder& preexisting(std::uint64_t count) { return counters_.counts.preexisting = count, *this; }
  /// Each is the time from finding a pre-existing connection to its close.
  WorkerCountersBuilder& preexisting_closed_after(std::initializer_list<Nanoseconds> times) {
    for (const Nanoseconds time : times) ++counters_.counts.preexisting_closes, counters_.preexisting_time += time;
    return *this;
  }
  WorkerCountersBuilder& peak(std::uint64_t count) { return counters_.counts.peak_open = count, *this; }
  WorkerCountersBuilder& bytes(std::uint64_t received, std::uint64_t sent) {
    return counters_.counts.bytes_received = received, counters_.counts.bytes_sent = sent, *this;
  }
  /// Each adds one close with that lifetime.
  WorkerCountersBuilder& closed_after(std::initializer_list<Nanoseconds> lifetimes,
                                      CloseReason reason = CloseReason::peer) {
    for (const Nanoseconds lifetime : lifetimes) {
      counters_.lifetime.add(lifetime);
      ++counters_.counts.closes;
      ++counters_.close_reasons[static_cast<std::size_t>(reason)];
    }
    return *this;
  }
  WorkerCountersBuilder& waited(std::initializer_list<Nanoseconds> waits) {
    for (const Nanoseconds wait : waits) counters_.wait.add(wait);
    return *this;
  }
  WorkerCountersBuilder& requests(std::uint64_t count, std::uint64_t in_flight = 0, Nanoseconds busy = 0s) {
    return counters_.requests.emplace().load = {count, in_flight, in_flight, 0, busy}, *this;
  }
  WorkerCountersBuilder& ns_pid(std::uint32_t pid) { return counters_.ns_pid = pid, *this; }
  operator WorkerCounters() const { return counters_; }  // NOLINT

 private:
  WorkerCounters counters_;
};
inline WorkerCountersBuilder counters_of(const WorkerKey& key) { return WorkerCountersBuilder(key); }

class ServiceCountersBuilder {
 public:
  explicit ServiceCountersBuilder(const ServiceKey& key) { counters_.service = key; }
  ServiceCountersBuilder& accepts(std::uint64_t count) { return counters_.counts.accepts = count, *this; }
  ServiceCountersBuilder& closes(std::uint64_t count) { return counters_.counts.closes = count, *this; }
  ServiceCountersBuilder& preexisting(std::uint64_t count, std::uint64_t closes = 0) {
    return counters_.counts.preexisting = count, counters_.counts.preexisting_closes = closes, *this;
  }
  ServiceCountersBuilder& never_accepted(std::uint64_t count, Nanoseconds longest_wait = {}) {
    return counters_.never_accepted = count, counters_.never_accepted_wait_max = longest_wait, *this;
  }
  ServiceCountersBuilder& peak(std::uint64_t count) { return counters_.counts.peak_open = count, *this; }
  ServiceCountersBuilder& queue(std::uint64_t depth_max, std::uint32_t backlog) {
    return counters_.queue_depth_max = depth_max, counters_.backlog = backlog, *this;
  }
  ServiceCountersBuilder& reuseport() { return counters_.reuseport = true, *this; }
  ServiceCountersBuilder& requests(const RequestLoad& load, const RequestLoad& ownerless) {
    return counters_.requests = load, counters_.ownerless_requests = ownerless, *this;
  }
  ServiceCountersBuilder& without_listener() { return counters_.listener_known = false, *this; }
  operator ServiceCounters() const { return counters_; }  // NOLINT

 private:
  ServiceCounters counters_;
};
inline ServiceCountersBuilder counters_of(const ServiceKey& key) { return ServiceCountersBuilder(key); }

class HolderBuilder {
 public:
  explicit HolderBuilder(const WorkerKey& key) { holder_.worker = key, holder_.service = service(); }
  HolderBuilder& on(const ServiceKey& key) { return holder_.service = key, *this; }
  HolderBuilder& named(std::string comm) { return holder_.comm = std::move(comm), *this; }
  HolderBuilder& child_of(std::uint32_t pid) { return holder_.parent_pid = pid, *this; }
  HolderBuilder& waiting(bool waits, std::optional<bool> exclusive = {}) {
    return holder_.waits = waits, holder_.exclusive = exclusive, *this;
  }
  HolderBuilder& blocking() { return holder_.waits = holder_.blocks = true, *this; }
  HolderBuilder& with_threads(std::initializer_list<std::uint32_t> tids) {
    holder_.waits = true;
    for (const std::uint32_t tid : tids) holder_.threads.push_back({thread(holder_.worker.pid, tid), "pool"});
    return *this;
  }
  operator Holder() const { return holder_; }  // NOLINT

 private:
  Holder holder_;
};
inline HolderBuilder holder(const WorkerKey& key) { return HolderBuilder(key); }

/// Entered an accept queue `since_start`.
inline QueuedConnection queued(Nanoseconds since_start, const ServiceKey& key = service()) {
  return {key, kStart + since_start, 0};
}

inline Listeners listeners(std::uint32_t sockets, const ServiceKey& key = service()) {
  Listeners result;
  result.service = key;
  result.sockets = sockets;
  result.backlog = 128;
  return result;
}

class TickBuilder {
 public:
  explicit TickBuilder(Nanoseconds since_start) { tick_.at = kStart + since_start; }
  TickBuilder& with(ServiceCounters counters) { return tick_.services.push_back(std::move(counters)), *this; }
  TickBuilder& with(WorkerCounters counters) { return tick_.workers.push_back(std::move(counters)), *this; }
  TickBuilder& with(OpenConnection connection) { return tick_.open.push_back(connection), *this; }
  TickBuilder& with(Listeners listeners) { return tick_.listeners.push_back(listeners), *this; }
  TickBuilder& with(const QueuedConnection& queued) { return tick_.queued.push_back(queued), *this; }
  TickBuilder& counted_in_namespace(std::uint32_t netns, const NamespaceDrops& drops) {
    return tick_.namespace_drops[netns] = drops, *this;
  }
  TickBuilder& with(Holder holder) { return tick_.look.holders.push_back(std::move(holder)), *this; }
  TickBuilder& with(ProcessInfo process) { return tick_.processes.push_back(std::move(process)), *this; }
  TickBuilder& with(WokenFirst first) { return tick_.look.woken_first.push_back(first), *this; }
  /// The look was taken at `since_start`, not before everything.
  TickBuilder& looked(std::uint32_t number, Nanoseconds since_start) {
    return tick_.look.number = number, tick_.look.at = kStart + since_start, *this;
  }
  TickBuilder& with_cpu(const WorkerKey& key, Nanoseconds used) {
    return tick_.cpu.push_back({key, used, tick_.at}), *this;
  }
  TickBuilder& losing(const Losses& losses) { return tick_.losses = losses, *this; }
  /// Counts every worker's accepts and closes again as counters of its service.
  TickBuilder& with_service_totals() {
    std::map<ServiceKey, ServiceCounters> totals;
    for (const WorkerCounters& counters : tick_.workers) {
      ServiceCounters& total = totals[counters.service];
      total.service = counters.service;
      total.counts += counters.counts;
    }
    for (auto& [key, total] : totals) tick_.services.push_back(total);
    return *this;
  }
  /// The services' counters were read when they had gone on, after the workers'.
  TickBuilder& with_services_ahead() { return services_ahead_ = true, *this; }
  operator Tick() const {  // NOLINT
    Tick tick = tick_;
    if (services_ahead_) return tick;
    // What the workers do not have has no worker's counters.
    for (ServiceCounters& service : tick.services) {
      service.ownerless = service.counts;
      for (const WorkerCounters& worker : tick.workers)
        if (worker.service == service.service) take_off(service.ownerless, worker.counts);
    }
    return tick;
  }

 private:
  static void take_off(ConnectionCounts& counts, const ConnectionCounts& part) {
    counts.accepts -= std::min(counts.accepts, part.accepts);
    counts.closes -= std::min(counts.closes, part.closes);
    counts.preexisting -= std::min(counts.preexisting, part.preexisting);
    counts.preexisting_closes -= std::min(counts.preexisting_closes, part.preexisting_closes);
    counts.bytes_received = counts.bytes_sent = 0;
  }
  Tick tick_;
  bool services_ahead_ = false;
};
inline TickBuilder tick(Nanoseconds since_start) { return TickBuilder(since_start); }

inline Run run(RunOptions options = {}) { return Run({}, {}, {}, kClock, std::move(options)); }
inline Snapshot finished(const Run& run, Nanoseconds since_start = 10s) {
  return run.finish(kStart + since_start, EndReason::duration);
}

}  // namespace acceptscope::testing
