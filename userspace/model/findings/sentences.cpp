// SPDX-License-Identifier: BSD-2-Clause
#include "model/findings/sentences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "model/findings/rules.hpp"
#include "model/serving.hpp"
#include "model/worker_names.hpp"
#include "text/numbers.hpp"

namespace acceptscope::rules {
namespace {

bool has_preexisting(const ServiceRow& service) { return service.counts.preexisting > 0; }

}  // namespace

bool has_traffic(const Subject& subject) {
  const ServiceRow& service = subject.service;
  return (service.counts.connections() != 0 || service.open != 0) && subject.spreads.by(Basis::all).workers() != 0;
}

bool Told::enough() const { return static_cast<double>(untold) <= kUntoldPart * static_cast<double>(seen); }

Told told_of(const Subject& subject) {
  const ServiceRow& service = subject.service;
  std::uint64_t told = 0;
  for (const WorkerRow& row : service.workers) told += row.counts.connections();
  const std::uint64_t seen = std::max({service.counts.connections(), service.open, told});
  return {seen, seen - told};
}

bool is_handed_over(const ServiceRow& service) {
  if (std::ranges::any_of(service.workers, [](const auto& row) { return row.role == Role::acceptor; })) return true;
  const bool holders_are_told =
      std::ranges::all_of(service.workers, [](const auto& row) { return row.held.has_value(); });
  // Dumps of version 0.1.0 count the open ones only.
  const std::uint64_t all = holders_are_told ? service.counts.connections() : service.open;
  return service.handed_over > 0 && service.handed_over * kHandedOverPart >= all;
}

bool is_handed_over_to_unknown(const ServiceRow& service) {
  if (!is_handed_over(service)) return false;
  std::uint64_t known = 0;
  for (const WorkerRow& row : service.workers) known += row.held ? row.held->connections : 0;
  return known * kHandedOverPart < service.counts.connections();
}

std::string acceptors_text(const ServiceRow& service) {
  std::vector<const WorkerRow*> acceptors;
  for (const WorkerRow& row : service.workers)
    if (row.role == Role::acceptor) acceptors.push_back(&row);
  return acceptors.empty() ? "the worker that accepts" : workers_text(acceptors, kMostPids);
}

bool accept_waits_are_long(const ServiceRow& service) {
  const WaitStats& wait = service.accept_wait;
  const bool quantile = wait.count >= kFewestWaits && wait.p95 && *wait.p95 >= kLongWait;
  return quantile ||
         (wait.waiting >= kFewestConnections && service.accept_queue.oldest_wait.value_or(0ns) >= kStuckTime);
}

std::string accept_waits_text(const ServiceRow& service) {
  const WaitStats& wait = service.accept_wait;
  if (wait.count >= kFewestWaits && wait.p95)
    return fmt::format("1 in 20 connections waited {} or more to be accepted", coarse_duration_text(*wait.p95));
  return fmt::format("{} wait to be accepted, for up to {}", count_of(wait.waiting, "connection"),
                     coarse_duration_text(service.accept_queue.oldest_wait.value_or(0ns)));
}

std::string accepts_text(std::uint64_t accepts, Nanoseconds duration) {
  if (accepts == 0 || duration <= 0ns) return "no accepts";
  const std::string rate = rate_text(accepts, duration);
  return (rate.starts_with('<') ? "less than " + rate.substr(1) : rate) + " accepts/s";
}

std::string spread_text(const ServiceRow& service, const Spread& spread, std::string_view one, std::string_view many) {
  const std::size_t owners = spread.owners.size();
  const std::string_view verb = owners == 1 ? one : many;
  const std::string connections = count_of(spread.total, "connection");
  const std::string owned = spread.owned == spread.total
                                ? "all " + connections
                                : fmt::format("{} of {}", count_text(spread.owned), connections);
  const std::string workers = count_of(spread.workers(), "worker");
  // Of some that have none, nothing else is known: they have no row.
  const std::size_t none = spread.without.empty() ? spread.workers() - spread.busy() : spread.without.size();
  if (none == 0) return fmt::format("{} of {} {} {}", owners, workers, verb, owned);
  const auto idle = [&](std::size_t row) { return is_idle(service, service.workers[row]); };
  const bool all_idle = !spread.without.empty() && std::ranges::all_of(spread.without, idle);
  const std::string nothing =
      all_idle ? (none == 1 ? "is idle" : "are idle") : fmt::format("{} none", none == 1 ? one : many);
  return fmt::format("{} of {} {}; {} {} {}", none, workers, nothing, owners, verb, owned);
}

std::string age_text(const ServiceRow& service, Nanoseconds age) {
  const std::string text = coarse_duration_text(age);
  return has_preexisting(service) ? at_least_text(text) : text;
}

void add_effective(Finding& finding, const Spread& spread) {
  std::string text = fmt::format("Effective workers {} of {}: as if so many shared the connections evenly",
                                 decimal_text(spread.effective), count_text(spread.workers()));
  if (spread.fair)
    text += fmt::format("; a fair draw gives at least {} in 99 % of cases", decimal_text(spread.fair->p01));
  finding.evidence.push_back(text + ".");
}

void add_idle(Finding& finding, const ServiceRow& service, const Spread& spread, std::string_view what) {
  if (spread.without.empty()) return;
  std::vector<const WorkerRow*> idle;
  for (const std::size_t row : spread.without) idle.push_back(&service.workers[row]);
  finding.evidence.push_back(fmt::format("{} of {} {} none: {}.", idle.size(), count_of(spread.workers(), "worker"),
                                         what, workers_text(idle, kMostPids)));
}

void add_busiest(Finding& finding, const ServiceRow& service, const Spread& spread, Basis basis) {
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
    const auto own = static_cast<double>(held_by(*busiest).bytes);
    text += fmt::format(" and {} of the bytes", coarse_share_text(own / static_cast<double>(bytes)));
  }
  finding.evidence.push_back(text + ".");
}

void add_other_measures(Finding& finding, const ServiceRow& service) {
  const EffectiveWorkers& effective = service.effective_workers;
  if (effective.bytes && effective.connection_seconds) {
    finding.evidence.push_back(fmt::format("Effective workers by bytes {}, by connection time {}.",
                                           decimal_text(*effective.bytes),
                                           decimal_text(*effective.connection_seconds)));
  } else if (effective.connection_seconds) {
    finding.evidence.push_back(
        fmt::format("Effective workers by connection time {}.", decimal_text(*effective.connection_seconds)));
  }
  const ActiveStats& serving = service.active_workers.serving;
  if (serving.windows != 0) {
    finding.evidence.push_back(fmt::format(
        "Workers that exchanged any bytes, per window: {} at the median, {} at most.", serving.p50, serving.max));
  }
}

void add_lifetimes(Finding& finding, const ServiceRow& service) {
  const LifetimeStats& lifetime = service.lifetime;
  if (service.open != 0) {
    std::string text = count_of(service.open, "connection") + " open";
    if (lifetime.open_age_p50) {
      text += ", median age " + age_text(service, *lifetime.open_age_p50);
      if (lifetime.open_age_max) text += ", oldest " + age_text(service, *lifetime.open_age_max);
    }
    finding.evidence.push_back(text + ".");
  }
  if (has_preexisting(service)) {
    finding.evidence.push_back(
        fmt::format("{} already open when tracing began: their ages count from then.",
                    count_text(service.counts.preexisting) + (service.counts.preexisting == 1 ? " was" : " were")));
  }
  if (lifetime.closed != 0 && lifetime.p50) {
    finding.evidence.push_back(fmt::format("{} closed with a median lifetime of {}.",
                                           count_of(lifetime.closed, "connection"),
                                           coarse_duration_text(*lifetime.p50)));
  }
}

void add_peer(Finding& finding, const ServiceRow& service) {
  const std::uint64_t all = service.counts.connections();
  if (service.peers.empty() || service.peers.front().connections * 2 < all) return;
  finding.evidence.push_back(fmt::format("One client address has {} of the {}.",
                                         count_text(service.peers.front().connections), count_of(all, "connection")));
}

void add_acceptors(Finding& finding, const ServiceRow& service) {
  if (!is_handed_over(service)) return;
  finding.evidence.push_back(fmt::format(
      "{} of {} were accepted by another worker than the one that had them: {}.", count_text(service.handed_over),
      count_of(service.counts.connections(), "connection"), acceptors_text(service)));
}

void add_never_accepted(Finding& finding, const ServiceRow& service) {
  if (service.never_accepted == 0) return;
  finding.evidence.push_back(
      fmt::format("{} ended before any worker accepted.", count_of(service.never_accepted, "connection")));
}

}  // namespace acceptscope::rules
