// SPDX-License-Identifier: BSD-2-Clause
/// What was seen at all, and the state in which nothing is wrong.
#include <fmt/format.h>

#include <algorithm>

#include "model/findings/rules.hpp"
#include "model/findings/sentences.hpp"
#include "text/numbers.hpp"

namespace acceptscope::rules {
namespace {

/// Accepts and closes that may be missing from the totals of any service.
std::uint64_t missing(const Losses& losses) {
  return losses.program_skipped + losses.unknown_close + losses.pid_filter_full;
}

/// In process mode: its threads are not told apart.
bool only_worker_has_several_threads(const ServiceRow& service) {
  if (service.workers_eligible != 1 || service.waiting_threads < 2 || service.counts.connections() == 0) return false;
  return std::ranges::none_of(service.workers, [](const WorkerRow& row) { return row.tid.has_value(); });
}

std::string accepts_or_closes(std::uint64_t count) {
  return count == 1 ? "1 accept or close" : count_text(count) + " accepts or closes";
}

}  // namespace

std::optional<Finding> not_told(const Subject& subject) {
  const Told told = told_of(subject);
  const std::uint64_t lost = missing(subject.losses);
  const bool none_is_missing = static_cast<double>(lost) <= kUntoldPart * static_cast<double>(told.seen);
  const bool threads_are_hidden = only_worker_has_several_threads(subject.service);
  const std::uint32_t out_of_sight = subject.service.workers_out_of_sight;
  if (told.enough() && none_is_missing && !threads_are_hidden && out_of_sight == 0) return std::nullopt;
  Finding finding;
  finding.severity = Severity::info;
  if (told.enough() && none_is_missing && out_of_sight > 0) {
    finding.summary =
        fmt::format("{} outside of this pid namespace accepted {}: who else could have cannot be seen from here",
                    out_of_sight == 1 ? "1 process" : count_text(out_of_sight) + " processes",
                    count_of(subject.service.counts.accepts, "connection"));
    finding.advice.push_back(
        "Run acceptscope in the pid namespace of the host, or of the server (docker run --pid=host or "
        "--pid=container:NAME, Kubernetes hostPID: true, nsenter -t PID -p -m).");
    return finding;
  }
  if (told.enough() && none_is_missing) {
    finding.summary = fmt::format(
        "The only process has all {}, and {} of its threads wait for connections: how they share them was not counted",
        count_of(subject.service.counts.connections(), "connection"), subject.service.waiting_threads);
    finding.advice.push_back("Trace with --by thread: then each thread is a worker.");
    return finding;
  }
  if (told.untold > 0) {
    finding.summary = fmt::format("The worker of {} of {} is not known: how they are spread cannot be told",
                                  count_text(told.untold), count_of(told.seen, "connection"));
  } else {
    finding.summary =
        fmt::format("Up to {} may be missing beside the {} that {} seen: whether all is well cannot be told",
                    accepts_or_closes(lost), count_of(told.seen, "connection"), told.seen == 1 ? "was" : "were");
  }
  if (lost > 0) {
    finding.evidence.push_back(
        fmt::format("Up to {} on this host are in no total; the losses say why.", accepts_or_closes(lost)));
  }
  add_never_accepted(finding, subject.service);
  finding.advice.push_back(
      "See the losses below the tables: each names what was lost, and the option that makes room. acceptscope doctor "
      "tells which backend sees more on this kernel.");
  return finding;
}

std::optional<Finding> no_traffic(const Subject& subject) {
  const ServiceRow& service = subject.service;
  if (has_traffic(subject)) return std::nullopt;
  Finding finding;
  finding.severity = Severity::info;
  const bool nothing = service.counts.connections() == 0 && service.open == 0;
  finding.summary =
      nothing ? fmt::format("No connection was open or accepted in {}", coarse_duration_text(subject.duration))
              : "No worker of this service is known: nothing to judge";
  add_never_accepted(finding, service);
  return finding;
}

std::optional<Finding> balanced(const Subject& subject) {
  const ServiceRow& service = subject.service;
  const Spread& spread = subject.spreads.by(Basis::all);
  if (spread.total == 0) return std::nullopt;
  Finding finding;
  finding.severity = Severity::ok;
  const std::string connections = count_of(spread.total, "connection");
  if (spread.workers() == 1) {
    finding.summary = "The only worker has all " + connections;
    return finding;
  }
  const EffectiveWorkers& effective = service.effective_workers;
  const bool is_mild = effective.fair_p01 && spread.effective < *effective.fair_p01;
  finding.summary =
      spread.busy() == spread.workers()
          ? fmt::format("{} have had their share of {}",
                        spread.workers() == 2 ? "Both workers" : "All " + count_of(spread.workers(), "worker"),
                        connections)
          : fmt::format("{} of {} have had {}", spread.busy(), count_of(spread.workers(), "worker"), connections);
  if (is_mild)
    finding.summary += fmt::format(", a little unevenly: the busiest {} of them",
                                   coarse_share_text(spread.amounts.front() / static_cast<double>(spread.total)));
  add_effective(finding, spread);
  if (effective.fair_p01 && effective.fair_p50) {
    finding.evidence.push_back(fmt::format(
        "A fair draw gives {} effective workers, at least {} in 99 % of cases{}.", decimal_text(*effective.fair_p50),
        decimal_text(*effective.fair_p01),
        is_mild ? fmt::format("; less than {} would matter", decimal_text(kMaterialPart * *effective.fair_p50)) : ""));
  }
  add_idle(finding, service, spread, "had");
  add_acceptors(finding, service);
  add_other_measures(finding, service);
  add_lifetimes(finding, service);
  return finding;
}

}  // namespace acceptscope::rules
