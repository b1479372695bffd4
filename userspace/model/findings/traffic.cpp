// SPDX-License-Identifier: BSD-2-Clause
/// Who has the work, by requests, busy time and bytes; and requests that nobody reads.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "model/findings/rules.hpp"
#include "model/findings/sentences.hpp"
#include "model/findings/servers.hpp"
#include "model/serving.hpp"
#include "model/worker_names.hpp"
#include "text/numbers.hpp"

namespace acceptscope::rules {
namespace {

using Rows = std::vector<const WorkerRow*>;

/// The workers that could work now.
Rows workers_of(const ServiceRow& service) {
  Rows rows;
  for (const WorkerRow& row : service.workers)
    if (row.role == Role::worker && !row.exited) rows.push_back(&row);
  return rows;
}

template <class Is>
Rows those(const Rows& rows, Is is) {
  Rows found;
  std::ranges::copy_if(rows, std::back_inserter(found), [is](const WorkerRow* row) { return is(*row); });
  return found;
}

double part_of(Nanoseconds time, Nanoseconds run) {
  if (run <= 0ns) return 0;
  return std::min(1.0, std::chrono::duration<double>(time) / std::chrono::duration<double>(run));
}

/// Part of the run in which it had a request in flight.
double busy_part(const WorkerRow& row, Nanoseconds run) {
  return row.requests ? part_of(row.requests->load.busy, run) : 0;
}

/// Part of the run in which it could take no connection: of one that never had two at once, all the time with one. A
/// worker that serves one at a time is occupied by a client that asks for nothing, too.
double occupied_part(const WorkerRow& row, Nanoseconds run) {
  const double held = row.counts.peak_open == 1 ? part_of(row.connection_time, run) : 0;
  return std::max(busy_part(row, run), held);
}

template <class Stats>
bool is_slow(const Stats& waits) {
  return waits.count >= kFewestWaits && waits.p95 && *waits.p95 >= kLongWait;
}

/// The unread wait at p95 of a worker whose requests lie unread for long.
std::optional<Nanoseconds> slow_p95(const WorkerRow& row) {
  return row.requests && is_slow(row.requests->unread_wait) ? row.requests->unread_wait.p95 : std::nullopt;
}

/// It reads nothing: worker_stalled names it.
bool is_stalled(const WorkerRow& row) { return row.stall && !row.stall->over && row.stall->lasted >= kStallTime; }

/// It reads, but requests lie unread for long before: one in twenty of those that it read did, or one does now.
bool lets_wait(const WorkerRow& row) {
  return slow_p95(row).has_value() || (row.oldest_waiting.value_or(0ns) >= kStallTime && !is_stalled(row));
}

/// The workers with room for more.
Rows with_room(const Rows& workers, Nanoseconds run) {
  return those(workers, [run](const WorkerRow& row) {
    return !lets_wait(row) && !is_stalled(row) && occupied_part(row, run) < kBusyPart;
  });
}

/// Whether those with room are more than a spare one or two.
bool has_room(const Rows& room, const Rows& workers) {
  return static_cast<double>(room.size()) > (1 - kAllPart) * static_cast<double>(workers.size());
}

/// The longest of what `of` finds.
template <class Of>
std::optional<Nanoseconds> longest(const Rows& rows, Of of) {
  std::optional<Nanoseconds> most;
  for (const WorkerRow* row : rows) most = std::max(most, of(*row));
  return most;
}

/// Unread waits at p95, or of one that waits now.
std::optional<Nanoseconds> unread_wait_of(const Rows& rows) {
  return longest(rows, [](const WorkerRow& row) { return std::max(slow_p95(row), row.oldest_waiting); });
}

/// "41 requests wait unread, 3.2 s at p95"
std::string unread_text(const Rows& rows) {
  std::uint64_t now = 0;
  for (const WorkerRow* row : rows) now += row->waiting_requests;
  std::string text = now > 0 ? fmt::format("{} {} unread", count_of(now, "request"), now == 1 ? "waits" : "wait")
                             : std::string("requests waited unread");
  const auto p95 = longest(rows, slow_p95);
  const auto oldest = longest(rows, [](const WorkerRow& row) { return row.oldest_waiting; });
  if (p95) return text + fmt::format(", {} at p95", coarse_duration_text(*p95));
  return oldest ? text + fmt::format(", the oldest for {}", coarse_duration_text(*oldest)) : text;
}

/// "100 %", "91 % to 100 %"
template <class Part>
std::string parts_text(const Rows& rows, Part part) {
  double least = 1, most = 0;
  for (const WorkerRow* row : rows) {
    least = std::min(least, part(*row));
    most = std::max(most, part(*row));
  }
  const std::string low = coarse_share_text(least), high = coarse_share_text(most);
  return low == high ? high : low + " to " + high;
}

/// " with up to 32 requests in flight each"
std::string in_flight_text(const Rows& rows) {
  std::uint64_t most = 0;
  for (const WorkerRow* row : rows) most = std::max(most, row->requests ? row->requests->load.in_flight_peak : 0);
  return most < 2
             ? ""
             : fmt::format(" with up to {} in flight{}", count_of(most, "request"), rows.size() > 1 ? " each" : "");
}

/// "pid 7", "pids 7, 8"
std::string names_of(const Rows& rows) { return workers_text(rows, kMostPids); }

/// Of workers that let requests wait: what each shows.
void add_waiting(Finding& finding, const Rows& rows, Nanoseconds run) {
  for (std::size_t i = 0; i < std::min(rows.size(), kMostPids); ++i) {
    const WorkerRow& row = *rows[i];
    std::string text = fmt::format("{}: busy {} of the time", worker_text(row), coarse_share_text(busy_part(row, run)));
    text += fmt::format("; {}.", unread_text({&row}));
    text[0] = static_cast<char>(text[0] == 'p' ? 'P' : text[0] == 't' ? 'T' : text[0]);
    finding.evidence.push_back(std::move(text));
  }
}

/// The connections whose spread chance explains: the long-lived ones, else all of the run.
std::uint64_t connections_dealt(const Subject& subject) {
  const std::optional<Basis> held = long_lived(subject.service, subject.duration);
  return subject.spreads.by(held.value_or(Basis::all)).total;
}

/// What the traffic is measured by, and how unevenly it is spread.
struct Traffic {
  std::string what;
  double effective = 0;
  std::optional<double> top;
};

std::optional<Traffic> concentrated_traffic(const ServiceRow& service, double limit) {
  const EffectiveWorkers& effective = service.effective_workers;
  if (counts_requests(service)) {
    const bool few = effective.requests && effective.busy && std::max(*effective.requests, *effective.busy) < limit;
    if (!few || service.requests->load.count < kFewestRequests) return std::nullopt;
    return Traffic{"requests", *effective.requests, service.top_share.requests};
  }
  const ActiveStats& serving = service.active_workers.serving;
  const bool few =
      effective.bytes && *effective.bytes < limit && serving.windows >= kFewestWindows && serving.p95 < limit;
  if (!few) return std::nullopt;
  return Traffic{"bytes", *effective.bytes, service.top_share.bytes};
}

}  // namespace

std::optional<Finding> worker_stalled(const Subject& subject) {
  const ServiceRow& service = subject.service;
  if (is_handed_over_to_unknown(service)) return std::nullopt;  // the acceptor reads nothing, and who does is not known
  const Rows workers = workers_of(service);
  const Rows stalled = those(workers, [&](const WorkerRow& row) {
    if (!row.stall || row.stall->lasted < kStallTime) return false;
    const bool others_work = row.stall->others_began > 0 || workers.size() == 1;
    return row.stall->lasted >= kLongStall || (others_work && counts_requests(service));
  });
  if (stalled.empty()) return std::nullopt;
  std::uint64_t waiting = 0;
  for (const WorkerRow* row : stalled) waiting += row->stall->waiting;
  const Nanoseconds lasted = *longest(stalled, [](const WorkerRow& row) { return std::optional(row.stall->lasted); });
  const bool over = std::ranges::all_of(stalled, [](const WorkerRow* row) { return row->stall->over; });

  Finding finding;
  finding.severity = lasted >= kLongStall ? Severity::critical : Severity::warning;
  finding.summary = fmt::format("{} of {} {} no request for {} while {} {} unread", stalled.size(),
                                count_of(workers.size(), "worker"),
                                over                  ? "read"
                                : stalled.size() == 1 ? "reads"
                                                      : "read",
                                at_least_text(coarse_duration_text(lasted)), count_of(waiting, "request"),
                                over           ? "waited"
                                : waiting == 1 ? "waits"
                                               : "wait");
  finding.summary += fmt::format(": {}", names_of(stalled));
  for (std::size_t i = 0; i < std::min(stalled.size(), kMostPids); ++i) {
    const WorkerRow& row = *stalled[i];
    std::string text = fmt::format("Of {}: {} unread for {}", worker_text(row), count_of(row.stall->waiting, "request"),
                                   at_least_text(coarse_duration_text(row.stall->lasted)));
    if (row.stall->over) {
      text += ", then it read again";
    } else if (row.oldest_waiting) {
      text += fmt::format(", the oldest for {}", coarse_duration_text(*row.oldest_waiting));
    }
    if (row.stall->others_began > 0)
      text += fmt::format("; the other workers began {} meanwhile", count_of(row.stall->others_began, "request"));
    finding.evidence.push_back(text + ".");
  }
  finding.advice.push_back(
      "Look at what the worker does: a call that blocks its event loop, a deadlock, a stop (/proc/PID/stack and wchan, "
      "gdb, py-spy). Move calls that block to threads, with a limit in time: expect unread waits below a few "
      "milliseconds.");
  if (!over)
    finding.advice.push_back(
        "If it does not come back: restart it. Its clients wait until then, or until they give up.");
  return finding;
}

std::optional<Finding> worker_saturated(const Subject& subject) {
  const ServiceRow& service = subject.service;
  if (is_handed_over_to_unknown(service)) return std::nullopt;
  const Rows workers = workers_of(service);
  const Rows saturated = those(workers, lets_wait);
  const Rows room = with_room(workers, subject.duration);
  if (saturated.empty() || !has_room(room, workers)) return std::nullopt;
  const Rows idle = those(room, [&](const WorkerRow& row) { return is_idle(service, row); });
  const auto busy = [&](const WorkerRow& row) { return busy_part(row, subject.duration); };

  Finding finding;
  const bool long_wait = unread_wait_of(saturated).value_or(0ns) >= kCriticalWait;
  finding.severity = long_wait ? Severity::critical : Severity::warning;
  finding.summary = fmt::format("{} of {} {} busy {} of the time{}; {}; ", saturated.size(),
                                count_of(workers.size(), "worker"), saturated.size() == 1 ? "is" : "are",
                                parts_text(saturated, busy), in_flight_text(saturated), unread_text(saturated));
  const std::string others =
      room.size() == idle.size() ? std::string("idle") : fmt::format("busy {} of the time", parts_text(room, busy));
  finding.summary += fmt::format("{} {} {}", count_of(room.size(), "worker"), room.size() == 1 ? "is" : "are", others);
  add_waiting(finding, saturated, subject.duration);
  finding.evidence.push_back(fmt::format("With room for work: {} of {}: {}.", room.size(),
                                         count_of(workers.size(), "worker"), names_of(room)));
  add_lifetimes(finding, service);
  finding.advice.push_back(
      "More workers do not help: those that there are have room. A kept connection stays with its worker, so renew "
      "connections (client: a maximum age of a pooled connection; server: a maximum number of requests), and let a "
      "worker accept no more than it can serve.");
  finding.advice.push_back(
      "Where few requests block a worker (an event loop that computes or calls what blocks), move these calls to "
      "threads: expect unread waits below a few milliseconds, whatever the spread.");
  return finding;
}

std::optional<Finding> all_busy(const Subject& subject) {
  const ServiceRow& service = subject.service;
  if (is_handed_over_to_unknown(service)) return std::nullopt;
  const Rows workers = workers_of(service);
  if (workers.empty()) return std::nullopt;
  const auto occupied = [&](const WorkerRow& row) { return occupied_part(row, subject.duration); };
  const Rows waiting = those(workers, lets_wait);
  const bool connections_wait = accept_waits_are_long(service);
  if (waiting.empty() && !connections_wait) return std::nullopt;
  const Rows room = with_room(workers, subject.duration);
  if (has_room(room, workers)) return std::nullopt;
  const Rows full = those(workers, [&](const WorkerRow& row) { return std::ranges::find(room, &row) == room.end(); });

  Finding finding;
  const Nanoseconds worst =
      std::max(unread_wait_of(waiting).value_or(0ns), connections_wait ? service.accept_wait.p95.value_or(0ns) : 0ns);
  finding.severity = worst >= kCriticalWait ? Severity::critical : Severity::warning;
  const std::string who = workers.size() == 1 ? "The only worker is"
                          : room.empty()      ? fmt::format("All {} are", count_of(workers.size(), "worker"))
                                         : fmt::format("{} of {} are", full.size(), count_of(workers.size(), "worker"));
  finding.summary = fmt::format("{} {} {} of the time", who, serves_one_at_a_time(service) ? "occupied" : "busy",
                                parts_text(full, occupied));
  if (!waiting.empty()) finding.summary += "; " + unread_text(waiting);
  if (connections_wait) finding.summary += "; " + accept_waits_text(service);
  if (!waiting.empty()) add_waiting(finding, waiting, subject.duration);
  add_lifetimes(finding, service);
  const auto is_busy = [&](const WorkerRow* row) { return busy_part(*row, subject.duration) >= kBusyPart; };
  // Not where they are busy with requests all the time: then no idle client holds them.
  if (serves_one_at_a_time(service) && std::ranges::none_of(full, is_busy)) {
    finding.advice.push_back(fmt::format(
        "These workers serve one connection at a time, and a client that keeps its connection occupies one, idle or not: "
        "a shorter keep-alive timeout of the server{}, or more workers{}. Another spread does not help.",
        setting_text(service, &ServerKind::idle_limit), setting_text(service, &ServerKind::workers)));
  } else {
    finding.advice.push_back(fmt::format(
        "More workers{}, on more CPUs or machines, or shorter requests. Another spread of the connections does "
        "not help: no worker has room.",
        setting_text(service, &ServerKind::workers)));
  }
  return finding;
}

std::optional<Finding> uneven_traffic(const Subject& subject) {
  const ServiceRow& service = subject.service;
  if (!has_traffic(subject) || service.workers_eligible < 2 || connections_are_uneven(subject)) return std::nullopt;
  const bool by_requests = counts_requests(service);
  if (!by_requests && (is_handed_over_to_unknown(service) || !told_of(subject).enough())) return std::nullopt;
  std::uint64_t dealt = connections_dealt(subject);
  if (dealt < kFewestConnections) return std::nullopt;
  if (by_requests) dealt = std::min(dealt, service.requests->load.count);
  const FairBaseline& fair = subject.spreads.draws().of(dealt / kTrafficVariation, service.workers_eligible);
  const double limit = std::min(fair.p01, kTrafficPart * service.workers_eligible);
  const std::optional<Traffic> traffic = concentrated_traffic(service, limit);
  if (!traffic) return std::nullopt;

  Finding finding;
  double busiest = 0;
  for (const WorkerRow* row : workers_of(service)) busiest = std::max(busiest, busy_part(*row, subject.duration));
  const bool near_its_limit = by_requests && busiest >= kBusyPart;
  finding.severity = near_its_limit ? Severity::warning : Severity::info;
  finding.summary = fmt::format("The {} are on few workers: effective workers by {} {} of {}", traffic->what,
                                traffic->what, decimal_text(traffic->effective), service.workers_eligible);
  const double by_connections = subject.spreads.by(Basis::all).effective;
  if (by_connections > 0) finding.summary += fmt::format(", by connections {}", decimal_text(by_connections));
  if (traffic->top) finding.summary += fmt::format("; one worker has {} of them", coarse_share_text(*traffic->top));
  if (by_requests) {
    const std::vector<const WorkerRow*> rows = rows_in_order(service);
    for (std::size_t i = 0; i < std::min<std::size_t>(rows.size(), 3); ++i) {
      const WorkerRow& row = *rows[i];
      if (!row.requests || row.requests->load.count == 0) break;
      finding.evidence.push_back(fmt::format(
          "Of {}: {} on {}, busy {} of the time.", worker_text(row), count_of(row.requests->load.count, "request"),
          count_of(held_by(row).connections, "connection"), coarse_share_text(busy_part(row, subject.duration))));
    }
  }
  finding.evidence.push_back(
      fmt::format("A fair draw of {}, half of those dealt, because their traffic differs, gives at least {} effective "
                  "workers in 99 % of cases.",
                  count_of(dealt / kTrafficVariation, "connection"), decimal_text(fair.p01)));
  finding.advice.push_back(
      "The connections are even, and some carry far more traffic than others: let clients spread requests over more "
      "connections (a larger pool used in turn, less pipelining or multiplexing on one), or renew busy ones.");
  if (!near_its_limit && by_requests)
    finding.advice.push_back("No worker is busy most of the time: this costs nothing yet.");
  return finding;
}

}  // namespace acceptscope::rules
