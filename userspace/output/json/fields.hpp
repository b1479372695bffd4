// SPDX-License-Identifier: BSD-2-Clause
/// Every JSON field, described once: its name, its member in the Snapshot, its meaning. The writer, the reader, the
/// JSON Schema and the table in the README are generated from these tuples, so a new field is one line here. The
/// meaning is a full noun phrase: it is read without the name of the field.
/// The JSON type follows from the C++ type: Nanoseconds are seconds, Instant is RFC 3339 UTC, std::optional is
/// nullable, std::vector an array, a type with its own Described an object.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "model/names.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

/// Whether the first dumps had a field. A later field may be missing from an older dump; its member then keeps its
/// default. This version writes all fields, and the schema requires them.
enum class Since { first, later };
inline constexpr Since kLater = Since::later;

/// A field that is a member of its struct.
template <class Owner, class Value>
struct Field {
  using value_type = Value;
  std::string_view name;
  Value Owner::*member;
  std::string_view help;
  Since since = Since::first;

  constexpr const Value& of(const Owner& owner) const { return owner.*member; }
  constexpr Value& of(Owner& owner) const { return owner.*member; }
};

/// A field that is a member of a member: an endpoint's port shown as the service's own.
template <class Owner, class Middle, class Value>
struct NestedField {
  using value_type = Value;
  std::string_view name;
  Middle Owner::*middle;
  Value Middle::*member;
  std::string_view help;
  Since since = Since::first;

  constexpr const Value& of(const Owner& owner) const { return owner.*middle.*member; }
  constexpr Value& of(Owner& owner) const { return owner.*middle.*member; }
};

template <class Owner, class Value>
constexpr auto field(std::string_view name, Value Owner::*member, std::string_view help, Since since = Since::first) {
  return Field<Owner, Value>{name, member, help, since};
}

template <class Owner, class Middle, class Value>
constexpr auto field(std::string_view name, Middle Owner::*middle, Value Middle::*member, std::string_view help,
                     Since since = Since::first) {
  return NestedField<Owner, Middle, Value>{name, middle, member, help, since};
}

/// How an object is laid out in a dump: within its parent's line, on a line of its own, or one field per line.
enum class Layout { inlined, line, block };

/// The description of a struct: `name` in the schema, `layout` in a dump, `fields` in order.
template <class T>
struct Described;

template <class T>
concept IsDescribed = requires {
  Described<T>::fields;
};
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;

/// Calls `visit(field)` for each field of T, in order.
template <IsDescribed T, class Visitor>
constexpr void for_each_field(Visitor&& visit) {
  std::apply([&](const auto&... fields) { (visit(fields), ...); }, Described<T>::fields);
}

template <>
struct Described<ToolInfo> {
  static constexpr std::string_view name = "tool";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(  //
      field("name", &ToolInfo::name, "the program that wrote the dump: acceptscope"),
      field("version", &ToolInfo::version, "version of that program"));
};

template <>
struct Described<HostInfo> {
  static constexpr std::string_view name = "host";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(  //
      field("hostname", &HostInfo::hostname, "name of the host"),
      field("kernel", &HostInfo::kernel, "release of the kernel, as uname -r prints it"),
      field("cpus", &HostInfo::cpus, "number of CPUs online"));
};

template <>
struct Described<Filters> {
  static constexpr std::string_view name = "filters";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("ports", &Filters::ports,
            "local ports and ranges of --port, as typed; an empty list, here and below, selects everything"),
      field("addresses", &Filters::addresses, "local listening addresses of --address"),
      field("pids", &Filters::pids, "processes of --pid; their descendants are selected too"),
      field("comms", &Filters::comms, "patterns of --comm for the worker's command name"),
      field("cgroups", &Filters::cgroups, "cgroup v2 subtrees of --cgroup"),
      field("containers", &Filters::containers, "ids and names of --container", kLater));
};

template <>
struct Described<CommandInfo> {
  static constexpr std::string_view name = "command";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("argv", &CommandInfo::argv, "the command and its arguments"),
      field(
          "exit_status", &CommandInfo::exit_status,
          "exit status of the command, 128 + the signal's number if a signal killed it; null if it was still running"));
};

template <>
struct Described<BackendRefusal> {
  static constexpr std::string_view name = "backend_refusal";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("backend", &BackendRefusal::backend, "backend that was tried and refused"),
      field("reason", &BackendRefusal::reason, "short reason why this kernel or these privileges refused it"),
      field("detail", &BackendRefusal::detail, "the full error text"));
};

template <>
struct Described<ListeningPort> {
  static constexpr std::string_view name = "listening_port";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("port", &ListeningPort::port, "a local port with a listening socket"),
      field("comm", &ListeningPort::comm, "command name of a process that holds it; empty if not known"),
      field("processes", &ListeningPort::processes, "number of processes that hold it"),
      field("addresses", &ListeningPort::addresses, "addresses of its listening sockets, at most 4", kLater));
};

template <>
struct Described<RunInfo> {
  static constexpr std::string_view name = "run";
  static constexpr Layout layout = Layout::block;
  static constexpr auto fields = std::make_tuple(
      field("started_at", &RunInfo::started_at, "time at which tracing began"),
      field("ended_at", &RunInfo::ended_at, "time at which tracing ended"),
      field("duration_seconds", &RunInfo::duration, "length of the run on the monotonic clock"),
      field("end_reason", &RunInfo::end_reason,
            "reason why the run ended: the time of --duration, a signal such as Ctrl-C, or the end of COMMAND; null "
            "while it goes on"),
      field("backend", &RunInfo::backend, "kind of hooks that traced the kernel: fentry, kprobe or tracepoint"),
      field(
          "backends_refused", &RunInfo::backends_refused,
          "backends that --backend auto tried before, in order; empty if the first one worked or a backend was forced"),
      field("interval_seconds", &RunInfo::interval, "refresh and sampling tick of --interval"),
      field("window_seconds", &RunInfo::window, "window of --window for the statistics per window"),
      field("by", &RunInfo::by, "unit that counts as a worker: process or thread"),
      field("worker_limit", &RunInfo::worker_limit,
            "requests that one worker may serve at once, according to --worker-limit; null without it", kLater),
      field("system_calls", &RunInfo::system_calls,
            "how many system calls the kernel's filter (seccomp) allowed to acceptscope once it had attached; null "
            "without a filter",
            kLater),
      field("filters", &RunInfo::filters, "the selection in force"),
      field("listening_instead", &RunInfo::listening_instead,
            "where others listened on this host, at most 20 ports, if nobody did on those of --port and --address when "
            "tracing began; else null",
            kLater),
      field("command", &RunInfo::command, "the COMMAND after --; null without one"),
      field("notes", &RunInfo::notes,
            "what this run could not see, such as processes outside of its pid namespace, and how to run it so that it "
            "does; one sentence or more each",
            kLater));
};

template <>
struct Described<Totals> {
  static constexpr std::string_view name = "totals";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(  //
      field("accepts", &Totals::counts, &ConnectionCounts::accepts,
            "connections accepted during the run, all services"),
      field("closes", &Totals::counts, &ConnectionCounts::closes, "number of these that the application closed"),
      field("open", &Totals::open, "connections still open at the end, pre-existing ones included"),
      field("preexisting", &Totals::counts, &ConnectionCounts::preexisting,
            "connections that were already open when tracing began", kLater),
      field("never_accepted", &Totals::never_accepted,
            "connections that left the accept queue without an accept: the peer reset them or the listener closed"));
};

template <>
struct Described<Losses> {
  static constexpr std::string_view name = "losses";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::apply(
      [](const auto&... kind) {
        return std::make_tuple(field(kind.name, kind.count, kind.help, kind.later ? Since::later : Since::first)...);
      },
      kLossKinds);
};

template <>
struct Described<Consistency> {
  static constexpr std::string_view name = "consistency";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("records_seen", &Consistency::records_seen, "connection records that arrived from the kernel"),
      field("records_lost", &Consistency::records_lost,
            "connection records known to be lost, according to the counters in losses"),
      field("broken", &Consistency::broken,
            "contradictions between the kernel's totals and the records, one sentence each; empty if there are none"));
};

template <>
struct Described<Overhead> {
  static constexpr std::string_view name = "overhead";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field(
          "bpf_ns_per_accept", &Overhead::bpf_ns_per_accept,
          "nanoseconds spent in tracing programs per accept, sampled; null if not measured, or if most of them ran for "
          "sockets that are not traced"),
      field("bpf_ns_per_close", &Overhead::bpf_ns_per_close,
            "nanoseconds spent in tracing programs per close, likewise"),
      field(
          "bpf_cpu", &Overhead::bpf_cpu,
          "all tracing programs, for whatever socket, as a part of one CPU (0.01 is 1 %), sampled; null if not measured",
          kLater),
      field("cpu_seconds_user", &Overhead::cpu_seconds_user, "user CPU seconds of acceptscope itself"),
      field("cpu_seconds_system", &Overhead::cpu_seconds_system, "system CPU seconds of acceptscope itself"),
      field("max_rss_bytes", &Overhead::max_rss_bytes, "largest resident memory of acceptscope itself, in bytes"));
};

template <>
struct Described<HistogramBucket> {
  static constexpr std::string_view name = "bucket";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("le", &HistogramBucket::le,
            "upper bound of the bucket, inclusive; null for the last bucket, which has none"),
      field("count", &HistogramBucket::count, "number of durations above the previous bound and at most this one"));
};

template <>
struct Described<LifetimeStats> {
  static constexpr std::string_view name = "lifetime";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("closed", &LifetimeStats::closed, "number of closed connections, which mean to max and the buckets cover"),
      field("open", &LifetimeStats::open,
            "number of connections still open: not covered, because their lifetime is not known yet"),
      field("mean", &LifetimeStats::mean,
            "mean lifetime of the closed connections; null if there are none, here and below"),
      field("p50", &LifetimeStats::p50, "median lifetime of the closed connections; percentiles are within 12.5 %"),
      field("p90", &LifetimeStats::p90, "90th percentile of these lifetimes"),
      field("p95", &LifetimeStats::p95, "95th percentile of these lifetimes"),
      field("p99", &LifetimeStats::p99, "99th percentile of these lifetimes"),
      field("max", &LifetimeStats::max, "longest of these lifetimes, exact"),
      field("open_age_p50", &LifetimeStats::open_age_p50, "median age of the open connections; null if there are none"),
      field("open_age_max", &LifetimeStats::open_age_max, "age of the oldest open connection; null if there are none"),
      field(
          "median", &LifetimeStats::median,
          "median lifetime of closed and open connections together: the Kaplan-Meier estimate, the open ones censored at "
          "their ages (of those from before the run, the time since it began); null without any",
          kLater),
      field(
          "median_reached", &LifetimeStats::median_reached,
          "whether enough of them were closed to tell; if false, median is a lower bound, the median of what they have "
          "lasted so far",
          kLater),
      field("buckets", &LifetimeStats::buckets, "histogram of these lifetimes, without empty buckets"));
};

template <>
struct Described<WaitStats> {
  static constexpr std::string_view name = "wait";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("count", &WaitStats::count,
            "number of connections covered: those that were seen to enter the accept queue"),
      field("waiting", &WaitStats::waiting,
            "number of these that are not accepted yet: a service's are covered with their wait so far", kLater),
      field("mean", &WaitStats::mean, "mean time in the accept queue; null if count is 0, here and below"),
      field("p50", &WaitStats::p50, "median time in the accept queue; percentiles are within 12.5 %"),
      field("p90", &WaitStats::p90, "90th percentile of these times"),
      field("p95", &WaitStats::p95, "95th percentile of these times"),
      field("p99", &WaitStats::p99, "99th percentile of these times"),
      field("max", &WaitStats::max, "longest of these times, exact"),
      field("buckets", &WaitStats::buckets, "histogram of these times, without empty buckets"));
};

template <>
struct Described<CloseReasonCounts> {
  static constexpr std::string_view name = "close_reasons";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("local", &CloseReasonCounts::local, "connections that this side closed first"),
      field("peer", &CloseReasonCounts::peer, "connections that the peer closed first"),
      field("reset", &CloseReasonCounts::reset, "connections that were reset, or timed out while established"),
      field("worker_exit", &CloseReasonCounts::worker_exit, "connections still established when their process exited"),
      field("unknown", &CloseReasonCounts::unknown, "connections whose close reason is unknown"));
};

template <>
struct Described<AcceptQueue> {
  static constexpr std::string_view name = "accept_queue";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(  //
      field("depth_max", &AcceptQueue::depth_max, "largest number of connections seen in the accept queue"),
      field("overflows", &AcceptQueue::overflows,
            "connection attempts that found the accept queue full during the run, as far as is known; null if unknown",
            kLater),
      field("drops", &AcceptQueue::drops,
            "packets that the listening sockets dropped: overflows, and what harms nobody, such as bare "
            "acknowledgements of handshakes with TCP_DEFER_ACCEPT",
            kLater),
      field("waiting_now", &AcceptQueue::depth, "connections in the accept queue at the end", kLater),
      field("oldest_wait_seconds", &AcceptQueue::oldest_wait,
            "wait so far of the one that waits longest, at least; null if none waits or this is unknown", kLater),
      field(
          "never_accepted_wait_max_seconds", &AcceptQueue::never_accepted_wait_max,
          "longest time in the accept queue of the connections that left it without an accept; null if there are none",
          kLater),
      field("looks", &AcceptQueue::looks, "ticks at which connections waited in the accept queue", kLater),
      field(
          "occupied_workers", &AcceptQueue::occupied_workers,
          "workers that had as many connections open as they ever had at once, mean over these ticks; null without one",
          kLater));
};

template <>
struct Described<ListenerRow> {
  static constexpr std::string_view name = "listener";
  static constexpr Layout layout = Layout::line;
  static constexpr auto fields = std::make_tuple(
      field("inode", &ListenerRow::inode, "inode number of the socket, as ss -e shows it; null if unknown"),
      field("holders", &ListenerRow::holders, "process ids of those that hold it, or held it last"),
      field("depth", &ListenerRow::depth, "connections in its accept queue at the end, or when it was closed"),
      field("depth_max", &ListenerRow::depth_max, "largest number of connections seen in its accept queue"),
      field(
          "oldest_wait_seconds", &ListenerRow::oldest_wait,
          "wait so far of the connection at the head of its queue, at least; null if there is none or this is unknown"),
      field("not_emptied_seconds", &ListenerRow::not_emptied,
            "time for which connections have waited and nobody has accepted from it, at least; null if none waits"),
      field("overflows", &ListenerRow::overflows,
            "connection attempts that found its queue full, as far as is known; null if unknown"),
      field("drops", &ListenerRow::drops, "packets that it dropped, for any reason"),
      field("never_accepted", &ListenerRow::never_accepted, "connections that were waiting when it was closed: reset"),
      field("closed", &ListenerRow::closed, "whether it was closed during the run"));
};

template <>
struct Described<ActiveStats> {
  static constexpr std::string_view name = "active_stats";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("min", &ActiveStats::min, "fewest active workers in a complete window; 0 if there is none, here and below"),
      field("p50", &ActiveStats::p50, "median number over the complete windows"),
      field("p95", &ActiveStats::p95, "95th percentile over the complete windows"),
      field("max", &ActiveStats::max, "most active workers in a complete window"),
      field("windows", &ActiveStats::windows, "number of complete windows"));
};

template <>
struct Described<DurationStats> {
  static constexpr std::string_view name = "durations";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("count", &DurationStats::count, "durations covered"),
      field("mean", &DurationStats::mean, "mean duration; null when count is 0, here and below"),
      field("p50", &DurationStats::p50, "median; percentiles are within 12.5 %"),
      field("p90", &DurationStats::p90, "90th percentile"), field("p95", &DurationStats::p95, "95th percentile"),
      field("p99", &DurationStats::p99, "99th percentile"),
      field("max", &DurationStats::max, "longest duration, exact"),
      field("buckets", &DurationStats::buckets, "histogram, buckets that are not empty"));
};

template <>
struct Described<RequestStats> {
  static constexpr std::string_view name = "requests";
  static constexpr Layout layout = Layout::block;
  static constexpr auto fields = std::make_tuple(
      field(
          "count", &RequestStats::load, &RequestLoad::count,
          "requests that began during the run or were in flight when tracing began: a read by the server begins one if "
          "it wrote since the one before"),
      field("in_flight", &RequestStats::load, &RequestLoad::in_flight,
            "requests read, and not answered with a byte yet"),
      field("in_flight_peak", &RequestStats::load, &RequestLoad::in_flight_peak, "most requests in flight at once"),
      field("aborted", &RequestStats::load, &RequestLoad::aborted,
            "requests in flight when their connection was closed"),
      field("busy_seconds", &RequestStats::load, &RequestLoad::busy, "time with at least one request in flight"),
      field("unread_now", &RequestStats::unread_now, "open connections with data that the server has not read yet"),
      field("response_seconds", &RequestStats::response, "response time: first read to first write"),
      field("complete_seconds", &RequestStats::complete,
            "time to the complete response: first read to the last write before the next read or the close"),
      field("unread_wait_seconds", &RequestStats::unread_wait,
            "time from the arrival of data to its first read; empty where the kernel does not report arrivals"));
};

template <>
struct Described<ActiveWorkers> {
  static constexpr std::string_view name = "active_workers";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("accepting", &ActiveWorkers::accepting, "workers that accepted at least one connection in the window"),
      field("serving", &ActiveWorkers::serving,
            "workers that received or sent at least one byte in the window on one of their connections"),
      field("requests", &ActiveWorkers::requests,
            "workers that began to serve at least one request in the window; null if requests were not counted",
            kLater));
};

template <>
struct Described<EffectiveWorkers> {
  static constexpr std::string_view name = "effective_workers";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("accepts", &EffectiveWorkers::accepts,
            "effective workers by accepts; null if there were none, here and below"),
      field("connection_seconds", &EffectiveWorkers::connection_seconds, "effective workers by connection time"),
      field("bytes", &EffectiveWorkers::bytes, "effective workers by bytes received and sent"),
      field("fair_p01", &EffectiveWorkers::fair_p01,
            "effective workers that 99 % of fair draws reach; a fair draw gives each connection, pre-existing ones "
            "included, to a random eligible worker"),
      field("fair_p50", &EffectiveWorkers::fair_p50, "median effective workers of such draws"),
      field("requests", &EffectiveWorkers::requests, "effective workers by requests served", kLater),
      field("busy_seconds", &EffectiveWorkers::busy, "effective workers by busy time", kLater));
};

template <>
struct Described<TopShare> {
  static constexpr std::string_view name = "top_share";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("accepts", &TopShare::accepts, "share of the accepts, 0 to 1; null if there were none, here and below"),
      field("connection_seconds", &TopShare::connection_seconds, "share of the connection time"),
      field("bytes", &TopShare::bytes, "share of the bytes received and sent"),
      field("requests", &TopShare::requests, "share of the requests", kLater),
      field("busy_seconds", &TopShare::busy, "share of the sum of the busy times", kLater));
};

template <>
struct Described<Finding> {
  static constexpr std::string_view name = "finding";
  static constexpr Layout layout = Layout::block;
  static constexpr auto fields = std::make_tuple(
      field("code", &Finding::code, "code of the finding"),
      field("severity", &Finding::severity, "severity of the finding"),
      field("summary", &Finding::summary, "the finding in one sentence, with its numbers"),
      field("evidence", &Finding::evidence, "facts that support the finding, one sentence each"),
      field("advice", &Finding::advice, "changes to make and their expected effect, one sentence each"));
};

template <>
struct Described<PeerRow> {
  static constexpr std::string_view name = "peer";
  static constexpr Layout layout = Layout::line;
  static constexpr auto fields = std::make_tuple(
      field("address", &PeerRow::address, "address of the client; a pseudonym with --redact-peers"),
      field("connections", &PeerRow::connections, "connections of the client, accepted and pre-existing"),
      field("open", &PeerRow::open, "number of these that were still open at the end"),
      field("preexisting", &PeerRow::preexisting, "number of these that were already open when tracing began"),
      field("connection_seconds", &PeerRow::connection_time,
            "lifetimes of its closed connections plus ages of its open ones"),
      field("workers", &PeerRow::workers, "number of distinct workers that own or owned these connections"));
};

template <>
struct Described<TimelineWorker> {
  static constexpr std::string_view name = "timeline_worker";
  static constexpr Layout layout = Layout::line;
  static constexpr auto fields = std::make_tuple(
      field("pid", &TimelineWorker::pid, "process id in the initial pid namespace"),
      field("tid", &TimelineWorker::tid, "thread id with --by thread; null otherwise"),
      field("accepts", &TimelineWorker::accepts, "accepts in each step"),
      field("open", &TimelineWorker::open, "connections open at the end of each step"),
      field("active", &TimelineWorker::active, "number of these that were active in the last tick of the step"),
      field("bytes", &TimelineWorker::bytes, "bytes received and sent in each step"),
      field("requests", &TimelineWorker::requests,
            "requests that began in each step; empty if requests were not counted, here and below", kLater),
      field("in_flight", &TimelineWorker::in_flight, "requests in flight at the end of each step", kLater),
      field("busy_seconds", &TimelineWorker::busy, "busy time in each step", kLater),
      field("cpu_seconds", &TimelineWorker::cpu, "CPU time used in each step", kLater));
};

template <>
struct Described<TimelineRows> {
  static constexpr std::string_view name = "timeline";
  static constexpr Layout layout = Layout::block;
  static constexpr auto fields = std::make_tuple(
      field("step_seconds", &TimelineRows::step,
            "length of a step; grows with the run, so that there are at most 240 steps"),
      field("start", &TimelineRows::start, "times at which the steps began; the last step may be incomplete"),
      field("workers", &TimelineRows::workers,
            "the workers in the order of their rows; at most 1,024 over all services"));
};

template <>
struct Described<PoolSize> {
  static constexpr std::string_view name = "workers_at_once";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields =
      std::make_tuple(field("min", &PoolSize::min, "fewest that could accept or serve at a time, while there was one"),
                      field("max", &PoolSize::max, "most at a time"),
                      field("seen", &PoolSize::seen, "all that there were during the run, one after another"));
};

template <>
struct Described<Held> {
  static constexpr std::string_view name = "held";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("connections", &Held::connections, "connections, accepted during the run and pre-existing ones"),
      field("open", &Held::open, "number of these still open at the end"),
      field("connection_seconds", &Held::time, "lifetimes of the closed ones plus ages of the open ones"),
      field("bytes", &Held::bytes, "bytes received and sent on them"));
};

template <>
struct Described<WorkerRow> {
  static constexpr std::string_view name = "worker";
  static constexpr Layout layout = Layout::line;
  static constexpr auto fields = std::make_tuple(
      field("pid", &WorkerRow::pid, "process id in the initial pid namespace"),
      field("tid", &WorkerRow::tid, "thread id with --by thread; null otherwise"),
      field("ns_pid", &WorkerRow::ns_pid, "process id in the worker's own pid namespace, as seen inside its container"),
      field("proc_pid", &WorkerRow::proc_pid,
            "process id in the /proc of the run, which was traced from another pid namespace than the initial one (a "
            "container); null if it is the same as pid, or if that /proc does not show the process",
            kLater),
      field("start_time", &WorkerRow::start_time,
            "start time of the process (thread); distinguishes processes that reuse a pid"),
      field("comm", &WorkerRow::comm, "command name that the kernel keeps, at most 15 bytes"),
      field("cmdline", &WorkerRow::cmdline, "command line, arguments joined by spaces; null if it could not be read"),
      field("cgroup", &WorkerRow::cgroup, "cgroup v2 path; null if it could not be read"),
      field(
          "container", &WorkerRow::container,
          "label of the container, pod, machine or systemd unit that the cgroup path tells: 'docker 0123456789ab' or "
          "with the name that the runtime keeps in its files, 'pod NAMESPACE/POD/CONTAINER', 'nginx.service'; null if "
          "it tells none",
          kLater),
      field(
          "cpu_seconds", &WorkerRow::cpu_time,
          "CPU time, user and system, that the process (thread) used for whatever it does, from the first look at it to "
          "the last, one per tick, to 10 ms; null if it was not looked at",
          kLater),
      field(
          "role", &WorkerRow::role,
          "role of the process; only a worker counts among those that could accept. A supervisor (a master, an arbiter) "
          "holds the listening socket and is the parent of workers, but does not accept; an acceptor hands the "
          "connections that it accepts over to others; a holder has the socket, but "
          "neither waits on it nor ever accepted; a draining process gave the socket up and still holds connections",
          kLater),
      field("exited", &WorkerRow::exited,
            "whether it exited, or closed the listening socket without connections left, during the run"),
      field("left_at", &WorkerRow::left_at, "when it did; null if it did not", kLater),
      field("accepts", &WorkerRow::counts, &ConnectionCounts::accepts, "connections that it accepted"),
      field("closes", &WorkerRow::counts, &ConnectionCounts::closes, "number of these that the application closed"),
      field("open", &WorkerRow::open, "its connections still open at the end, pre-existing ones included"),
      field("peak_open", &WorkerRow::counts, &ConnectionCounts::peak_open,
            "largest number of its connections open at once"),
      field("preexisting", &WorkerRow::counts, &ConnectionCounts::preexisting,
            "connections that it held when tracing began", kLater),
      field("preexisting_closes", &WorkerRow::counts, &ConnectionCounts::preexisting_closes,
            "number of these that the application closed", kLater),
      field("connection_seconds", &WorkerRow::connection_time,
            "lifetimes of its closed connections plus ages of its open ones; pre-existing connections count since they "
            "were found"),
      field("held", &WorkerRow::held,
            "the connections that it really had: its own without those that it handed over to others, and with those "
            "that others handed over to it. Of a connection that another worker accepted, it was the last to serve a "
            "request; where no request is known, it closed it, or holds it alone",
            kLater),
      field("bytes_received", &WorkerRow::counts, &ConnectionCounts::bytes_received,
            "bytes that the kernel received in order on its connections, read by the application or not"),
      field(
          "bytes_sent", &WorkerRow::counts, &ConnectionCounts::bytes_sent,
          "bytes that the application handed over to the kernel on its connections, acknowledged by the peers or not"),
      field("lifetime_seconds", &WorkerRow::lifetime, "lifetimes of its connections, from accept to close"),
      field("accept_wait_seconds", &WorkerRow::accept_wait, "times that its connections waited in the accept queue"),
      field("requests", &WorkerRow::requests, "requests that it served; null if requests were not counted", kLater));
};

template <>
struct Described<ServiceRow> {
  static constexpr std::string_view name = "service";
  static constexpr Layout layout = Layout::block;
  static constexpr auto fields = std::make_tuple(
      field("address", &ServiceRow::endpoint, &Endpoint::address, "local listening address"),
      field("port", &ServiceRow::endpoint, &Endpoint::port, "local listening port"),
      field("netns", &ServiceRow::netns, "network namespace, the inode number in /proc/PID/ns/net"),
      field("netns_name", &ServiceRow::netns_name,
            "name of the network namespace as ip-netns(8) keeps it in /run/netns; null if it has none", kLater),
      field(
          "listen_sockets", &ServiceRow::listen_sockets,
          "number of listening sockets on its address: more than one with SO_REUSEPORT; 0 if none was seen or all were "
          "closed",
          kLater),
      field("reuseport", &ServiceRow::reuseport,
            "whether its listening socket has SO_REUSEPORT set; null if the socket was not seen"),
      field("backlog", &ServiceRow::backlog,
            "backlog of its listening socket, in connections; null if the socket was not seen"),
      field("epoll_exclusive", &ServiceRow::epoll_exclusive,
            "whether all workers that poll the listening socket use EPOLLEXCLUSIVE; null if none polls it or this is "
            "unknown",
            kLater),
      field(
          "accept_blocks", &ServiceRow::accept_blocks,
          "whether workers wait for connections in a call, accept() or poll() or a request of io_uring, in which they "
          "do not stand while they serve; false: in an epoll set; null if unknown",
          kLater),
      field(
          "woken_first_pid", &ServiceRow::woken_first_pid,
          "process that was first in the wait queue of the listening socket at all looks, with others behind it; null "
          "if that changed, or nobody else waited",
          kLater),
      field("woken_first_tid", &ServiceRow::woken_first_tid, "the same with --by thread: the thread", kLater),
      field("waiting_threads", &ServiceRow::waiting_threads,
            "the most threads of one process that were seen to wait for connections at once", kLater),
      field("accepts", &ServiceRow::counts, &ConnectionCounts::accepts, "connections accepted on it"),
      field("closes", &ServiceRow::counts, &ConnectionCounts::closes, "number of these that the application closed"),
      field("open", &ServiceRow::open, "connections still open at the end, pre-existing ones included"),
      field("peak_open", &ServiceRow::counts, &ConnectionCounts::peak_open,
            "largest number of its connections open at once"),
      field("preexisting", &ServiceRow::counts, &ConnectionCounts::preexisting,
            "connections that were already open when tracing began", kLater),
      field("preexisting_closes", &ServiceRow::counts, &ConnectionCounts::preexisting_closes,
            "number of these that the application closed", kLater),
      field("never_accepted", &ServiceRow::never_accepted, "connections that left its accept queue without an accept"),
      field("handed_over", &ServiceRow::handed_over,
            "connections that were served or closed, or are held, by others than the workers that accepted them",
            kLater),
      field("workers_eligible", &ServiceRow::workers_eligible,
            "workers that could accept or serve at a time, the median over the time with at least one: a worker that "
            "replaces another one takes its place",
            kLater),
      field("workers_at_once", &ServiceRow::workers_at_once, "how this number varied", kLater),
      field(
          "workers_out_of_sight", &ServiceRow::workers_out_of_sight,
          "number of processes that accepted and that this run could not look at, because they are outside of its pid "
          "namespace: others like them, which accepted nothing, are not known",
          kLater),
      field("workers_idle", &ServiceRow::workers_idle, "number of these without any connection during the run", kLater),
      field("active_workers", &ServiceRow::active_workers, "workers active per complete window of --window", kLater),
      field("effective_workers", &ServiceRow::effective_workers,
            "1 / the sum of the squared shares of the eligible workers: the number of equally busy workers that gives "
            "the same sum",
            kLater),
      field("top_share", &ServiceRow::top_share, "share of the single busiest worker", kLater),
      field("lifetime_seconds", &ServiceRow::lifetime, "lifetimes of its connections, from accept to close"),
      field("accept_wait_seconds", &ServiceRow::accept_wait, "times that its connections waited in the accept queue"),
      field("requests", &ServiceRow::requests, "requests on its connections; null if requests were not counted",
            kLater),
      field("accept_queue", &ServiceRow::accept_queue, "the queue of connections waiting to be accepted"),
      field("listeners", &ServiceRow::listeners,
            "its listening sockets, and of those that were closed the ones that lost connections, at most 64", kLater),
      field("close_reasons", &ServiceRow::close_reasons, "number of its closed connections per close reason"),
      field("verdict", &ServiceRow::verdict,
            "the worst finding; if the rules found nothing, the state ok with its reason", kLater),
      field("findings", &ServiceRow::findings, "all that the rules found in these figures, worst first", kLater),
      field(
          "workers", &ServiceRow::workers,
          "its workers, most connections (accepts and pre-existing) first; then draining processes, supervisors, holders"),
      field("workers_forgotten", &ServiceRow::workers_forgotten,
            "workers that left without a connection so long ago that they are no longer listed", kLater),
      field("peers", &ServiceRow::peers, "the client addresses with the most connections, at most 20", kLater),
      field("peers_other", &ServiceRow::peers_other,
            "connections of all other addresses: addresses with fewer connections, addresses beyond the 4,096 that are "
            "counted apart, addresses of lost records",
            kLater),
      field("timeline", &ServiceRow::timeline, "activity over the run, in steps", kLater));
};

template <>
struct Described<Endpoint> {
  static constexpr std::string_view name = "endpoint";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields =
      std::make_tuple(field("address", &Endpoint::address, "IPv4 or IPv6 address; IPv4-mapped ones are shown as IPv4"),
                      field("port", &Endpoint::port, "TCP port"));
};

template <>
struct Described<ServiceKey> {
  static constexpr std::string_view name = "service_key";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields =
      std::make_tuple(field("address", &ServiceKey::endpoint, &Endpoint::address, "local listening address"),
                      field("port", &ServiceKey::endpoint, &Endpoint::port, "local listening port"),
                      field("netns", &ServiceKey::netns, "network namespace, the inode number in /proc/PID/ns/net"));
};

/// A connection's fields after `id` and `service`: the same in the dump and in a line of --log.
inline constexpr auto kConnectionFields = std::make_tuple(
    field("pid", &ConnectionRow::pid, "process that accepted it, or held it when tracing began"),
    field("tid", &ConnectionRow::tid, "thread that accepted it"),
    field("comm", &ConnectionRow::comm, "command name of its worker"),
    field("local", &ConnectionRow::local, "address and port of this side, as of the accept"),
    field("peer", &ConnectionRow::peer, "address and port of the other side; a pseudonym with --redact-peers"),
    field("accepted_at", &ConnectionRow::accepted_at,
          "time of the accept; null if it was before tracing began (preexisting)"),
    field("accept_wait_seconds", &ConnectionRow::accept_wait,
          "time in the accept queue; null if its entry into the queue was not seen"),
    field("closed_at", &ConnectionRow::closed_at, "time at which the application closed it; null if still open"),
    field("lifetime_seconds", &ConnectionRow::lifetime, "time from accept to close; null if still open or preexisting"),
    field("age_seconds_min", &ConnectionRow::age_min,
          "lower bound of the lifetime: an open connection's age at the end, or a preexisting one's time since it was "
          "found; null otherwise"),
    field("bytes_received", &ConnectionRow::bytes_received,
          "bytes that the kernel received in order, read by the application or not"),
    field("bytes_sent", &ConnectionRow::bytes_sent,
          "bytes that the application handed over to the kernel, acknowledged by the peer or not"),
    field("bytes_unacknowledged", &ConnectionRow::bytes_unacknowledged,
          "the part of bytes_sent that the peer had not acknowledged at the close, or when last looked at; null if not "
          "counted",
          kLater),
    field("close_reason", &ConnectionRow::close_reason, "reason for the close; null if still open"),
    field("closed_by_pid", &ConnectionRow::closed_by_pid, "process that closed it; null if still open or unknown"),
    field("preexisting", &ConnectionRow::preexisting,
          "whether it was already open when tracing began; its bytes count from then", kLater),
    field("held_by_pid", &ConnectionRow::held_by_pid,
          "other process that is the only holder of this open connection (it was handed over); null otherwise", kLater),
    field("requests", &ConnectionRow::requests, "requests on it that began during the run; null if not counted",
          kLater),
    field(
        "served_by_pid", &ConnectionRow::served_by_pid,
        "process (thread with --by thread) that served most of its requests, if one served over half; null without a request",
        kLater),
    field(
        "served_by_workers", &ConnectionRow::served_by_workers,
        "number of workers that served at least one of its requests, exact up to 64 workers of a service; null if not "
        "counted",
        kLater));

inline constexpr auto kConnectionId = field(
    "id", &ConnectionRow::id, "number of the connection: 1, 2, … in the order of the accepts, pre-existing ones first");

template <>
struct Described<ConnectionRow> {
  static constexpr std::string_view name = "connection";
  static constexpr Layout layout = Layout::line;
  static constexpr auto fields = std::tuple_cat(
      std::make_tuple(kConnectionId, field("service", &ConnectionRow::service, "index of its service in services")),
      kConnectionFields);
};

/// One line of --log: a connection that names its service, because each line is complete by itself.
struct ConnectionLine {
  ServiceKey service;
  ConnectionRow connection;
};

/// A connection's field as a field of its line.
template <class Value>
constexpr auto lifted(const Field<ConnectionRow, Value>& f) {
  return field(f.name, &ConnectionLine::connection, f.member, f.help, f.since);
}

template <>
struct Described<ConnectionLine> {
  static constexpr std::string_view name = "log_line";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::tuple_cat(
      std::make_tuple(lifted(kConnectionId), field("service", &ConnectionLine::service,
                                                   "the service itself, because the log has no list of services")),
      std::apply([](const auto&... f) { return std::make_tuple(lifted(f)...); }, kConnectionFields));
};

template <>
struct Described<Snapshot> {
  static constexpr std::string_view name = "dump";
  static constexpr Layout layout = Layout::block;
  static constexpr auto fields = std::make_tuple(
      field("schema_version", &Snapshot::schema_version,
            "version of the format: 1; fields may be added without a new number, a change of meaning raises it"),
      field("tool", &Snapshot::tool, "program that wrote the dump"),
      field("host", &Snapshot::host, "host that was traced"),
      field("run", &Snapshot::run, "time, backend and settings of the run"),
      field("totals", &Snapshot::totals, "sums over all services"),
      field("losses", &Snapshot::losses, "losses, one counter per kind; all 0 in a complete dump"),
      field("consistency", &Snapshot::consistency, "comparison of the kernel's totals with the records"),
      field("overhead", &Snapshot::overhead, "cost of the tracing itself"),
      field("services", &Snapshot::services, "the services, most connections first"),
      field("connections", &Snapshot::connections, "every connection of the run, in the order of the accepts"),
      field("connections_omitted", &Snapshot::connections_omitted,
            "number of connections that --dump-connections left out of the list"));
};

/// The value of `schema_version` that this program writes and reads.
inline constexpr std::uint32_t kSchemaVersion = 1;

}  // namespace acceptscope
