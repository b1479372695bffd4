// SPDX-License-Identifier: BSD-2-Clause
/// Plain records that the capture side passes to the model. No kernel types, no libbpf, no clock.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/address.hpp"
#include "model/connection_counts.hpp"
#include "model/histogram.hpp"
#include "model/losses.hpp"
#include "model/request_counts.hpp"
#include "util/clock.hpp"

namespace acceptscope {

/// A service: network namespace (inode number) and the listening socket's address.
struct ServiceKey {
  Endpoint endpoint;
  std::uint32_t netns = 0;
  auto operator<=>(const ServiceKey&) const = default;
};

/// A process, or with --by thread a thread; the start time distinguishes processes that reuse a pid.
struct WorkerKey {
  std::uint32_t pid = 0;      ///< tgid in the initial pid namespace
  std::uint32_t tid = 0;      ///< 0 unless workers are threads
  std::int64_t start_ns = 0;  ///< CLOCK_BOOTTIME
  auto operator<=>(const WorkerKey&) const = default;
};

/// The unit that counts as a worker: --by.
enum class WorkerUnit : std::uint8_t { process, thread };

/// Same order and values as wire::close_reason.
enum class CloseReason : std::uint8_t { unknown, local, peer, reset, worker_exit };
inline constexpr std::size_t kCloseReasons = 5;

/// The common part of open and closed connections.
struct ConnectionFacts {
  std::uint64_t sock = 0;  ///< together with accepted_at the identity; 0 in dumps read back
  ServiceKey service;
  WorkerKey worker;
  std::uint32_t accept_tid = 0;
  Endpoint local;
  Endpoint peer;
  MonotonicTime accepted_at;  ///< if pre-existing, the time it was found: ages and lifetimes are then "at least"
  bool preexisting = false;  ///< open when tracing began; `worker` held its file descriptor then, bytes count from then
  std::optional<Nanoseconds> accept_wait;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint32_t requests = 0;              ///< that began on it while tracing
  std::optional<std::uint32_t> served_by;  ///< pid (--by thread: tid) that served most of them, if one served over half
  std::uint32_t servers = 0;               ///< workers that served at least one; exact up to 64 workers
};

struct ClosedConnection : ConnectionFacts {
  MonotonicTime closed_at;
  CloseReason reason = CloseReason::unknown;
  std::uint32_t closer_pid = 0;
  [[nodiscard]] Nanoseconds lifetime() const { return closed_at - accepted_at; }
};

struct OpenConnection : ConnectionFacts {
  bool active = false;               ///< bytes were received or sent since the tick before
  std::uint64_t unread_bytes = 0;    ///< received and acknowledged by the kernel, not yet read by the application
  std::optional<WorkerKey> held_by;  ///< the other process that is the only holder: handed over; tid is 0
};

/// Kernel totals of one worker on one service, since tracing began.
struct WorkerCounters {
  ServiceKey service;
  WorkerKey worker;
  std::string comm;  ///< raw bytes from the kernel: untrusted until escaped
  std::uint32_t ns_pid = 0;
  ConnectionCounts counts;      ///< bytes are of closed connections only
  std::uint64_t untracked = 0;  ///< of counts.connections(): the connection map was full
  Nanoseconds preexisting_time{
      0};  ///< from when they were found to their closes; closed ones only, counted in the kernel
  std::array<std::uint64_t, kCloseReasons> close_reasons{};
  Histogram lifetime;  ///< without pre-existing ones, whose lifetimes are unknown
  Histogram wait;
  std::optional<RequestCounters> requests;  ///< empty: not counted
};

/// Kernel totals of one service, since tracing began.
struct ServiceCounters {
  ServiceKey service;
  bool listener_known = true;  ///< false: `service` is the connection's own local address
  ConnectionCounts counts;     ///< without bytes, which the kernel counts by worker
  std::uint64_t never_accepted = 0;
  std::uint64_t queue_depth_max = 0;
  std::optional<std::uint32_t> backlog;
  bool reuseport = false;
  std::optional<RequestLoad> requests;  ///< empty: not counted
};

/// Facts about a process beyond the kernel's counters; read once per worker and refreshed while it is alive.
struct ProcessInfo {
  WorkerKey worker;
  std::optional<std::string> cmdline;  ///< arguments joined by spaces; raw
  std::optional<std::string> cgroup;   ///< cgroup v2 path; raw
  bool exited = false;
};

/// A process that holds a listening socket: roll call. One per service and process, for any number of file descriptors.
struct Holder {
  ServiceKey service;
  WorkerKey worker;  ///< tid 0, also with --by thread
  std::string comm;  ///< raw
  std::uint32_t ns_pid = 0;
  std::uint32_t parent_pid = 0;   ///< initial pid namespace
  std::optional<bool> polls;      ///< the socket is in one of its epoll sets; empty: not readable in /proc
  std::optional<bool> exclusive;  ///< with EPOLLEXCLUSIVE; empty unless it polls
};

/// The listening sockets of one service at a tick.
struct Listeners {
  ServiceKey service;
  std::uint32_t sockets = 0;  ///< listening sockets on this address
  std::uint32_t backlog = 0;  ///< of the largest
  bool reuseport = false;
  std::uint32_t queue_depth = 0;  ///< connections waiting now, all sockets
  std::uint64_t overflows =
      0;  ///< connection attempts that these sockets dropped since tracing began, mostly full queues (sk_drops)
};

/// Cost of the tool itself, since tracing began.
struct Overhead {
  std::optional<double> bpf_ns_per_accept;  ///< every program on the way to an accept, per accept; sampled
  std::optional<double> bpf_ns_per_close;
  double cpu_seconds_user = 0;
  double cpu_seconds_system = 0;
  std::uint64_t max_rss_bytes = 0;
  bool operator==(const Overhead&) const = default;
};

/// The kernel's state at one tick.
struct Tick {
  MonotonicTime at;
  std::vector<ServiceCounters> services;
  std::vector<WorkerCounters> workers;
  std::vector<OpenConnection> open;
  std::vector<Listeners> listeners;    ///< all of the selection; a service without a listening socket is not listed
  std::vector<Holder> holders;         ///< all of the selection
  std::vector<ProcessInfo> processes;  ///< of workers and holders that are new or changed
  Losses losses;
  Overhead overhead;
};

}  // namespace acceptscope
