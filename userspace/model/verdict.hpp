// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "model/fair_draws.hpp"
#include "model/losses.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

/// Judges a service, in words: from the finished figures of `service` (everything but its findings and verdict) over a
/// run of `duration`, and from the losses of the run. Pure. The rules, and the reasons for their thresholds, are those
/// of model/findings/table.
///
/// Spreads are judged over the rows with role worker that are alive (all of them if none is); where `workers_eligible`
/// says that there are more eligible workers than rows, the missing ones count as idle. Connections of workers that
/// left are added to those of the others in the most favourable way, as those of predecessors: a reload is no
/// unevenness. Draws fairly only if the spread is materially uneven. The sentences are UTF-8 ("≥", "µs"); names and
/// addresses from outside are not in them.
///
/// Sets `findings`, worst first; `verdict`, the first of them, or the state without a finding; and `spread`: how the
/// connections that the findings count are spread. `draws` keeps fair draws from one call to the next.
void judge(ServiceRow& service, Nanoseconds duration, const Losses& losses, FairDraws& draws);

[[nodiscard]] bool has_finding(const ServiceRow& service, VerdictCode code);

/// The connections that the findings of `service` count.
[[nodiscard]] Basis basis_of(const ServiceRow& service, Nanoseconds duration);

}  // namespace acceptscope
