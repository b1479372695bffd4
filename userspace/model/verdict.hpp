// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>

#include "model/fair_draws.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

/// Judges a service, in words: from the finished figures of `service` (everything but its
/// verdict) over a run of `duration`. Pure. Thresholds and their reasons are at the head of verdict.cpp.
///
/// Judged over the rows with role worker that are alive (all of them if none is); where `workers_eligible` says that
/// there are more eligible workers than rows, the missing ones count as idle. Connections of workers that left are
/// added to those of the others in the most favourable way, as those of predecessors: a reload is no unevenness.
///
/// Uses of ServiceRow: counts, open, never_accepted, handed_over, workers_eligible, reuseport, epoll_exclusive,
/// backlog, accept_queue, accept_wait, lifetime, effective_workers, active_workers.serving, peers; of its rows: pid,
/// role, exited, counts, open, connection_time. Draws fairly only if the spread is materially uneven. The sentences are
/// UTF-8 ("≥", "µs"); names and addresses from outside are not in them, except that of a peer.
///
/// Sets `service.verdict` and `service.spread`: how the connections that the verdict counts are spread. `draws` keeps
/// fair draws from one call to the next.
void judge(ServiceRow& service, Nanoseconds duration, FairDraws& draws);

/// The connections that the verdict of `service` counts.
[[nodiscard]] Basis basis_of(const ServiceRow& service, Nanoseconds duration);

}  // namespace acceptscope
