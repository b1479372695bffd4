// SPDX-License-Identifier: BSD-2-Clause
/// Who has the connections.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "model/findings/rules.hpp"
#include "model/findings/sentences.hpp"
#include "model/findings/servers.hpp"
#include "model/serving.hpp"
#include "model/worker_names.hpp"
#include "text/numbers.hpp"

namespace acceptscope::rules {

std::optional<Basis> long_lived(const ServiceRow& service, Nanoseconds duration) {
  const std::uint64_t all = service.counts.connections();
  Nanoseconds held{0};
  for (const WorkerRow& row : service.workers) held += row.connection_time;
  const bool concurrent = service.counts.peak_open >= all - all / (kOpenPerClosed + 1);
  if (all > 0 && concurrent) {
    const Nanoseconds mean = held / static_cast<std::int64_t>(all);
    if (mean >= kLongAge && mean >= duration / kPartOfRun) return Basis::all;
  }
  const Nanoseconds age = service.lifetime.open_age_p50.value_or(0ns);
  if (service.open == 0 || age < kLongAge) return std::nullopt;
  const std::uint64_t closed = service.counts.closed();
  if (age >= duration / kPartOfRun || closed <= service.open / kOpenPerClosed) return Basis::open;
  return std::nullopt;
}

namespace {

/// What the spreads of the connections look like.
struct Picture {
  std::optional<Basis> held;  ///< the long-lived connections
  bool pinned = false;        ///< those are uneven
  bool skewed = false;        ///< the accepts are
  bool early = false;         ///< neither the run nor the connections are old enough to know why
};

/// Empty if the acceptors say nothing about the spread, or no spread is known.
std::optional<Picture> picture_of(const Subject& subject) {
  const ServiceRow& service = subject.service;
  if (!has_traffic(subject) || !told_of(subject).enough() || is_handed_over_to_unknown(service)) return std::nullopt;
  Picture picture;
  picture.held = long_lived(service, subject.duration);
  picture.pinned = picture.held && subject.spreads.judged(*picture.held).uneven;
  // Beside long-lived connections, accepts are judged only if some connections were short. Without long-lived ones, the
  // kind of connections that were only just accepted is not known yet.
  const bool some_were_short = service.counts.closes >= kFewestConnections;
  const bool accepts_count = !picture.held || (*picture.held == Basis::open && some_were_short);
  picture.skewed = !picture.pinned && accepts_count && subject.spreads.judged(Basis::accepts).uneven;
  picture.early =
      subject.duration < kLongAge || (!some_were_short && service.lifetime.open_age_p50.value_or(0ns) < kLongAge);
  return picture;
}

/// Whether so many requests were counted that they say who has the work.
bool requests_tell(const ServiceRow& service) {
  return counts_requests(service) && service.effective_workers.requests &&
         service.requests->load.count >= kFewestRequests;
}

bool work_is_concentrated(const ServiceRow& service, double workers) {
  if (requests_tell(service)) return *service.effective_workers.requests <= kCriticalPart * workers;
  const ActiveStats& serving = service.active_workers.serving;
  if (service.effective_workers.bytes) return *service.effective_workers.bytes <= kCriticalPart * workers;
  return serving.windows != 0 && serving.max != 0 && serving.p95 <= kCriticalPart * workers;
}

/// The requests are on enough workers, whoever has the connections: no capacity is out of reach.
bool work_is_even(const ServiceRow& service, const Spread& spread) {
  return requests_tell(service) && *service.effective_workers.requests >= spread.fair->p01;
}

void add_even_work(Finding& finding, const ServiceRow& service) {
  finding.evidence.push_back(fmt::format("The requests are even all the same: effective workers by requests {} of {}.",
                                         decimal_text(*service.effective_workers.requests), service.workers_eligible));
}

/// "own", "accepted" of workers; of those to whom connections are handed over "had".
std::string_view verb(const ServiceRow& service, std::string_view of_acceptors) {
  return is_handed_over(service) ? "had" : of_acceptors;
}

/// The kernel does not deal these connections.
void advise_the_acceptor(Finding& finding, const ServiceRow& service, const Spread& spread) {
  finding.advice.push_back(fmt::format(
      "Who gets a connection is up to {}, which hands it over: let it choose the workers in turn, or the one "
      "with the fewest connections. Expect at least {} effective workers.",
      acceptors_text(service), decimal_text(std::max(spread.effective, spread.fair->p01))));
}

/// Where a worker serves one connection at a time, another spread would only let connections wait behind a busy worker.
void advise_one_at_a_time(Finding& finding, const ServiceRow& service) {
  finding.advice.push_back(fmt::format(
      "These workers serve one connection at a time, and a client that keeps its connection occupies one, idle or not. "
      "If clients wait: a shorter keep-alive timeout of the server{}, or more workers{}.",
      setting_text(service, &ServerKind::idle_limit), setting_text(service, &ServerKind::workers)));
  finding.advice.push_back(
      "One shared queue is right for such workers: with one for each of them, connections wait behind a busy worker while "
      "others are free.");
}

void advise_against_pinning(Finding& finding, const ServiceRow& service, const Spread& spread) {
  const double fair = spread.fair->p50;
  finding.advice.push_back(
      "Client: limit how long or for how many requests a pooled connection is used, whether it is busy or not (a maximum "
      "connection age). Each new connection is dealt again; an expiry of idle connections does nothing for busy ones.");
  if (serves_one_at_a_time(service)) return advise_one_at_a_time(finding, service);
  finding.advice.push_back(fmt::format(
      "Server: close after a number of requests or a time{}, or shorten the keep-alive timeout{} if the connections are "
      "idle most of the time. Expect more accepts/s, and closes from this side.",
      setting_text(service, &ServerKind::renewal), setting_text(service, &ServerKind::idle_limit)));
  if (is_handed_over(service)) {
    advise_the_acceptor(finding, service, spread);
  } else if (service.reuseport.value_or(false)) {
    finding.advice.push_back(fmt::format(
        "SO_REUSEPORT is on, so the kernel already deals new connections by a hash: once connections are renewed, expect "
        "about {} effective workers with {}.",
        decimal_text(fair, 0), count_of(spread.total, "connection")));
  } else {
    finding.advice.push_back(fmt::format(
        "Together with one of these: one listening socket per worker (SO_REUSEPORT){}, so that the kernel deals new "
        "connections by a hash and not to whoever wakes first. Expect about {} effective workers with {}.",
        setting_text(service, &ServerKind::reuseport), decimal_text(fair, 0), count_of(spread.total, "connection")));
  }
  if (spread.fair->idle_mean >= 1) {
    finding.advice.push_back(fmt::format(
        "With {} for {} even a fair draw leaves {} idle: for all to work, more connections or fewer workers.",
        count_of(spread.total, "connection"), count_of(spread.workers(), "worker"),
        decimal_text(spread.fair->idle_mean, 0)));
  }
}

void advise_against_skew(Finding& finding, const ServiceRow& service, const Spread& spread) {
  if (is_handed_over(service)) return advise_the_acceptor(finding, service, spread);
  if (serves_one_at_a_time(service)) return advise_one_at_a_time(finding, service);
  if (service.reuseport.value_or(false)) {
    finding.advice.push_back(
        "SO_REUSEPORT is on: the kernel chooses the socket by a hash of addresses and ports. Look for sockets that several "
        "workers share or that nobody accepts from, and for clients that use few source ports.");
  } else {
    finding.advice.push_back(fmt::format(
        "One listening socket per worker (SO_REUSEPORT){}: the kernel deals connections by a hash instead of waking "
        "workers in a fixed order. Expect at least {} effective workers; a worker that is stuck then keeps its share "
        "waiting.",
        setting_text(service, &ServerKind::reuseport), decimal_text(spread.fair->p01)));
    if (service.epoll_exclusive) {
      finding.advice.push_back(
          *service.epoll_exclusive
              ? "The workers poll with EPOLLEXCLUSIVE, which wakes the first that registered, without rotation: on a "
                "shared socket this order stays as long as that worker keeps up."
              : "The workers poll without EPOLLEXCLUSIVE: all are woken and those that come first take all. With it "
                "needless wake-ups end, but it does not rotate: do not expect an even spread from it alone.");
    }
  }
  if (const ServerKind& kind = server_kind(service); !kind.per_wakeup.empty()) {
    finding.advice.push_back(fmt::format(
        "A worker that accepts many connections when it wakes wins a whole burst ({} accepts {}{}): accept fewer per "
        "wake-up.",
        kind.name, kind.per_wakeup,
        service.backlog ? fmt::format("; the backlog is {}", count_text(*service.backlog)) : std::string()));
  }
  finding.advice.push_back(
      "If accept waits and response times are good, this costs nothing yet, and fewer workers would do.");
}

/// One worker of several accepts nothing and the others accept evenly: that is about this worker, not about the spread.
bool only_one_is_out(const Subject& subject) {
  std::vector<double> accepts;
  std::uint64_t total = 0;
  for (const WorkerRow& row : subject.service.workers) {
    if (row.role != Role::worker || row.exited || row.counts.accepts == 0) continue;
    accepts.push_back(static_cast<double>(row.counts.accepts));
    total += row.counts.accepts;
  }
  const std::size_t others = accepts.size();
  if (others < kFewestOthers || others + 1 != subject.service.workers_eligible) return false;
  const double least = std::min(subject.spreads.draws().of(total, static_cast<std::uint32_t>(others)).p01,
                                kMaterialPart * static_cast<double>(others));
  return effective_workers(accepts).value_or(0) >= least;
}

}  // namespace

bool connections_are_uneven(const Subject& subject) {
  const std::optional<Picture> picture = picture_of(subject);
  return picture && (picture->pinned || picture->skewed);
}

std::optional<Finding> keepalive_pinning(const Subject& subject) {
  const std::optional<Picture> picture = picture_of(subject);
  if (!picture || !picture->pinned) return std::nullopt;
  const ServiceRow& service = subject.service;
  const Spread& spread = subject.spreads.judged(*picture->held);
  Finding finding;
  const double workers = spread.workers();
  const bool critical = spread.effective <= kCriticalPart * workers && work_is_concentrated(service, workers);
  const bool even = work_is_even(service, spread);
  finding.severity = even ? Severity::info : critical ? Severity::critical : Severity::warning;
  const bool open = service.open > 0;
  finding.summary =
      spread_text(service, spread, verb(service, open ? "owns" : "owned"), verb(service, open ? "own" : "owned"));
  if (open && service.lifetime.open_age_p50) {
    finding.summary += "; median age " + age_text(service, *service.lifetime.open_age_p50);
  } else if (service.lifetime.p50) {
    finding.summary += fmt::format("; median lifetime {}", coarse_duration_text(*service.lifetime.p50));
  }
  finding.summary += ", " + accepts_text(service.counts.accepts, subject.duration);

  if (even) add_even_work(finding, service);
  add_effective(finding, spread);
  add_idle(finding, service, spread, verb(service, open ? "own" : "owned"));
  add_acceptors(finding, service);
  add_busiest(finding, service, spread, *picture->held);
  add_other_measures(finding, service);
  add_lifetimes(finding, service);
  add_peer(finding, service);
  advise_against_pinning(finding, service, spread);
  return finding;
}

std::optional<Finding> accept_skew(const Subject& subject) {
  const std::optional<Picture> picture = picture_of(subject);
  if (!picture || !picture->skewed || picture->early) return std::nullopt;
  const ServiceRow& service = subject.service;
  const Spread& spread = subject.spreads.judged(Basis::accepts);
  Finding finding;
  const bool even = work_is_even(service, spread);
  // Where a worker serves one connection at a time, whoever is free accepts: if nobody waits, nothing is out of reach.
  const bool nobody_waits = !accept_waits_are_long(service);
  const bool is_about_one = nobody_waits && only_one_is_out(subject);
  const bool harmless = even || is_about_one || (nobody_waits && serves_one_at_a_time(service));
  finding.severity = harmless ? Severity::info : Severity::warning;
  const std::string_view accepted = verb(service, "accepted");
  finding.summary =
      spread_text(service, spread, accepted, accepted) + "; " + accepts_text(service.counts.accepts, subject.duration);
  if (service.lifetime.p50)
    finding.summary += fmt::format(", median lifetime {}", coarse_duration_text(*service.lifetime.p50));
  if (even) add_even_work(finding, service);
  add_effective(finding, spread);
  add_idle(finding, service, spread, accepted);
  add_acceptors(finding, service);
  add_busiest(finding, service, spread, Basis::accepts);
  const ActiveStats& accepting = service.active_workers.accepting;
  if (accepting.windows != 0) {
    finding.evidence.push_back(
        fmt::format("Workers that accepted, per window: {} at the median, {} at most.", accepting.p50, accepting.max));
  }
  add_other_measures(finding, service);
  add_lifetimes(finding, service);
  add_peer(finding, service);
  if (is_about_one) {
    finding.advice.push_back(
        "The others accept evenly, and nobody waits: look at what the one does that accepts nothing (stopped, deadlocked, "
        "busy with one request). The shared queue serves its clients meanwhile; a socket of its own would not.");
  } else {
    advise_against_skew(finding, service, spread);
  }
  return finding;
}

std::optional<Finding> handed_over(const Subject& subject) {
  const ServiceRow& service = subject.service;
  if (!has_traffic(subject) || !is_handed_over_to_unknown(service)) return std::nullopt;
  Finding finding;
  finding.severity = Severity::info;
  finding.summary =
      fmt::format("{} of {} are held by others than the worker that accepted, and these are not known",
                  count_text(service.handed_over), count_of(std::max(service.open, service.handed_over), "connection"));
  finding.evidence.push_back(
      "The acceptor forks after the accept or passes the descriptor on: the shares are those of acceptors, "
      "not of those who do the work.");
  finding.advice.push_back(
      "Select the processes that have the connections, too (--pid of the parent, no --comm), or trace with this version: "
      "then the spread is judged by those that have them.");
  return finding;
}

std::optional<Finding> too_few_connections(const Subject& subject) {
  const std::optional<Picture> picture = picture_of(subject);
  // An uneven spread is told by its own finding, which says what as many connections can do at best.
  if (!picture || picture->pinned || (picture->skewed && !picture->early)) return std::nullopt;
  const ServiceRow& service = subject.service;
  const Spread& spread = subject.spreads.by(Basis::all);
  const bool at_once = picture->held.has_value();
  const std::uint64_t most = at_once ? service.counts.peak_open : service.counts.connections();
  if (most >= spread.workers()) return std::nullopt;
  Finding finding;
  finding.severity = Severity::info;
  finding.summary =
      fmt::format("{}{} for {}: {} or more have nothing to do whoever accepts", count_of(most, "connection"),
                  at_once ? " at most at a time" : "", count_of(spread.workers(), "worker"), spread.workers() - most);
  add_idle(finding, service, spread, "had");
  if (spread.effective > 0) add_effective(finding, spread);
  add_lifetimes(finding, service);
  add_peer(finding, service);
  finding.advice.push_back(
      "If clients wait: more connections (a larger client pool, or one connection per request). If not: fewer workers do "
      "the same work.");
  return finding;
}

std::optional<Finding> too_early(const Subject& subject) {
  const std::optional<Picture> picture = picture_of(subject);
  if (!picture || !picture->skewed || !picture->early) return std::nullopt;
  const Spread& spread = subject.spreads.judged(Basis::accepts);
  Finding finding;
  finding.severity = Severity::info;
  finding.summary =
      fmt::format("{}, but after {} it is too early to say why",
                  spread_text(subject.service, spread, "accepted", "accepted"), coarse_duration_text(subject.duration));
  add_effective(finding, spread);
  add_idle(finding, subject.service, spread, "accepted");
  add_lifetimes(finding, subject.service);
  finding.advice.push_back(
      "Trace for longer: connections that stay are a pool on few workers, connections that close are dealt again.");
  return finding;
}

std::optional<Finding> draining(const Subject& subject) {
  const ServiceRow& service = subject.service;
  std::uint64_t held = 0, all = 0, accepting = 0;
  std::vector<const WorkerRow*> rows;
  for (const WorkerRow& row : service.workers) {
    all += row.open;
    if (row.role == Role::draining && row.open > 0) {
      held += row.open;
      rows.push_back(&row);
    } else if (row.role == Role::worker && !row.exited) {
      ++accepting;
    }
  }
  if (held == 0 || held * kDrainingPart <= all) return std::nullopt;
  Finding finding;
  finding.severity = Severity::info;
  finding.summary =
      fmt::format("{} that {} no more (draining) {} {} of {}; {} now", count_of(rows.size(), "old worker"),
                  rows.size() == 1 ? "accepts" : "accept", rows.size() == 1 ? "holds" : "hold", count_text(held),
                  count_of(all, "open connection"),
                  accepting == 1 ? std::string("1 worker accepts") : count_of(accepting, "worker") + " accept");
  finding.evidence.push_back(fmt::format("Draining: {}.", workers_text(rows, kMostPids)));
  add_lifetimes(finding, service);
  finding.advice.push_back(
      "They gave the listening socket up (a reload) and live as long as their connections: clients that reconnect come to "
      "the new workers. Limit how long old workers live (nginx: worker_shutdown_timeout), or renew the connections.");
  return finding;
}

}  // namespace acceptscope::rules
