// SPDX-License-Identifier: BSD-2-Clause
#include "model/verdict.hpp"

#include <algorithm>
#include <array>

#include "model/findings/rules.hpp"
#include "model/findings/table.hpp"
#include "model/spread.hpp"

namespace acceptscope {
namespace {

std::optional<Finding> ask(const FindingKind& kind, const Subject& subject) {
  std::optional<Finding> finding = kind.rule(subject);
  if (finding) finding->code = kind.code;
  return finding;
}

/// The rules that compare all workers with each other: with some of them out of sight there is nothing to compare.
constexpr std::array kComparing{VerdictCode::keepalive_pinning, VerdictCode::accept_skew,
                                VerdictCode::uneven_traffic,    VerdictCode::draining,
                                VerdictCode::handed_over,       VerdictCode::too_few_connections,
                                VerdictCode::too_early};

bool can_be_judged(const FindingKind& kind, const ServiceRow& service) {
  return service.workers_out_of_sight == 0 || std::ranges::find(kComparing, kind.code) == kComparing.end();
}

/// All that the rules found, worst first.
std::vector<Finding> find_all(const Subject& subject) {
  std::vector<Finding> findings;
  for (const FindingKind& kind : finding_kinds()) {
    if (kind.harm == Harm::none || !can_be_judged(kind, subject.service)) continue;
    if (std::optional<Finding> finding = ask(kind, subject)) findings.push_back(std::move(*finding));
  }
  // Stable: among findings of one severity the order of the table, that of harm, stays.
  std::ranges::stable_sort(findings, std::ranges::greater{}, &Finding::severity);
  return findings;
}

/// If nothing was found and nothing was seen either.
Finding nothing_seen() {
  return {VerdictCode::not_told,
          Severity::info,
          "No worker's connection was seen: whether all is well cannot be told",
          {},
          {}};
}

}  // namespace

void judge(ServiceRow& service, Nanoseconds duration, const Losses& losses, FairDraws& draws) {
  Spreads spreads(service, draws);
  const Subject subject{service, duration, losses, spreads};
  service.findings = find_all(subject);
  if (service.findings.empty()) {
    std::optional<Finding> well = ask(finding_kinds().back(), subject);
    if (!well) service.findings.push_back(nothing_seen());
    service.verdict = well ? std::move(*well) : service.findings.front();
  } else {
    service.verdict = service.findings.front();
  }
  service.spread = spreads.judged(basis_of(service, duration));
}

bool has_finding(const ServiceRow& service, VerdictCode code) {
  return std::ranges::find(service.findings, code, &Finding::code) != service.findings.end();
}

Basis basis_of(const ServiceRow& service, Nanoseconds duration) {
  if (has_finding(service, VerdictCode::accept_skew)) return Basis::accepts;
  const bool pinned = has_finding(service, VerdictCode::keepalive_pinning);
  return pinned && rules::long_lived(service, duration) == Basis::open ? Basis::open : Basis::all;
}

}  // namespace acceptscope
