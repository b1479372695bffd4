// SPDX-License-Identifier: BSD-2-Clause
/// The table of workers, shared by the live block and the summary.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "output/plain/plain.hpp"
#include "output/words/worker_columns.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {

/// Lays out the workers of all services alike, so that the columns of several services stand below each other.
class WorkerTable {
 public:
  /// Leaves out columns that the width has no room for, least important first.
  WorkerTable(const Snapshot& snapshot, const TextOptions& options);

  [[nodiscard]] StyledLine header() const;
  /// `worker` is one of the service's.
  [[nodiscard]] StyledLine row(const ServiceRow& service, const WorkerRow& worker) const;

 private:
  [[nodiscard]] std::size_t wanted_width(const WorkerColumn& column, const Snapshot& snapshot) const;
  [[nodiscard]] std::string cell(const WorkerColumn& column, const ServiceRow& service, const WorkerRow& worker) const;
  void fit(std::size_t width);

  bool ascii_;
  bool final_;
  bool threads_ = false;
  Nanoseconds rate_time_;
  std::vector<const WorkerColumn*> columns_;
  std::vector<std::size_t> widths_;  ///< of the columns; 0: left out
};

}  // namespace acceptscope
