// SPDX-License-Identifier: BSD-2-Clause
/// The table of services, a row each: the overview of the full screen, the head of the summary and of the page.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "model/snapshot.hpp"
#include "output/words/options.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {

/// The services by port, address and network namespace.
[[nodiscard]] std::vector<const ServiceRow*> services_in_order(const Snapshot& snapshot);

/// The worst verdict first; those alike in the order above.
[[nodiscard]] std::vector<const ServiceRow*> worst_first(const Snapshot& snapshot);

struct ServiceCell {
  const ServiceRow& service;
  const Snapshot& snapshot;
  const TextOptions& options;
};

/// When text has a column.
enum class ServiceColumnShown : std::uint8_t { always, while_tracing, at_the_end };

struct ServiceColumn {
  std::string_view header;       ///< in text
  std::string_view page_header;  ///< of a number on the page; empty: not one, or not there
  bool left = false;             ///< aligned to the left
  int leaves = 0;                ///< as in ColumnPlace
  ServiceColumnShown shown = ServiceColumnShown::always;
  StyledLine (*cell)(const ServiceCell& cell) = nullptr;
};

/// All columns, from the left.
[[nodiscard]] std::span<const ServiceColumn> service_columns();

/// Whether text for `options` has the column, if there is room.
[[nodiscard]] bool is_shown(const ServiceColumn& column, const TextOptions& options);

/// Lays out all services alike, as wide as the widest cell: the table does not jump while it is scrolled.
class ServiceTable {
 public:
  /// Leaves out columns for which `room` does not suffice. Keeps a reference to `snapshot`.
  ServiceTable(const Snapshot& snapshot, const TextOptions& options, std::size_t room);

  /// Columns that a line takes, with the space behind it.
  [[nodiscard]] std::size_t width() const;
  [[nodiscard]] StyledLine header() const;
  /// `service` is one of the snapshot's.
  [[nodiscard]] StyledLine row(const ServiceRow& service) const;

 private:
  const Snapshot& snapshot_;
  TextOptions options_;
  std::vector<std::size_t> widths_;  ///< of service_columns(); 0: left out
};

}  // namespace acceptscope
