// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>

#include "model/fair_draws.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

/// Owners are named as the fewest workers that have this part of the connections.
inline constexpr double kOwnersPart = 0.9;

/// Connections that a verdict counts: all of the run, those open at the end, or those accepted in the run.
enum class Basis : std::uint8_t { all, open, accepts };

[[nodiscard]] std::uint64_t amount_of(const WorkerRow& worker, Basis basis);

/// How evenly the connections that a verdict counts are spread: the figures of its summary.
struct SpreadFigures {
  Basis basis = Basis::all;
  std::uint32_t workers = 0;       ///< eligible
  std::uint32_t idle = 0;          ///< of these, without any of the connections counted
  std::uint64_t total = 0;         ///< connections counted
  double effective = 0;            ///< effective workers; 0 without connections
  std::optional<double> fair_p01;  ///< of a fair draw; only if the spread is materially uneven
};

/// Those of a service with its verdict, also of one read back.
[[nodiscard]] SpreadFigures spread_figures(const ServiceRow& service, Nanoseconds duration);

/// What is wrong with a service, if anything, in words: from the finished figures of `service` (everything but its
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
[[nodiscard]] Verdict judge(const ServiceRow& service, Nanoseconds duration);

/// The same verdict; `draws` spares the time to draw again what it knows, for one who judges again and again.
[[nodiscard]] Verdict judge(const ServiceRow& service, Nanoseconds duration, FairDraws& draws);

}  // namespace acceptscope
