// SPDX-License-Identifier: BSD-2-Clause
/// The immutable picture that every view renders: contract "JSON dump, schema_version 1", field for field. A dump
/// read back becomes the same structure. Durations are Nanoseconds (seconds in JSON), instants are Instant (RFC 3339
/// in JSON), unknown values are std::nullopt (null in JSON). Members marked [live] are not part of the dump.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "model/fairness.hpp"
#include "model/records.hpp"
#include "model/verdict_code.hpp"
#include "util/outside_text.hpp"

namespace acceptscope {

struct ToolInfo {
  OutsideText name = "acceptscope";
  OutsideText version;
  bool operator==(const ToolInfo&) const = default;
};

struct HostInfo {
  OutsideText hostname;
  OutsideText kernel;
  std::uint32_t cpus = 0;
  bool operator==(const HostInfo&) const = default;
};

/// The selection in force; empty lists select everything.
struct Filters {
  std::vector<OutsideText> ports;  ///< as typed: "8000", "8000-8010"
  std::vector<OutsideText> addresses;
  std::vector<std::uint32_t> pids;
  std::vector<OutsideText> comms;
  std::vector<OutsideText> cgroups;
  std::vector<OutsideText> containers{};  ///< as typed
  bool operator==(const Filters&) const = default;
};

struct CommandInfo {
  std::vector<OutsideText> argv;
  std::optional<int> exit_status;  ///< 128 + signal number when killed; empty while it runs
  bool operator==(const CommandInfo&) const = default;
};

enum class EndReason : std::uint8_t { duration, signal, command };

/// A backend that --backend auto tried before the one that ran.
struct BackendRefusal {
  OutsideText backend;
  OutsideText reason;  ///< in a few words, such as the system's error text
  OutsideText detail;  ///< the whole message
  bool operator==(const BackendRefusal&) const = default;
};

/// A port on which somebody listens.
struct ListeningPort {
  std::uint16_t port = 0;
  OutsideText comm;                      ///< of one of the processes; empty if not known
  std::uint32_t processes = 0;           ///< that hold a listening socket on it
  std::vector<OutsideText> addresses{};  ///< of its listening sockets, the first few
  bool operator==(const ListeningPort&) const = default;
};

struct RunInfo {
  Instant started_at;
  Instant ended_at;
  Nanoseconds duration{0};
  std::optional<EndReason> end_reason;  ///< empty while running
  OutsideText backend;
  std::vector<BackendRefusal> backends_refused;
  Nanoseconds interval{0};
  Nanoseconds window{0};
  OutsideText by;                             ///< name of a WorkerUnit
  std::optional<std::uint32_t> worker_limit;  ///< requests that one worker may serve at once, as the user says
  std::optional<std::uint64_t> system_calls;  ///< number that the kernel's filter allowed to this program
  Filters filters;
  /// Where others listened, if nobody did on the selected ports when tracing began; those with the most processes
  /// first.
  std::optional<std::vector<ListeningPort>> listening_instead;
  std::optional<CommandInfo> command;
  std::vector<OutsideText> notes{};  ///< what this run could not see, and how to run it so that it does
  bool operator==(const RunInfo&) const = default;
};

struct Totals {
  ConnectionCounts counts;  ///< a dump only has accepts, closes and preexisting; the reader sums up the others
  std::uint64_t open = 0;   ///< pre-existing ones included
  std::uint64_t never_accepted = 0;
  bool operator==(const Totals&) const = default;
};

/// Lifetimes of closed connections; open ones, right-censored, are listed beside them and never averaged in. Only the
/// median is of both.
struct LifetimeStats {
  std::uint64_t closed = 0;
  std::uint64_t open = 0;
  std::optional<Nanoseconds> mean, p50, p90, p95, p99, max;
  std::optional<Nanoseconds> open_age_p50, open_age_max;
  /// Of closed and open ones, see Histogram::median_with(). Not reached, because too few were closed: the median of
  /// what they have lasted so far, which is a lower bound.
  std::optional<Nanoseconds> median;
  bool median_reached = false;
  std::vector<HistogramBucket> buckets;
  bool operator==(const LifetimeStats&) const = default;
};

/// Accept waits of the accepts whose enqueue was seen, and of a service's connections that wait, with their wait so
/// far.
struct WaitStats {
  std::uint64_t count = 0;
  std::uint64_t waiting = 0;  ///< of these: not accepted yet
  std::optional<Nanoseconds> mean, p50, p90, p95, p99, max;
  std::vector<HistogramBucket> buckets;
  bool operator==(const WaitStats&) const = default;
};

/// Durations of requests.
struct DurationStats {
  std::uint64_t count = 0;
  std::optional<Nanoseconds> mean, p50, p90, p95, p99, max;
  std::vector<HistogramBucket> buckets;
  bool operator==(const DurationStats&) const = default;
};

/// Requests that a worker served, or the workers of a service together.
struct RequestStats {
  RequestLoad load;
  std::uint64_t unread_now = 0;  ///< open connections with data that nobody has read yet
  DurationStats response, complete, unread_wait;
  bool operator==(const RequestStats&) const = default;
};

struct CloseReasonCounts {
  std::uint64_t local = 0, peer = 0, reset = 0, worker_exit = 0, unknown = 0;
  bool operator==(const CloseReasonCounts&) const = default;
};

/// All listening sockets of a service together, those that were closed during the run included.
struct AcceptQueue {
  std::uint64_t depth_max = 0;
  std::uint64_t depth = 0;  ///< now
  std::optional<std::uint64_t>
      overflows{};          ///< connection attempts that found a full queue, at least; see overflows_of()
  std::uint64_t drops = 0;  ///< all that the sockets dropped: overflows, bare ACKs of deferred handshakes, resets ...
  std::optional<Nanoseconds> oldest_wait{};              ///< of those that wait now
  std::optional<Nanoseconds> never_accepted_wait_max{};  ///< of those that left the queue without an accept
  std::uint64_t looks = 0;                               ///< ticks at which connections waited
  std::optional<double>
      occupied_workers{};  ///< mean over these of the workers with as many connections as they ever had
  bool operator==(const AcceptQueue&) const = default;
};

/// One listening socket.
struct ListenerRow {
  std::optional<std::uint64_t> inode;
  std::vector<std::uint32_t> holders;  ///< pids of the processes that hold it, or held it last
  std::uint64_t depth = 0;             ///< now; if it is closed, in the end
  std::uint64_t depth_max = 0;
  std::optional<Nanoseconds> oldest_wait;
  std::optional<Nanoseconds> not_emptied;  ///< connections have waited and nobody has accepted for at least so long
  std::optional<std::uint64_t> overflows;  ///< as in AcceptQueue
  std::uint64_t drops = 0;                 ///< likewise
  std::uint64_t never_accepted = 0;        ///< connections that its closing threw out of the queue
  bool closed = false;
  bool operator==(const ListenerRow&) const = default;
};

/// The number of workers at a time.
struct PoolSize {
  std::uint32_t min = 0;  ///< the fewest, while there was one
  std::uint32_t max = 0;
  std::uint64_t seen = 0;  ///< all that there were
  bool operator==(const PoolSize&) const = default;
};

/// Active workers per complete window.
struct ActiveStats {
  std::uint32_t min = 0, p50 = 0, p95 = 0, max = 0;
  std::uint64_t windows = 0;  ///< complete windows; without any, the other members are 0
  std::uint32_t now = 0;      ///< [live] in the last complete window
  bool operator==(const ActiveStats&) const = default;
};

struct ActiveWorkers {
  ActiveStats accepting;                  ///< accepted at least one connection in the window
  ActiveStats serving;                    ///< received or sent at least one byte in it on a connection of theirs
  std::optional<ActiveStats> requests{};  ///< began a request in it; empty: not counted
  bool operator==(const ActiveWorkers&) const = default;
};

/// Effective number of workers by accepts, connection time and bytes; null if there were none. fair_*: the result of a
/// uniformly random draw of as many connections (accepts + pre-existing) over the eligible workers.
struct EffectiveWorkers {
  std::optional<double> accepts, connection_seconds, bytes, fair_p01, fair_p50, requests{}, busy{};
  bool operator==(const EffectiveWorkers&) const = default;
};

/// Share of the single busiest worker, 0..1; null if there is nothing to share.
struct TopShare {
  std::optional<double> accepts, connection_seconds, bytes, requests{}, busy{};
  bool operator==(const TopShare&) const = default;
};

/// The connections that a finding counts: all of the run, those open at the end, or those accepted in the run.
enum class Basis : std::uint8_t { all, open, accepts };
inline constexpr std::size_t kBases = 3;

/// How the connections that `basis` counts are spread over the workers: who has more than an even share. Computed once
/// per picture, by model/spread; a row is an index into ServiceRow::workers.
struct Spread {
  static constexpr std::size_t kNoRow = std::numeric_limits<std::size_t>::max();

  Basis basis = Basis::all;
  std::uint64_t total = 0;           ///< connections
  std::vector<double> amounts;       ///< connections of each worker's share, largest first, empty shares included
  std::vector<std::size_t> owners;   ///< rows of the workers with more than an even share, largest first; or kNoRow
  std::uint64_t owned = 0;           ///< connections of the owners
  std::vector<std::size_t> without;  ///< rows of workers that are alive, whose places had none of the connections
  double effective = 0;              ///< effective workers; 0 without connections
  std::optional<FairBaseline> fair;  ///< only if the spread is materially uneven
  bool uneven = false;               ///< more than chance explains, and enough to matter

  [[nodiscard]] std::uint32_t workers() const { return static_cast<std::uint32_t>(amounts.size()); }
  /// Shares with connections.
  [[nodiscard]] std::uint32_t busy() const {
    return static_cast<std::uint32_t>(std::count_if(amounts.begin(), amounts.end(), [](double n) { return n > 0; }));
  }
  bool operator==(const Spread&) const = default;
};

enum class Severity : std::uint8_t { ok, info, warning, critical };

/// One thing that a rule found.
struct Finding {
  VerdictCode code = VerdictCode::no_traffic;
  Severity severity = Severity::info;
  OutsideText summary;                ///< one plain sentence with the numbers
  std::vector<OutsideText> evidence;  ///< sentences
  std::vector<OutsideText> advice;    ///< sentences: settings to change and their expected effect
  bool operator==(const Finding&) const = default;
};

/// A client address and its connections.
struct PeerRow {
  IpAddress address;
  std::uint64_t connections = 0;  ///< accepts + pre-existing
  std::uint64_t open = 0;
  std::uint64_t preexisting = 0;
  Nanoseconds connection_time{0};
  std::uint32_t workers = 0;  ///< distinct workers that own or owned its connections
  bool operator==(const PeerRow&) const = default;
};

/// One worker's part of a timeline; every list is as long as TimelineRows::start.
struct TimelineWorker {
  std::uint32_t pid = 0;
  std::optional<std::uint32_t> tid;
  std::vector<std::uint64_t> accepts;      ///< in the step
  std::vector<std::uint64_t> open;         ///< at its end
  std::vector<std::uint64_t> active;       ///< connections active in the last tick of the step
  std::vector<std::uint64_t> bytes;        ///< received + sent in the step
  std::vector<std::uint64_t> requests{};   ///< begun in the step; empty: not counted, here and below
  std::vector<std::uint64_t> in_flight{};  ///< at its end
  std::vector<Nanoseconds> busy{};         ///< in the step
  std::vector<Nanoseconds> cpu{};          ///< CPU time used in the step; empty in dumps that do not say
  bool operator==(const TimelineWorker&) const = default;
};

struct TimelineRows {
  Nanoseconds step{0};
  std::vector<Instant> start;
  std::vector<TimelineWorker> workers;  ///< in the order of the worker rows
  bool operator==(const TimelineRows&) const = default;
};

/// In the order in which the rows are listed. An acceptor accepts connections for others, which serve them; a draining
/// process lives, gave the listening socket up, and still holds connections; a holder has the listening socket, neither
/// waits on it nor ever accepted. Only a worker counts.
enum class Role : std::uint8_t { worker, acceptor, draining, supervisor, holder };

/// A worker left requests unread and began none.
struct Stall {
  Nanoseconds lasted{0};           ///< at least
  std::uint64_t waiting = 0;       ///< requests that lay unread in the end
  std::uint64_t others_began = 0;  ///< requests that the other workers of the service began meanwhile
  bool over = true;                ///< false: it was so at the last look
  bool operator==(const Stall&) const = default;
};

/// The connections that a worker really had: those that it accepted, or held when tracing began, without those that it
/// handed over to others, and with those that others handed over to it.
struct Held {
  std::uint64_t connections = 0;
  std::uint64_t open = 0;  ///< of these, still open
  Nanoseconds time{0};     ///< as WorkerRow::connection_time
  std::uint64_t bytes = 0;
  bool operator==(const Held&) const = default;
};

struct WorkerRow {
  std::uint32_t pid = 0;
  std::optional<std::uint32_t> tid;
  std::optional<std::uint32_t> ns_pid;
  std::optional<std::uint32_t> proc_pid{};  ///< in the /proc of this run; empty: the same as `pid`, or not shown there
  std::optional<Instant> start_time;
  OutsideText comm;
  std::optional<OutsideText> cmdline;
  std::optional<OutsideText> cgroup;
  std::optional<OutsideText> container{};  ///< label of its container or unit
  Role role = Role::worker;
  bool exited = false;             ///< it exited, or closed the listening socket and has no connections
  std::optional<Instant> left_at;  ///< when; empty also in dumps that do not say
  ConnectionCounts counts;
  std::uint64_t open = 0;          ///< pre-existing ones included
  Nanoseconds connection_time{0};  ///< lifetimes of its closed connections + ages of its open ones
  std::optional<Held> held;        ///< empty in dumps that do not say: nothing was handed over
  LifetimeStats lifetime;
  WaitStats accept_wait;
  std::optional<RequestStats> requests;  ///< that it served; empty: not counted
  /// CPU time of the process (thread), for whatever it does, from the first look at it to the last; empty: not known.
  std::optional<Nanoseconds> cpu_time{};
  double recent_cpu = 0;                 ///< [live] part of one CPU between the last two looks
  std::uint64_t recent_accepts = 0;      ///< [live] in the last tick
  std::uint64_t recent_requests = 0;     ///< [live] begun in the last tick
  Nanoseconds recent_busy{0};            ///< [live] in the last tick
  std::uint64_t active_connections = 0;  ///< [live] open ones with traffic in the last tick
  std::uint64_t unread_connections = 0;  ///< [live] open ones with bytes that the application has not read
  std::uint64_t unread_bytes = 0;        ///< [live]
  std::uint64_t waiting_requests = 0;    ///< [live] that lie unread, with none in flight on their connection
  /// [live] Of these the oldest, if the arrival of one was seen.
  std::optional<Nanoseconds> oldest_waiting;
  std::optional<Stall> stall;  ///< [live] the longest of the run
  bool operator==(const WorkerRow&) const = default;
};

struct ServiceRow {
  Endpoint endpoint;
  std::uint32_t netns = 0;
  std::optional<OutsideText> netns_name{};  ///< as ip-netns(8) keeps it; empty: it has none
  std::uint32_t listen_sockets = 0;
  std::optional<bool> reuseport;
  std::optional<std::uint32_t> backlog;
  std::optional<bool>
      epoll_exclusive;  ///< all workers that poll the socket use EPOLLEXCLUSIVE; null: none polls, or unknown
  std::optional<bool> accept_blocks{};  ///< workers wait for connections in a call, and not while they serve;
                                        ///< false: in an epoll set; null: unknown
  std::optional<std::uint32_t> woken_first_pid{};  ///< was first in the wait queue at all looks, before others
  std::optional<std::uint32_t> woken_first_tid{};  ///< likewise, with --by thread
  std::uint32_t waiting_threads = 0;               ///< the most threads of one process that were seen to wait at once
  ConnectionCounts counts;  ///< bytes are the sums over `workers`; a dump only has them there, the reader sums them up
  std::uint64_t open = 0;   ///< pre-existing ones included
  std::uint64_t never_accepted = 0;
  std::uint64_t handed_over = 0;  ///< connections that others had than those that accepted them
  /// N: workers that could accept or serve at a time, the median over the time with at least one. So workers that
  /// replace one another do not inflate N: N is a number of places, see model/slots.hpp.
  std::uint32_t workers_eligible = 0;
  std::optional<PoolSize> workers_at_once;  ///< how N varied; empty in dumps that do not say
  std::uint32_t workers_out_of_sight = 0;   ///< rows of living processes that this run cannot look at
  std::uint32_t workers_idle = 0;           ///< of N: no accept, no open or pre-existing connection
  ActiveWorkers active_workers;
  EffectiveWorkers effective_workers;
  TopShare top_share;
  LifetimeStats lifetime;
  WaitStats accept_wait;
  std::optional<RequestStats> requests;  ///< empty: not counted
  AcceptQueue accept_queue;
  std::vector<ListenerRow> listeners;  ///< open ones, and of closed ones those that lost connections, at most 64
  CloseReasonCounts close_reasons;
  std::vector<Finding> findings;  ///< worst first: by severity, then by harm; empty if the rules found nothing
  Finding verdict;                ///< the worst finding; without one, the state ok with its reason
  Spread spread;  ///< [live], and computed for a dump that is read: of the connections that the findings count
  std::vector<WorkerRow>
      workers;  ///< most connections (accepts + pre-existing) first, then by pid; who could not accept last
  std::uint64_t workers_forgotten = 0;  ///< left without a connection, and no longer among `workers`
  std::vector<PeerRow> peers;           ///< at most 20, most connections first
  std::uint64_t peers_other = 0;        ///< connections of addresses that are not among `peers`
  TimelineRows timeline;                ///< in a finished picture only
  std::uint64_t recent_accepts = 0;     ///< [live] in the last tick
  std::uint64_t recent_requests = 0;    ///< [live] begun in the last tick
  bool operator==(const ServiceRow&) const = default;
};

struct ConnectionRow {
  std::uint64_t id = 0;       ///< 1, 2, ... in the order of the accepts
  std::uint32_t service = 0;  ///< index into services
  std::uint32_t pid = 0;
  std::uint32_t tid = 0;            ///< the accepting thread
  std::optional<OutsideText> comm;  ///< empty if its worker is not in the worker map
  Endpoint local;
  Endpoint peer;
  std::optional<Instant> accepted_at;
  std::optional<Nanoseconds> accept_wait;
  std::optional<Instant> closed_at;
  std::optional<Nanoseconds> lifetime;
  std::optional<Nanoseconds> age_min;  ///< age of open ones; of pre-existing ones, time from found to closed
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::optional<std::uint64_t> bytes_unacknowledged;  ///< of bytes_sent; empty: not counted
  std::optional<CloseReason> close_reason;
  std::optional<std::uint32_t> closed_by_pid;
  bool preexisting = false;                        ///< then accepted_at, accept_wait and lifetime are unknown
  std::optional<std::uint32_t> held_by_pid;        ///< open, and held only by this other process: handed over
  std::optional<std::uint32_t> requests;           ///< requests that began on it while tracing; empty: not counted
  std::optional<std::uint32_t> served_by_pid;      ///< served most of them, if one worker served over half
  std::optional<std::uint32_t> served_by_workers;  ///< workers that served at least one of them; empty: not counted
  std::uint64_t unread_bytes = 0;                  ///< [live] that the application has not read
  std::optional<Nanoseconds> idle{};               ///< [live] since its bytes moved last; empty: not known
  bool operator==(const ConnectionRow&) const = default;
};

/// Comparison of kernel totals and records; `broken` has one sentence per contradiction, and is empty without any.
struct Consistency {
  std::uint64_t records_seen = 0;
  std::uint64_t records_lost = 0;
  std::vector<OutsideText> broken;
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
  std::vector<ServiceRow> services;        ///< most connections (accepts + pre-existing) first, then by endpoint
  std::vector<ConnectionRow> connections;  ///< while tracing those of one worker, if a view lists them
  std::uint64_t connections_omitted = 0;
  Nanoseconds recent_interval{0};  ///< [live] length of the last tick, for rates from recent_*; 0 = there are none yet
  bool operator==(const Snapshot&) const = default;
};

}  // namespace acceptscope
