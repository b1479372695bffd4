// SPDX-License-Identifier: BSD-2-Clause
#include "model/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/spread.hpp"
#include "model/worker_names.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

using namespace std::chrono_literals;

// ---- thresholds -----------------------------------------------------------------------------------------------------

/// A connection of this age does not belong to a client that opens one per request. A shorter run has seen a single
/// burst, and one wake-up may accept a whole burst.
constexpr Nanoseconds kLongAge = 1s;

/// Connections are long-lived if the typical one lasts half of the run or more: its worker keeps it ...
constexpr std::int64_t kPartOfRun = 2;
/// ... or if at least four are open (or were at the same time) for each one that closed: the kernel dealt few again.
constexpr std::uint64_t kOpenPerClosed = 4;

/// At most this part of the workers does the work: the CPU time of the others is out of reach, an outage in the making.
constexpr double kCriticalPart = 0.25;

/// An event loop that is not stuck accepts within a millisecond or two. Users notice a tenth of a second.
constexpr Nanoseconds kLongWait = 100ms;
/// With fewer samples the 95 % quantile is the worst one.
constexpr std::uint64_t kFewestWaits = 20;
/// A queue this full overflows with the next burst.
constexpr double kFullPart = 0.8;

/// If another process than the acceptor serves most of the open connections, the acceptor says nothing about the
/// spread.
constexpr std::uint64_t kHandedOverPart = 2;  // one in two

/// Maximum number of idle workers listed by pid.
constexpr std::size_t kMostPids = 8;

// ---- words ----------------------------------------------------------------------------------------------------------

std::string accepts_text(std::uint64_t accepts, Nanoseconds duration) {
  if (accepts == 0 || duration <= 0ns) return "no accepts";
  const std::string rate = rate_text(accepts, duration);
  return (rate.starts_with('<') ? "less than " + rate.substr(1) : rate) + " accepts/s";
}

/// "3 of 32 workers own 40 of 40 connections (effective workers 2.6; a fair draw gives at least 13.8 in 99 % of cases)"
std::string spread_text(const Spread& spread, std::string_view one, std::string_view many) {
  const std::size_t owners = spread.owners.size();
  std::string text =
      fmt::format("{} of {} {} {} of {} (effective workers {}", owners, count_of(spread.workers(), "worker"),
                  owners == 1 ? one : many, count_text(spread.owned), count_of(spread.total, "connection"),
                  decimal_text(spread.effective));
  if (spread.fair)
    text += fmt::format("; a fair draw gives at least {} in 99 % of cases", decimal_text(spread.fair->p01));
  return text + ")";
}

// ---- what all verdicts say ------------------------------------------------------------------------------------------

bool has_preexisting(const ServiceRow& service) { return service.counts.preexisting > 0; }

/// "≥ 41 s" of a service with connections whose ages count from the beginning of the run.
std::string age_text(const ServiceRow& service, Nanoseconds age) {
  const std::string text = coarse_duration_text(age);
  return has_preexisting(service) ? at_least_text(text) : text;
}

void add_idle(Verdict& verdict, const ServiceRow& service, const Spread& spread, std::string_view what) {
  if (spread.without.empty()) return;
  std::vector<const WorkerRow*> idle;
  for (const std::size_t row : spread.without) idle.push_back(&service.workers[row]);
  verdict.evidence.push_back(fmt::format("{} of {} {} none: {}.", idle.size(), count_of(spread.workers(), "worker"),
                                         what, workers_text(idle, kMostPids)));
}

void add_busiest(Verdict& verdict, const ServiceRow& service, const Spread& spread, Basis basis) {
  const WorkerRow* busiest = nullptr;
  for (const WorkerRow& row : service.workers) {
    if (row.role == Role::worker && (busiest == nullptr || amount_of(row, basis) > amount_of(*busiest, basis)))
      busiest = &row;
  }
  if (busiest == nullptr || spread.total == 0) return;
  std::string text = fmt::format(
      "The busiest worker, {}, has {} of the connections", worker_text(*busiest),
      coarse_share_text(static_cast<double>(amount_of(*busiest, basis)) / static_cast<double>(spread.total)));
  if (const std::uint64_t bytes = service.counts.bytes(); bytes != 0) {
    const auto own = static_cast<double>(busiest->counts.bytes_received + busiest->counts.bytes_sent);
    text += fmt::format(" and {} of the bytes", coarse_share_text(own / static_cast<double>(bytes)));
  }
  verdict.evidence.push_back(text + ".");
}

void add_other_measures(Verdict& verdict, const ServiceRow& service) {
  const EffectiveWorkers& effective = service.effective_workers;
  if (effective.bytes && effective.connection_seconds) {
    verdict.evidence.push_back(fmt::format("Effective workers by bytes {}, by connection time {}.",
                                           decimal_text(*effective.bytes),
                                           decimal_text(*effective.connection_seconds)));
  } else if (effective.connection_seconds) {
    verdict.evidence.push_back(
        fmt::format("Effective workers by connection time {}.", decimal_text(*effective.connection_seconds)));
  }
  const ActiveStats& serving = service.active_workers.serving;
  if (serving.windows != 0) {
    verdict.evidence.push_back(fmt::format(
        "Workers that exchanged any bytes, per window: {} at the median, {} at most.", serving.p50, serving.max));
  }
}

void add_lifetimes(Verdict& verdict, const ServiceRow& service) {
  const LifetimeStats& lifetime = service.lifetime;
  if (service.open != 0) {
    std::string text = count_of(service.open, "connection") + " open";
    if (lifetime.open_age_p50) {
      text += ", median age " + age_text(service, *lifetime.open_age_p50);
      if (lifetime.open_age_max) text += ", oldest " + age_text(service, *lifetime.open_age_max);
    }
    verdict.evidence.push_back(text + ".");
  }
  if (has_preexisting(service)) {
    verdict.evidence.push_back(
        fmt::format("{} already open when tracing began: their ages count from then.",
                    count_text(service.counts.preexisting) + (service.counts.preexisting == 1 ? " was" : " were")));
  }
  if (lifetime.closed != 0 && lifetime.p50) {
    verdict.evidence.push_back(fmt::format("{} closed with a median lifetime of {}.",
                                           count_of(lifetime.closed, "connection"),
                                           coarse_duration_text(*lifetime.p50)));
  }
}

void add_peer(Verdict& verdict, const ServiceRow& service) {
  const std::uint64_t all = service.counts.connections();
  if (service.peers.empty() || service.peers.front().connections * 2 < all) return;
  verdict.evidence.push_back(fmt::format("One client address has {} of the {}.",
                                         count_text(service.peers.front().connections), count_of(all, "connection")));
}

// ---- connections wait -----------------------------------------------------------------------------------------------

std::optional<Verdict> judge_queue(const ServiceRow& service, Nanoseconds duration) {
  const std::uint64_t overflows = service.accept_queue.overflows.value_or(0);
  const std::uint64_t depth = std::max(service.accept_queue.depth_max, service.accept_queue.depth);
  const WaitStats& wait = service.accept_wait;
  const bool slow = wait.count >= kFewestWaits && wait.p95 && *wait.p95 >= kLongWait;
  const bool full = service.backlog && static_cast<double>(depth) >= kFullPart * *service.backlog && depth > 0;
  const bool stuck = service.counts.accepts == 0 && depth >= kFewestConnections && duration >= kLongAge;
  if (overflows == 0 && !(slow && full) && !stuck) return std::nullopt;

  Verdict verdict;
  verdict.code = VerdictCode::accept_queue_saturated;
  verdict.severity = overflows > 0 ? Severity::critical : Severity::warning;
  if (overflows > 0) {
    verdict.summary = fmt::format("{} {} dropped at the listening socket: workers do not accept fast enough",
                                  count_of(overflows, "connection attempt"), overflows == 1 ? "was" : "were");
  } else if (slow && full) {
    verdict.summary = fmt::format("1 in 20 connections waited {} or more to be accepted, and the queue was nearly full",
                                  coarse_duration_text(*wait.p95));
  } else {
    verdict.summary = fmt::format("{} waited and none was accepted in {}", count_of(depth, "connection"),
                                  coarse_duration_text(duration));
  }
  std::string queue = fmt::format("The accept queue was up to {} deep", count_text(depth));
  if (service.backlog) queue += fmt::format("; the backlog is {}", count_text(*service.backlog));
  verdict.evidence.push_back(queue + ".");
  if (wait.count != 0 && wait.p50 && wait.p95) {
    verdict.evidence.push_back(fmt::format("Accept wait of {}: median {}, 95 % quantile {}.",
                                           count_of(wait.count, "connection"), coarse_duration_text(*wait.p50),
                                           coarse_duration_text(*wait.p95)));
  }
  if (service.never_accepted != 0) {
    verdict.evidence.push_back(
        fmt::format("{} ended before any worker accepted.", count_of(service.never_accepted, "connection")));
  }
  verdict.advice.push_back(
      "Find out what keeps the workers from accepting (long requests on the event loop, all of them busy) or add "
      "workers: expect the accept wait to fall below a few milliseconds.");
  verdict.advice.push_back(fmt::format(
      "A larger backlog (now {}; net.core.somaxconn is its upper limit) bridges bursts, so that none is dropped, but the "
      "wait gets longer, not shorter.",
      service.backlog ? count_text(*service.backlog) : "not known"));
  return verdict;
}

// ---- few workers hold long-lived connections ------------------------------------------------------------------------

/// The long-lived connections: all of the run, or only the open ones. Empty if none are long-lived.
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

bool work_is_concentrated(const ServiceRow& service, double workers) {
  const ActiveStats& serving = service.active_workers.serving;
  if (service.effective_workers.bytes) return *service.effective_workers.bytes <= kCriticalPart * workers;
  return serving.windows != 0 && serving.max != 0 && serving.p95 <= kCriticalPart * workers;
}

void advise_against_pinning(Verdict& verdict, const ServiceRow& service, const Spread& spread) {
  const double fair = spread.fair->p50;
  verdict.advice.push_back(
      "Client: limit how long or for how many requests a pooled connection is used, whether it is busy or not (a maximum "
      "connection age). Each new connection is dealt again; an expiry of idle connections does nothing for busy ones.");
  verdict.advice.push_back(
      "Server: close after a number of requests (nginx keepalive_requests), or shorten the keep-alive timeout if "
      "the connections are idle most of the time. Expect more accepts/s, and closes from this side.");
  if (service.reuseport.value_or(false)) {
    verdict.advice.push_back(fmt::format(
        "SO_REUSEPORT is on, so the kernel already deals new connections by a hash: once connections are renewed, expect "
        "about {} effective workers with {}.",
        decimal_text(fair, 0), count_of(spread.total, "connection")));
  } else {
    verdict.advice.push_back(fmt::format(
        "Together with one of these: one listening socket per worker (SO_REUSEPORT), so that the kernel deals new "
        "connections by a hash and not to whoever wakes first. Expect about {} effective workers with {}.",
        decimal_text(fair, 0), count_of(spread.total, "connection")));
  }
  if (spread.fair->idle_mean >= 1) {
    verdict.advice.push_back(fmt::format(
        "With {} for {} even a fair draw leaves {} idle: for all to work, more connections or fewer workers.",
        count_of(spread.total, "connection"), count_of(spread.workers(), "worker"),
        decimal_text(spread.fair->idle_mean, 0)));
  }
}

Verdict pinning(const ServiceRow& service, Nanoseconds duration, Basis held, const Spread& spread) {
  Verdict verdict;
  verdict.code = VerdictCode::keepalive_pinning;
  const double workers = spread.workers();
  const bool critical = spread.effective <= kCriticalPart * workers && work_is_concentrated(service, workers);
  verdict.severity = critical ? Severity::critical : Severity::warning;
  const bool open = service.open > 0;
  verdict.summary = spread_text(spread, open ? "owns" : "owned", open ? "own" : "owned");
  if (open && service.lifetime.open_age_p50) {
    verdict.summary += "; median age " + age_text(service, *service.lifetime.open_age_p50);
  } else if (service.lifetime.p50) {
    verdict.summary += fmt::format("; median lifetime {}", coarse_duration_text(*service.lifetime.p50));
  }
  verdict.summary += ", " + accepts_text(service.counts.accepts, duration);

  add_idle(verdict, service, spread, open ? "own" : "owned");
  add_busiest(verdict, service, spread, held);
  add_other_measures(verdict, service);
  add_lifetimes(verdict, service);
  add_peer(verdict, service);
  advise_against_pinning(verdict, service, spread);
  return verdict;
}

// ---- few workers win many connections -------------------------------------------------------------------------------

void advise_against_skew(Verdict& verdict, const ServiceRow& service, const Spread& spread) {
  if (service.reuseport.value_or(false)) {
    verdict.advice.push_back(
        "SO_REUSEPORT is on: the kernel chooses the socket by a hash of addresses and ports. Look for sockets that several "
        "workers share or that nobody accepts from, and for clients that use few source ports.");
  } else {
    verdict.advice.push_back(fmt::format(
        "One listening socket per worker (SO_REUSEPORT): the kernel deals connections by a hash instead of waking workers "
        "in a fixed order. Expect at least {} effective workers; a worker that is stuck then keeps its share waiting.",
        decimal_text(spread.fair->p01)));
    if (service.epoll_exclusive) {
      verdict.advice.push_back(
          *service.epoll_exclusive
              ? "The workers poll with EPOLLEXCLUSIVE, which wakes the first that registered, without rotation: on a "
                "shared socket this order stays as long as that worker keeps up."
              : "The workers poll without EPOLLEXCLUSIVE: all are woken and those that come first take all. With it "
                "needless wake-ups end, but it does not rotate: do not expect an even spread from it alone.");
    }
  }
  if (service.backlog) {
    verdict.advice.push_back(fmt::format(
        "A server that accepts until the queue is empty (asyncio takes up to the backlog, now {}, per wake-up) lets one "
        "worker win a whole burst: accept fewer per wake-up. A smaller backlog does that too, but overflows sooner.",
        count_text(*service.backlog)));
  }
  verdict.advice.push_back(
      "If accept waits and response times are good, this costs nothing yet, and fewer workers would do.");
}

Verdict skew(const ServiceRow& service, Nanoseconds duration, const Spread& spread) {
  Verdict verdict;
  verdict.code = VerdictCode::accept_skew;
  verdict.severity = Severity::warning;
  verdict.summary = spread_text(spread, "accepted", "accepted") + "; " + accepts_text(service.counts.accepts, duration);
  if (service.lifetime.p50)
    verdict.summary += fmt::format(", median lifetime {}", coarse_duration_text(*service.lifetime.p50));
  add_idle(verdict, service, spread, "accepted");
  add_busiest(verdict, service, spread, Basis::accepts);
  const ActiveStats& accepting = service.active_workers.accepting;
  if (accepting.windows != 0) {
    verdict.evidence.push_back(
        fmt::format("Workers that accepted, per window: {} at the median, {} at most.", accepting.p50, accepting.max));
  }
  add_other_measures(verdict, service);
  add_lifetimes(verdict, service);
  add_peer(verdict, service);
  advise_against_skew(verdict, service, spread);
  return verdict;
}

// ---- nothing to worry about -----------------------------------------------------------------------------------------

Verdict no_traffic(const ServiceRow& service, Nanoseconds duration) {
  Verdict verdict;
  const bool nothing = service.counts.connections() == 0 && service.open == 0;
  verdict.summary = nothing ? fmt::format("No connection was open or accepted in {}", coarse_duration_text(duration))
                            : "No worker of this service is known: nothing to judge";
  if (service.never_accepted != 0) {
    verdict.evidence.push_back(
        fmt::format("{} ended before any worker accepted.", count_of(service.never_accepted, "connection")));
  }
  return verdict;
}

Verdict handed_over(const ServiceRow& service) {
  Verdict verdict;
  verdict.code = VerdictCode::handed_over;
  verdict.severity = Severity::info;
  verdict.summary = fmt::format("{} of {} are held by other processes than the one that accepted",
                                count_text(service.handed_over), count_of(service.open, "open connection"));
  verdict.evidence.push_back(
      "The acceptor forks after the accept or passes the descriptor on: the shares are those of acceptors, "
      "not of those who do the work.");
  verdict.advice.push_back(
      "Judge the spread by the processes that hold the connections; balancing is up to the one that hands them over.");
  return verdict;
}

Verdict too_few(const ServiceRow& service, const Spread& spread, std::uint64_t most, bool at_once) {
  Verdict verdict;
  verdict.code = VerdictCode::too_few_connections;
  verdict.severity = Severity::info;
  verdict.summary =
      fmt::format("{}{} for {}: {} or more have nothing to do whoever accepts", count_of(most, "connection"),
                  at_once ? " at most at a time" : "", count_of(spread.workers(), "worker"), spread.workers() - most);
  add_idle(verdict, service, spread, "had");
  const EffectiveWorkers& effective = service.effective_workers;
  if (spread.effective > 0) {
    std::string text = "Effective workers " + decimal_text(spread.effective);
    if (effective.fair_p01) {
      text += fmt::format("; a fair draw gives at least {} in 99 % of cases", decimal_text(*effective.fair_p01));
    }
    verdict.evidence.push_back(text + ".");
  }
  add_lifetimes(verdict, service);
  add_peer(verdict, service);
  verdict.advice.push_back(
      "If clients wait: more connections (a larger client pool, or one connection per request). If not: fewer workers do "
      "the same work.");
  return verdict;
}

/// `early`: the spread looks uneven, but neither the run nor the connections are old enough to know why.
Verdict balanced(const ServiceRow& service, const Spread& spread, Nanoseconds duration, bool early) {
  Verdict verdict;
  verdict.code = VerdictCode::balanced;
  verdict.severity = early ? Severity::info : Severity::ok;
  verdict.summary = spread.workers() == 1
                        ? fmt::format("The only worker has all {}", count_of(spread.total, "connection"))
                        : fmt::format("{} of {} have had {} (effective workers {})", spread.busy(),
                                      count_of(spread.workers(), "worker"), count_of(spread.total, "connection"),
                                      decimal_text(spread.effective));
  if (early) {
    verdict.summary += fmt::format("; fewer than chance explains, but after {} it is too early to judge",
                                   coarse_duration_text(duration));
  }
  if (spread.workers() == 1) return verdict;
  const EffectiveWorkers& effective = service.effective_workers;
  if (effective.fair_p01 && effective.fair_p50) {
    verdict.evidence.push_back(fmt::format("A fair draw gives {} effective workers, at least {} in 99 % of cases.",
                                           decimal_text(*effective.fair_p50), decimal_text(*effective.fair_p01)));
  }
  add_idle(verdict, service, spread, "had");
  add_other_measures(verdict, service);
  add_lifetimes(verdict, service);
  return verdict;
}

/// The verdict on the spread.
Verdict judge_spread(const ServiceRow& service, Nanoseconds duration, Spreads& spreads) {
  const std::optional<Basis> held = long_lived(service, duration);
  if (held && spreads.judged(*held).uneven) return pinning(service, duration, *held, spreads.judged(*held));

  // Beside long-lived connections, accepts are judged only if some connections were short. Without long-lived ones, the
  // kind of connections that were only just accepted is not known yet.
  const bool some_were_short = service.counts.closes >= kFewestConnections;
  const bool accepts_count = !held || (*held == Basis::open && some_were_short);
  const bool skewed = accepts_count && spreads.judged(Basis::accepts).uneven;
  const bool early =
      duration < kLongAge || (!some_were_short && service.lifetime.open_age_p50.value_or(0ns) < kLongAge);
  if (skewed && !early) return skew(service, duration, spreads.judged(Basis::accepts));

  const Spread& all = spreads.by(Basis::all);
  const std::uint64_t most = held ? service.counts.peak_open : service.counts.connections();
  if (most < all.workers()) return too_few(service, all, most, held.has_value());
  return balanced(service, all, duration, skewed);
}

Verdict verdict_of(const ServiceRow& service, Nanoseconds duration, Spreads& spreads) {
  std::optional<Verdict> queue = judge_queue(service, duration);
  const bool traffic = service.counts.connections() != 0 || service.open != 0;
  const bool workers = spreads.by(Basis::all).workers() != 0;
  if (!traffic || !workers) return queue ? *queue : no_traffic(service, duration);
  Verdict verdict = service.handed_over > 0 && service.handed_over * kHandedOverPart >= service.open
                        ? handed_over(service)
                        : judge_spread(service, duration, spreads);
  if (!queue) return verdict;
  if (verdict.severity > queue->severity)
    std::swap(verdict, *queue);  // the more severe one; the other one becomes evidence
  if (verdict.severity >= Severity::warning) queue->evidence.push_back(verdict.summary + ".");
  return *queue;
}

}  // namespace

void judge(ServiceRow& service, Nanoseconds duration, FairDraws& draws) {
  Spreads spreads(service, draws);
  service.verdict = verdict_of(service, duration, spreads);
  service.spread = spreads.judged(basis_of(service, duration));
}

Basis basis_of(const ServiceRow& service, Nanoseconds duration) {
  if (service.verdict.code == VerdictCode::accept_skew) return Basis::accepts;
  const bool pinned = service.verdict.code == VerdictCode::keepalive_pinning;
  return pinned && long_lived(service, duration) == Basis::open ? Basis::open : Basis::all;
}

}  // namespace acceptscope
