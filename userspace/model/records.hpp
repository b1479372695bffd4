// SPDX-License-Identifier: BSD-2-Clause
/// Plain records that the capture side passes to the model. No kernel types, no libbpf, no clock.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/address.hpp"
#include "model/connection_counts.hpp"
#include "model/histogram.hpp"
#include "model/losses.hpp"
#include "model/request_counts.hpp"
#include "util/clock.hpp"
#include "util/outside_text.hpp"

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
  std::uint32_t bytes_unacknowledged = 0;  ///< of bytes_sent
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
  bool active = false;             ///< bytes were received or sent since the tick before
  std::uint64_t unread_bytes = 0;  ///< received and acknowledged by the kernel, not yet read by the application
  bool waiting_request = false;    ///< unread bytes, and no request is in flight: the next one waits
  /// When the oldest unread data arrived, if that was seen.
  std::optional<MonotonicTime> ready_at;
  std::optional<WorkerKey> held_by;            ///< the other process that is the only holder: handed over; tid is 0
  std::optional<std::uint32_t> last_server{};  ///< pid (--by thread: tid) that serves its requests; empty: none yet
  /// When its bytes moved last, as far as that is known: the first read or the last write of a request, or the arrival
  /// of unread data.
  std::optional<MonotonicTime> moved_at{};
};

/// Connections that one worker accepted, or held when tracing began, and another one had at the end: who served the
/// last request, or closed it where no request is known. Only closed ones.
struct HandedOver {
  std::uint64_t connections = 0;
  Nanoseconds time{0};  ///< from the accept, or from when they were found, to the close
  std::uint64_t bytes = 0;

  HandedOver& operator+=(const HandedOver& other) {
    connections += other.connections;
    time += other.time;
    bytes += other.bytes;
    return *this;
  }
  bool operator==(const HandedOver&) const = default;
};

/// Kernel totals of one worker on one service, since tracing began.
struct WorkerCounters {
  ServiceKey service;
  WorkerKey worker;
  OutsideText comm;
  std::uint32_t ns_pid = 0;
  ConnectionCounts counts;      ///< bytes are of closed connections only
  std::uint64_t untracked = 0;  ///< of counts.connections(): the connection map was full
  Nanoseconds preexisting_time{
      0};  ///< from when they were found to their closes; closed ones only, counted in the kernel
  std::array<std::uint64_t, kCloseReasons> close_reasons{};
  Histogram lifetime;  ///< without pre-existing ones, whose lifetimes are unknown
  Histogram wait;
  HandedOver given;                         ///< of its connections, to others
  HandedOver taken;                         ///< of others' connections
  std::optional<RequestCounters> requests;  ///< empty: not counted
};

/// What listening sockets dropped since tracing began (sk_drops): queue overflows, and bare ACKs of deferred
/// handshakes, resets and so on, which harm nobody.
struct ListenDrops {
  std::uint64_t all = 0;
  std::uint64_t deferring = 0;  ///< the part of it from sockets with TCP_DEFER_ACCEPT

  ListenDrops& operator+=(const ListenDrops& other) {
    all += other.all;
    deferring += other.deferring;
    return *this;
  }
  bool operator==(const ListenDrops&) const = default;
};

/// Kernel totals of one service, since tracing began.
struct ServiceCounters {
  ServiceKey service;
  bool listener_known = true;           ///< false: `service` is the connection's own local address
  ConnectionCounts counts;              ///< without bytes, which the kernel counts by worker
  ConnectionCounts ownerless;           ///< the part of `counts` that is in no worker's counters
  std::uint64_t unattributed_open = 0;  ///< open connections that nobody is known to have accepted
  std::uint64_t never_accepted = 0;
  Nanoseconds never_accepted_wait_max{0};  ///< the longest wait of these
  std::uint64_t queue_depth_max = 0;
  ListenDrops closed_drops;  ///< of listening sockets that were closed
  std::optional<std::uint32_t> backlog;
  bool reuseport = false;
  std::optional<RequestLoad> requests;  ///< empty: not counted
  RequestLoad ownerless_requests;       ///< the part of it in no worker's counters; without its peak and busy time
};

/// The pids in /proc of the tasks that it shows, by their pids in the initial pid namespace.
using ProcPids = std::unordered_map<std::uint32_t, std::uint32_t>;

/// Facts about a process beyond the kernel's counters; read once per worker and refreshed while it is alive.
struct ProcessInfo {
  WorkerKey worker;
  std::optional<OutsideText> cmdline;  ///< arguments joined by spaces
  std::optional<OutsideText> cgroup;   ///< cgroup v2 path
  std::uint32_t parent_pid = 0;        ///< initial pid namespace; 0 if not known
  std::optional<OutsideText> comm{};
  bool exited = false;
  std::optional<OutsideText> container{};    ///< label of its container or unit: see model/container.hpp
  std::optional<MonotonicTime> exited_at{};  ///< when; empty: some time since the last look
  std::uint32_t proc_pid = 0;                ///< the process's pid in /proc; 0: the same as worker.pid, or not shown
};

/// CPU time, user and system, that a process (thread) has used since it exists.
struct CpuTime {
  WorkerKey worker;
  Nanoseconds used{0};
  MonotonicTime at;  ///< when this was read
};

/// A thread that waits for connections.
struct WaitingThread {
  WorkerKey worker;  ///< of the thread, also without --by thread
  OutsideText comm;
};

/// A process that holds a listening socket: roll call. One per service and process, for any number of file descriptors.
struct Holder {
  ServiceKey service;
  WorkerKey worker;  ///< tid 0, also with --by thread
  OutsideText comm;
  std::uint32_t ns_pid = 0;
  std::uint32_t parent_pid = 0;        ///< initial pid namespace
  std::optional<bool> waits;           ///< for connections, when it was looked at; empty: cannot be told
  bool blocks = false;                 ///< it waits in accept(), poll() or io_uring: not while it is busy
  std::optional<bool> exclusive;       ///< with EPOLLEXCLUSIVE; empty unless an epoll set of it watches the socket
  std::vector<WaitingThread> threads;  ///< its threads that wait
};

/// At the head of the wait queue of a listening socket.
struct WokenFirst {
  ServiceKey service;
  WorkerKey worker;                 ///< the process; tid 0
  std::optional<WorkerKey> thread;  ///< empty: not told, it was busy
  std::size_t processes = 0;        ///< that wait there
  std::size_t threads = 0;          ///< likewise
};

/// One look at who holds listening sockets and who waits for connections on them. Who is busy does not wait, so several
/// looks add up.
struct DoorLook {
  std::uint32_t number = 0;             ///< 1, 2, ...
  MonotonicTime at;                     ///< when it began
  std::vector<Holder> holders;          ///< all of the selection
  std::vector<WokenFirst> woken_first;  ///< per listening socket on which anybody waits
};

/// One listening socket.
struct ListeningSocket {
  std::uint64_t inode = 0;               ///< as in ss -e; 0: not known yet
  std::vector<std::uint32_t> holders{};  ///< pids, at the last walk that saw it
  std::uint32_t depth = 0;               ///< connections waiting now; if it is closed, in the end
  std::uint32_t depth_max = 0;
  std::optional<MonotonicTime> head_since{};  ///< when the connection at the head of the queue entered it, or earlier
  std::optional<MonotonicTime> head_seen{};   ///< when it was first seen there: nobody has accepted since
  ListenDrops drops{};
  std::uint64_t never_accepted = 0;  ///< connections that its closing threw out of the queue
};

/// The listening sockets of one service at a tick.
struct Listeners {
  ServiceKey service;
  std::uint32_t sockets = 0;  ///< listening sockets on this address
  std::uint32_t backlog = 0;  ///< of the largest
  bool reuseport = false;
  std::uint32_t queue_depth = 0;  ///< connections waiting now, all sockets
  ListenDrops drops;              ///< of the sockets that still listen
  std::vector<ListeningSocket> open;
  std::vector<ListeningSocket> closed;  ///< since the tick before: their last figures
};

/// A connection that entered an accept queue and whose accept was not seen.
struct QueuedConnection {
  ServiceKey service;
  MonotonicTime since;      ///< when it entered the queue, or was found there when tracing began
  std::uint32_t depth = 0;  ///< of the queue, this connection included; 0: not seen
};

/// What a network namespace counted since tracing began, over all its listening sockets, traced or not.
struct NamespaceDrops {
  std::uint64_t overflows = 0;  ///< ListenOverflows: the accept queue was full
  std::uint64_t deferred = 0;   ///< TCPDeferAcceptDrop: bare ACKs of deferred handshakes
  bool operator==(const NamespaceDrops&) const = default;
};

/// Cost of the tool itself, since tracing began.
struct Overhead {
  std::optional<double> bpf_ns_per_accept;  ///< every program on the way to an accept, per accept; sampled
  std::optional<double> bpf_ns_per_close;
  std::optional<double> bpf_cpu;  ///< every program, for whatever socket, as a part of one CPU; sampled
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
  std::vector<QueuedConnection> queued;  ///< of any selection
  std::vector<Listeners> listeners;      ///< all of the selection; a service without a listening socket is not listed
  std::map<std::uint32_t, NamespaceDrops>
      namespace_drops;  ///< by network namespace, of those where sockets dropped some
  DoorLook look;        ///< the last one; the same as at the tick before if there was none since
  std::map<std::uint32_t, OutsideText> netns_names;  ///< of the network namespaces that have one
  std::optional<ProcPids> proc_pids;                 ///< empty: /proc is of the initial pid namespace
  std::vector<ProcessInfo> processes;                ///< of workers and holders that are new or changed
  std::vector<CpuTime> cpu;                          ///< of those of them that were looked at
  Losses losses;
  Overhead overhead;
};

}  // namespace acceptscope
