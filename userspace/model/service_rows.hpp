// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/connection_table.hpp"
#include "model/fair_draws.hpp"
#include "model/open_connections.hpp"
#include "model/roll_call.hpp"
#include "model/slots.hpp"
#include "model/snapshot.hpp"
#include "model/waiting.hpp"

namespace acceptscope {

[[nodiscard]] inline RequestLoad load_of(const ServiceCounters& c) { return c.requests.value_or(RequestLoad{}); }
[[nodiscard]] inline RequestLoad load_of(const WorkerCounters& c) {
  return c.requests ? c.requests->load : RequestLoad{};
}

/// What the rates of the last tick are computed from.
struct Progress {
  std::uint64_t accepts = 0;
  std::uint64_t requests = 0;
  Nanoseconds busy{0};

  /// From `before` to this; nothing of what was read lower than before.
  [[nodiscard]] Progress since(const Progress& before) const {
    const auto grown = [](auto now, auto earlier) {
      return now > earlier ? now - earlier : decltype(now - earlier){0};
    };
    return {grown(accepts, before.accepts), grown(requests, before.requests), grown(busy, before.busy)};
  }
};

/// Kernel counters with their earlier values.
template <class Counters>
struct CounterState {
  Counters now;
  Progress before;     ///< recent() counts from here
  Progress milestone;  ///< and from here after the next milestone
  bool moved = false;  ///< there were accepts, closes or requests since the tick before

  [[nodiscard]] Progress progress() const {
    const RequestLoad load = load_of(now);
    return {now.counts.accepts, load.count, load.busy};
  }
  [[nodiscard]] Progress recent() const { return progress().since(before); }
  /// Begins with what the first look finds: a request that was in flight before is none of the next tick.
  void begin() { before = milestone = {0, load_of(now).in_flight, Nanoseconds{0}}; }
  /// Takes new counters.
  void update(Counters&& counters) {
    const auto events = [](const Counters& c) { return c.counts.connections() + c.counts.closed() + load_of(c).count; };
    moved = events(counters) != events(now);
    now = std::move(counters);
  }
  void pass_milestone() { before = std::exchange(milestone, progress()); }
};
using ServiceState = CounterState<ServiceCounters>;
using WorkerState = CounterState<WorkerCounters>;

/// Ticks at which connections waited, and the sum over them of the workers that had as many connections as ever.
struct QueueLooks {
  std::uint64_t count = 0;
  std::uint64_t occupied = 0;
};

/// CPU time of a process (thread) from the first look at it to the last one.
struct CpuUse {
  Nanoseconds before{0};  ///< that it had used at the first look
  Nanoseconds used{0};    ///< since then
  MonotonicTime at;       ///< of the last look
  double recent = 0;      ///< part of one CPU between the last two looks; above 1 for several threads

  /// Adds a look.
  void look(const CpuTime& now);
};

/// Whether walks of the host's file descriptors visit a process.
enum class Sight : std::uint8_t {
  not_needed,  ///< they visit every process
  none,        ///< it was never among those that they visit
  seen,
};

/// Facts about a process besides its counters.
struct ProcessFacts {
  Sight sight = Sight::not_needed;
  std::optional<CpuUse> cpu;  ///< empty: it was not looked at
  std::optional<OutsideText> cmdline;
  std::optional<OutsideText> cgroup;
  std::optional<OutsideText> container{};
  std::uint32_t proc_pid = 0;    ///< 0: the same as in the kernel, or not known
  std::uint32_t parent_pid = 0;  ///< 0: not known
  bool exited = false;
  bool receives = false;                 ///< holds a connection that another process accepted in the run
  std::optional<MonotonicTime> left_at;  ///< when it exited, or closed the listening socket, if it did
  std::optional<OutsideText> comm{};
};

/// Service rows in their final order, with the keys of the services and of their worker rows.
struct ServiceRows {
  std::vector<ServiceRow> rows;
  std::vector<ServiceKey> keys;
  std::vector<std::vector<WorkerKey>> workers;
};

/// Builds the rows of a snapshot from counters, records, open connections and the roll call. All keys are resolved;
/// additions under the same key are summed up. Add members after all workers.
class ServiceRowsBuilder {
 public:
  /// `run`: from the beginning of the run to now.
  ServiceRowsBuilder(const ClockBase& clock, Stay run, const OpenSummaries& open, const RollCall& roll_call,
                     FairDraws& draws)
      : clock_(clock), run_(run), open_(open), roll_call_(roll_call), draws_(draws) {}

  /// A service that may have no counters of its own.
  void add_service(const ServiceKey& key);
  void add_service(const ServiceKey& key, const ServiceState& state);
  void add_worker(const ServiceKey& key, const WorkerState& state, const OwnerRecords& records,
                  const ProcessFacts& process);
  /// The worker's longest stall; after add_worker().
  void add_stall(const Owner& owner, const Stall& stall);
  /// As of `at`; `in_namespace` as for overflows_of().
  void add_listeners(const Listeners& listeners, const std::optional<NamespaceDrops>& in_namespace, MonotonicTime at);
  void add_waiting(const ServiceKey& key, const WaitingSummary& waiting);
  void add_looks(const ServiceKey& key, const QueueLooks& looks);
  /// A thread of the member that waited for connections gets a row of its own, unless it has one.
  void add_thread(const Member& member, const WaitingThread& thread, const ProcessFacts& process);
  /// Has connections that others accepted. It gets a row of its own unless it has one.
  void add_holder(const Owner& holder, const ProcessFacts& process);
  /// A holder gets a row of its own unless it, or one of its threads, already has a row as a worker.
  void add_member(const Member& member, const ProcessFacts& process);
  /// The number of workers that left without a connection and no longer have a row.
  void add_forgotten(const ServiceKey& key, std::uint64_t workers);
  /// A worker of this service is filtered out: the service's row only counts the others.
  void hide_worker(const ServiceKey& key);

  /// Most connections first, then by endpoint. A service is left out if its workers are all hidden, or if it had no
  /// connection, unless `with_idle`.
  [[nodiscard]] ServiceRows take(bool with_idle) &&;

 private:
  struct Worker {
    WorkerRow row;
    Histogram lifetime;
    Histogram wait;
    std::optional<RequestCounters> requests;
    std::uint64_t untracked = 0;
    Nanoseconds preexisting_time{0};  ///< of closed connections
    std::uint32_t parent_pid = 0;
    bool is_out_of_sight = false;  ///< no walk visits it: what it holds is not known
    bool receives = false;         ///< as in ProcessFacts
    HandedOver given, taken;       ///< of closed connections
  };
  struct Service {
    ServiceRow row;
    std::optional<RequestLoad> requests;
    RequestLoad ownerless_requests;  ///< likewise
    Histogram waiting;               ///< waits so far of the connections in the accept queue
    ListenDrops drops;
    ConnectionCounts ownerless;  ///< in no worker's counters
    std::uint64_t unattributed_open = 0;
    std::optional<NamespaceDrops> in_namespace;
    bool sockets_seen = false;
    bool counted = false;  ///< the kernel has counters of this service
    bool hides_workers = false;
    std::map<WorkerKey, Worker> workers;
  };

  Worker& worker_of(const ServiceKey& service, const WorkerKey& key, const OutsideText& comm, std::uint32_t ns_pid,
                    const ProcessFacts& process);
  void finish_worker(const ServiceKey& key, const WorkerKey& worker_key, Worker& worker) const;
  void decide_roles(const ServiceKey& key, Service& service) const;
  void finish_service(const ServiceKey& key, Service& service, std::vector<WorkerKey>& order);
  void mark_acceptors(Service& service) const;
  void add_fairness(ServiceRow& row);

  ClockBase clock_;
  Stay run_;
  const OpenSummaries& open_;
  const RollCall& roll_call_;
  FairDraws& draws_;
  std::map<ServiceKey, Service> services_;
};

}  // namespace acceptscope
