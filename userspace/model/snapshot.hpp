// SPDX-License-Identifier: BSD-2-Clause
/// The immutable picture that every view renders: contract "JSON dump, schema_version 1", field for field. A dump
/// read back becomes the same structure. Durations are Nanoseconds (seconds in JSON), instants are Instant (RFC 3339
/// in JSON), unknown is std::nullopt (null in JSON). Members marked [live] are not part of the dump.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/records.hpp"

namespace acceptscope {

struct ToolInfo {
  std::string name = "acceptscope";
  std::string version;
  bool operator==(const ToolInfo&) const = default;
};

struct HostInfo {
  std::string hostname;
  std::string kernel;
  std::uint32_t cpus = 0;
  bool operator==(const HostInfo&) const = default;
};

/// The selection in force; empty lists select everything.
struct Filters {
  std::vector<std::string> ports;  ///< as typed: "8000", "8000-8010"
  std::vector<std::string> addresses;
  std::vector<std::uint32_t> pids;
  std::vector<std::string> comms;
  std::vector<std::string> cgroups;
  bool operator==(const Filters&) const = default;
};

struct CommandInfo {
  std::vector<std::string> argv;
  std::optional<int> exit_status;  ///< 128 + signal number when killed; empty while it runs
  bool operator==(const CommandInfo&) const = default;
};

enum class EndReason : std::uint8_t { duration, signal, command };

/// A backend that --backend auto tried before the one that ran.
struct BackendRefusal {
  std::string backend;
  std::string reason;  ///< in a few words, such as the system's error text
  std::string detail;  ///< the whole message
  bool operator==(const BackendRefusal&) const = default;
};

struct RunInfo {
  Instant started_at;
  Instant ended_at;
  Nanoseconds duration{0};
  std::optional<EndReason> end_reason;  ///< empty while running
  std::string backend;
  std::vector<BackendRefusal> backends_refused;
  Nanoseconds interval{0};
  Nanoseconds window{0};
  std::string by;  ///< "process" or "thread"
  Filters filters;
  std::optional<CommandInfo> command;
  bool operator==(const RunInfo&) const = default;
};

struct Totals {
  std::uint64_t accepts = 0;
  std::uint64_t closes = 0;
  std::uint64_t open = 0;
  std::uint64_t never_accepted = 0;
  bool operator==(const Totals&) const = default;
};

/// Lifetimes of closed connections; the open ones stand beside them, right-censored, never averaged in.
struct LifetimeStats {
  std::uint64_t closed = 0;
  std::uint64_t open = 0;
  std::optional<Nanoseconds> mean, p50, p90, p95, p99, max;
  std::optional<Nanoseconds> open_age_p50, open_age_max;
  std::vector<HistogramBucket> buckets;
  bool operator==(const LifetimeStats&) const = default;
};

/// Accept waits of the accepts whose enqueue was seen.
struct WaitStats {
  std::uint64_t count = 0;
  std::optional<Nanoseconds> mean, p50, p90, p95, p99, max;
  std::vector<HistogramBucket> buckets;
  bool operator==(const WaitStats&) const = default;
};

struct CloseReasonCounts {
  std::uint64_t local = 0, peer = 0, reset = 0, worker_exit = 0, unknown = 0;
  bool operator==(const CloseReasonCounts&) const = default;
};

struct AcceptQueue {
  std::uint64_t depth_max = 0;
  bool operator==(const AcceptQueue&) const = default;
};

struct WorkerRow {
  std::uint32_t pid = 0;
  std::optional<std::uint32_t> tid;
  std::optional<std::uint32_t> ns_pid;
  std::optional<Instant> start_time;
  std::string comm;                    ///< raw: escape before printing
  std::optional<std::string> cmdline;  ///< raw
  std::optional<std::string> cgroup;   ///< raw
  bool exited = false;
  std::uint64_t accepts = 0;
  std::uint64_t closes = 0;
  std::uint64_t open = 0;
  std::uint64_t peak_open = 0;
  Nanoseconds connection_time{0};  ///< lifetimes of its closed connections + ages of its open ones
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  LifetimeStats lifetime;
  WaitStats accept_wait;
  std::uint64_t recent_accepts = 0;  ///< [live] in the last tick
  bool operator==(const WorkerRow&) const = default;
};

struct ServiceRow {
  Endpoint endpoint;
  std::uint32_t netns = 0;
  std::optional<bool> reuseport;
  std::optional<std::uint32_t> backlog;
  std::uint64_t accepts = 0;
  std::uint64_t closes = 0;
  std::uint64_t open = 0;
  std::uint64_t peak_open = 0;
  std::uint64_t never_accepted = 0;
  LifetimeStats lifetime;
  WaitStats accept_wait;
  AcceptQueue accept_queue;
  CloseReasonCounts close_reasons;
  std::vector<WorkerRow> workers;    ///< most accepts first, then by pid
  std::uint64_t recent_accepts = 0;  ///< [live] in the last tick
  bool operator==(const ServiceRow&) const = default;
};

struct ConnectionRow {
  std::uint64_t id = 0;       ///< 1, 2, ... in the order of the accepts
  std::uint32_t service = 0;  ///< index into services
  std::uint32_t pid = 0;
  std::uint32_t tid = 0;      ///< the accepting thread
  std::optional<std::string> comm;  ///< raw; empty when its worker is not in the worker map
  Endpoint local;
  Endpoint peer;
  std::optional<Instant> accepted_at;
  std::optional<Nanoseconds> accept_wait;
  std::optional<Instant> closed_at;
  std::optional<Nanoseconds> lifetime;
  std::optional<Nanoseconds> age_min;  ///< open connections
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::optional<CloseReason> close_reason;
  std::optional<std::uint32_t> closed_by_pid;
  bool operator==(const ConnectionRow&) const = default;
};

/// Kernel totals against records; `broken` names what does not add up, one sentence each; empty when all is well.
struct Consistency {
  std::uint64_t records_seen = 0;
  std::uint64_t records_lost = 0;
  std::vector<std::string> broken;
  bool operator==(const Consistency&) const = default;
};

struct Snapshot {
  std::uint32_t schema_version = 1;
  ToolInfo tool;
  HostInfo host;
  RunInfo run;
  Totals totals;
  Losses losses;
  Consistency consistency;
  Overhead overhead;
  std::vector<ServiceRow> services;  ///< most accepts first, then by endpoint
  std::vector<ConnectionRow> connections;
  std::uint64_t connections_omitted = 0;
  Nanoseconds recent_interval{0};  ///< [live] length of the last tick, for rates from recent_accepts
  bool operator==(const Snapshot&) const = default;
};

}  // namespace acceptscope
