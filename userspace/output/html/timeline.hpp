// SPDX-License-Identifier: BSD-2-Clause
/// Figures over time: heat maps of workers by time, active workers, connections as lanes. Empty text if a dump has
/// nothing to draw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "model/snapshot.hpp"
#include "output/html/figure.hpp"

namespace acceptscope {

enum class HeatMeasure { accepts, open, bytes, busy, cpu };

/// At most 40 workers have a row of their own; the others share one with their mean. At most 240 columns.
/// Busy is a part of the time; empty if requests were not counted.
[[nodiscard]] std::string heat_map(Ids& ids, const Snapshot& snapshot, const ServiceRow& service, HeatMeasure measure);

/// Workers that accepted, and workers with traffic, per step; with p50 and p95 of the windows.
[[nodiscard]] std::string active_figure(Ids& ids, const Snapshot& snapshot, const ServiceRow& service);

/// The choice of the connections to draw.
struct LaneChoice {
  std::size_t most = 0;        ///< maximum number, taken evenly from the snapshot's connections
  std::uint64_t left_out = 0;  ///< in the dump's list but not in the snapshot's sample; all services
};

/// The connections of service number `index`, by worker.
[[nodiscard]] std::string lanes_figure(Ids& ids, const Snapshot& snapshot, std::size_t index, const LaneChoice& choice);

}  // namespace acceptscope
