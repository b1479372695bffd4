// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/capacity.hpp"
#include "model/connection_table.hpp"
#include "model/consistency.hpp"
#include "model/history.hpp"
#include "model/open_connections.hpp"
#include "model/peer_table.hpp"
#include "model/roll_call.hpp"
#include "model/service_activity.hpp"
#include "model/service_resolver.hpp"
#include "model/service_rows.hpp"
#include "model/snapshot.hpp"
#include "model/stalls.hpp"

namespace acceptscope {

/// The filters that the model applies; ports, processes and cgroups are selected in the kernel.
struct RunOptions {
  std::size_t max_connection_rows = kDefaultDumpConnections;
  WorkerUnit by = WorkerUnit::process;
  std::vector<std::string> comms;    ///< globs, fnmatch(3); empty: any
  std::vector<IpAddress> addresses;  ///< of listening sockets; empty: any
  bool requests = false;             ///< requests are counted
  bool show_idle_services = false;   ///< also show services without connections: if the user selected services
};

/// The worker whose open connections a view lists.
struct ListedWorker {
  ServiceKey service;  ///< of its row
  WorkerId worker;
  bool operator==(const ListedWorker&) const = default;
};

/// One traced run: takes records and ticks, returns snapshots. Pure: no clock, no I/O. Its memory grows with the
/// services and workers, which the kernel's maps bound, with the holders at one time (see RollCall), and with
/// max_connection_rows, but neither with the connections nor with time.
///
/// Each turn: drain the ring, then read the kernel's counters into a Tick; apply(Tick), then apply() and row_of() for
/// the drained records, because the tick brings the names of their workers. In the last turn, the programs must have
/// stopped before the drain: finish() then compares all counters exactly.
class Run {
 public:
  /// `info` as of the start; if `info.started_at` is zero, the run starts at the moment of `clock`, or at start().
  Run(RunInfo info, ToolInfo tool, HostInfo host, ClockBase clock, RunOptions options = {});

  /// Counting began at `at`. Before any record.
  void start(MonotonicTime at);
  static constexpr std::size_t kMostListed = 2'000;

  void apply(const ClosedConnection& connection);
  void apply(Tick tick);

  /// From the next tick on, snapshot() lists the open connections of this worker; empty: of none.
  void list_open_of(std::optional<ListedWorker> worker);

  /// The picture at the last tick, without timelines, and without single connections except those of list_open_of():
  /// the longest open ones, at most kMostListed; more are counted in `connections_omitted`.
  [[nodiscard]] Snapshot snapshot() const;
  /// The picture at the last tick with connections[] and timelines: a dump of a run that goes on, without end_reason.
  [[nodiscard]] Snapshot interim() const;
  /// The closing picture with connections[] and timelines; `command_status` is the exit status of the run's command, if
  /// it has one. Ages of open connections are as of the last tick.
  [[nodiscard]] Snapshot finish(MonotonicTime end, EndReason reason, std::optional<int> command_status = {}) const;

  /// The listener that a connection came through, if known.
  [[nodiscard]] ServiceKey service_of(const ConnectionFacts& connection) const;
  /// A line for --log; empty if the connection is filtered out. Its `id` and `service` are 0: they number the rows of a
  /// finished dump.
  [[nodiscard]] std::optional<ConnectionRow> row_of(const ClosedConnection& connection) const;
  /// The same for a connection that is open at `at`.
  [[nodiscard]] std::optional<ConnectionRow> row_of(const OpenConnection& connection, MonotonicTime at) const;

 private:
  [[nodiscard]] bool address_selected(const ServiceKey& resolved) const;
  [[nodiscard]] bool comm_selected(const OutsideText& comm) const;
  [[nodiscard]] bool worker_selected(const Owner& owner) const;
  [[nodiscard]] bool shown(const Owner& owner) const;
  [[nodiscard]] bool selection_is_final(const Owner& owner) const;
  [[nodiscard]] const OutsideText* comm_of(const Owner& owner) const;
  [[nodiscard]] ProcessFacts process_of(const Owner& owner) const;
  [[nodiscard]] ConnectionRow base_row(const ConnectionFacts& connection) const;

  using Servers = std::map<std::pair<ServiceKey, std::uint32_t>, WorkerKey>;
  [[nodiscard]] Servers servers() const;
  [[nodiscard]] std::optional<WorkerKey> holder_of(const OpenConnection& connection, const Servers& servers) const;

  [[nodiscard]] bool pass_milestone(MonotonicTime at);
  void update_counters(Tick& tick, bool is_first);
  void update_processes(std::vector<ProcessInfo>& processes);
  void update_cpu(const std::vector<CpuTime>& times);
  void update_roll_call(Tick& tick);
  void forget_those_gone();
  void forget_processes();
  void update_open(std::vector<OpenConnection> open);
  [[nodiscard]] bool is_listed(const WorkerKey& worker) const;
  void list_open(const std::vector<OpenConnection>& open, const Servers& servers);
  void add_listed(Snapshot& snapshot) const;
  [[nodiscard]] std::optional<Nanoseconds> idle_of(const OpenConnection& connection) const;
  void update_stalls();
  void update_waiting(const Tick& tick);
  void update_activity(MonotonicTime before);
  [[nodiscard]] KernelSums kernel_sums(std::uint64_t open) const;

  [[nodiscard]] std::set<ServiceKey> services_of_comms() const;
  void add_roll_call(ServiceRowsBuilder& builder) const;
  [[nodiscard]] ServiceRows service_rows(Nanoseconds duration) const;
  [[nodiscard]] Snapshot picture(MonotonicTime end, ServiceRows& services) const;
  [[nodiscard]] Snapshot whole_picture(MonotonicTime end) const;
  void add_connections(Snapshot& snapshot, const std::vector<ServiceKey>& services) const;

  RunInfo info_;
  ToolInfo tool_;
  HostInfo host_;
  ClockBase clock_;
  RunOptions options_;

  ServiceResolver resolver_;
  std::map<ServiceKey, ServiceState> services_;  ///< by the kernel's keys, unresolved ones among them
  std::map<Owner, WorkerState> workers_;         ///< by the kernel's keys
  std::map<WorkerKey, ProcessFacts> processes_;
  ConnectionTable table_;
  OpenSummaries open_;
  std::optional<ListedWorker> listed_worker_;
  std::vector<OpenConnection> listed_;  ///< its open connections, at most kMostListed
  std::uint64_t listed_omitted_ = 0;    ///< those that are more
  std::map<ServiceKey, WaitingSummary> waiting_;
  std::map<ServiceKey, QueueLooks> looks_;  ///< of services that still have listening sockets
  static constexpr std::size_t kMostNetnsNames = 4096;
  std::map<std::uint32_t, OutsideText> netns_names_;         ///< also of those that are gone
  std::map<std::uint32_t, NamespaceDrops> namespace_drops_;  ///< the last that could be read
  std::set<std::uint32_t> receivers_;  ///< pids of workers with connections that another process accepted in the run
  RollCall roll_call_;
  std::map<ServiceKey, std::uint64_t> workers_forgotten_;  ///< selected workers only; by service in the roll call
  PeerTable peers_;
  ServiceActivity activity_;
  Stalls stalls_;                 ///< by resolved owners
  mutable FairDraws fair_draws_;  ///< a cache

  MonotonicTime started_;
  MonotonicTime last_tick_;
  MonotonicTime recent_since_;  ///< start of "recent": one milestone ago
  MonotonicTime milestone_;     ///< the last tick that was at least half an interval after the one before it
  Overhead overhead_;
  KernelSums sums_;
  std::vector<OutsideText> broken_;  ///< at the last tick
};

}  // namespace acceptscope
