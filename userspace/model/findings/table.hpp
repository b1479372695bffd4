// SPDX-License-Identifier: BSD-2-Clause
/// The table of findings: what can be said of a service, by which rule, and why its thresholds are what they are. The
/// README, the page and the full screen print it.
#pragma once

#include <span>
#include <string>

#include "model/findings/subject.hpp"

namespace acceptscope {

/// Kinds of harm, the worst first: of findings with the same severity, the worse harm comes first.
enum class Harm : std::uint8_t {
  refused_or_hanging,  ///< clients are refused, or hang
  out_of_reach,        ///< capacity is out of reach
  risk,
  fact,
  none  ///< of the one state that is no finding: all is well
};

struct FindingKind {
  VerdictCode code;
  Harm harm;
  Severity least, most;
  std::string when;
  std::string what_to_do;
  std::string why;  ///< the reason for the threshold
  Rule rule;
};

/// In the order of harm; within a harm, what explains more comes first. The last one is the state without a finding:
/// its rule is asked only if no other one found anything.
[[nodiscard]] std::span<const FindingKind> finding_kinds();

[[nodiscard]] Harm harm_of(VerdictCode code);

/// "warning", "warning to critical"
[[nodiscard]] std::string severities_text(const FindingKind& kind);

}  // namespace acceptscope
