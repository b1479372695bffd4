// SPDX-License-Identifier: BSD-2-Clause
/// Conditions of --fail-if: "effective_workers<0.5*workers", "accept_wait_p95>10ms", "change.workers_idle>0",
/// "accept_wait_p95>1.5*before.accept_wait_p95".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/diff.hpp"
#include "model/figures.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// One side of a condition: a number, or a figure times a factor.
struct ConditionTerm {
  enum class Of : std::uint8_t { after, before, change };
  std::string text;                   ///< as typed
  const FigureRow* figure = nullptr;  ///< null: the factor is the value
  Of of = Of::after;
  double factor = 1;
};

struct Condition {
  enum class Relation : std::uint8_t { less, at_most, more, at_least, equal };
  std::string text;  ///< as typed
  ConditionTerm left, right;
  Relation relation = Relation::less;
};

/// TERM RELATION TERM. Relations: < <= > >= ==. A term is a number with an optional unit (ns, us, ms, s, m, h; %), or a
/// figure of figure_table(), of AFTER unless "before." or "change." precedes it, with an optional factor ("0.5*").
/// Seconds are compared with seconds only.
[[nodiscard]] Result<Condition> parse_condition(std::string_view text);

/// The outcome of each condition on each service of `after`, in the order of the services. Figures that need BEFORE are
/// unknown for a service that only AFTER has.
[[nodiscard]] std::vector<ConditionOutcome> check(const std::vector<Condition>& conditions, const Snapshot& before,
                                                  const Snapshot& after, const Diff& diff);

}  // namespace acceptscope
