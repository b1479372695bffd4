// SPDX-License-Identifier: BSD-2-Clause
/// The figures of a service by name: what diff compares, what --fail-if can ask for, what the README lists.
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

/// Which way is better for a service.
enum class Better : std::uint8_t { lower, higher, neither };

struct FigureRow {
  std::string_view name;
  FigureUnit unit;
  Better better;
  bool in_diff;  ///< one of those that diff prints
  std::string_view help;
  /// In the unit's base: seconds, 0..1; empty when not known. `run` is the length of the run.
  std::optional<double> (*of)(const ServiceRow& service, Nanoseconds run);
};

[[nodiscard]] std::span<const FigureRow> figure_table();

/// The row called `name`; null if there is none.
[[nodiscard]] const FigureRow* find_figure(std::string_view name);

/// A value as people read it: "4.9 s", "99.5 %", "2.6", "1,204"; "-" when not known.
[[nodiscard]] std::string figure_text(FigureUnit unit, std::optional<double> value);

/// What a value grew by, or with "-" in front fell by. Shares change by points of a hundred: "-20.0 %"; where
/// figure_text() would have "<0.1" or "100 %" stands a plain number.
[[nodiscard]] std::string figure_change_text(FigureUnit unit, std::optional<double> change);

/// The table in Markdown: name, unit, meaning.
[[nodiscard]] std::string figures_markdown();

/// Connections, accepted and pre-existing, of each worker that could accept; supervisors are none.
[[nodiscard]] std::vector<std::uint64_t> connections_by_worker(const ServiceRow& service);

/// Effective workers by these; empty without a connection.
[[nodiscard]] std::optional<double> effective_by_connections(const ServiceRow& service);

/// N of the service; in dumps that do not have it yet, the rows with role worker.
[[nodiscard]] std::uint32_t eligible_workers(const ServiceRow& service);

}  // namespace acceptscope
