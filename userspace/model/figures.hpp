// SPDX-License-Identifier: BSD-2-Clause
/// The figures of a service by name: for diff, for --fail-if and for the README.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.hpp"

namespace acceptscope {

enum class FigureUnit : std::uint8_t { count, workers, share, per_second, seconds };

/// "count", "0 to 1": the unit of the value as numbers give it.
[[nodiscard]] std::string_view unit_name(FigureUnit unit);

/// The direction of change that is better for a service.
enum class Better : std::uint8_t { lower, higher, neither };

struct FigureRow {
  std::string_view name;
  FigureUnit unit;
  Better better;
  bool in_diff;  ///< diff prints it
  std::string_view help;
  /// The value in the unit's base: seconds, 0..1; empty if unknown. `run` is the length of the run.
  std::optional<double> (*of)(const ServiceRow& service, Nanoseconds run);
};

[[nodiscard]] std::span<const FigureRow> figure_table();

/// The row called `name`; null if there is none.
[[nodiscard]] const FigureRow* find_figure(std::string_view name);

/// A value as people read it: "4.9 s", "99.5 %", "2.6", "1,204"; "-" if unknown.
[[nodiscard]] std::string figure_text(FigureUnit unit, std::optional<double> value);

/// The change of a value, with "-" in front if it fell. Shares change by percentage points: "-20.0 %"; a plain number
/// replaces the "<0.1" or "100 %" of figure_text().
[[nodiscard]] std::string figure_change_text(FigureUnit unit, std::optional<double> change);

/// Connections, accepted and pre-existing, of each of the N places, see model/slots.hpp.
[[nodiscard]] std::vector<std::uint64_t> connections_by_worker(const ServiceRow& service);

/// Effective workers by these connections; empty without any.
[[nodiscard]] std::optional<double> effective_by_connections(const ServiceRow& service);

/// N of the service; for older dumps without it, the number of rows with role worker.
[[nodiscard]] std::uint32_t eligible_workers(const ServiceRow& service);

}  // namespace acceptscope
