// SPDX-License-Identifier: BSD-2-Clause
/// The table of workers, shared by the live block and the summary.
#pragma once

#include <array>

#include "output/plain/plain.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {

inline constexpr std::size_t kPlainColumns = 12;

/// Lays out the workers of all services alike, so that the columns of several services stand below each other.
class WorkerTable {
 public:
  /// Leaves out columns that the width has no room for, least important first.
  WorkerTable(const Snapshot& snapshot, const TextOptions& options);

  [[nodiscard]] StyledLine header() const;
  /// `worker` is one of the service's.
  [[nodiscard]] StyledLine row(const ServiceRow& service, const WorkerRow& worker) const;

 private:
  [[nodiscard]] std::string cell(std::size_t column, const ServiceRow& service, const WorkerRow& worker) const;
  [[nodiscard]] std::string header_text(std::size_t column) const;
  [[nodiscard]] bool is_wanted(std::size_t column, const Snapshot& snapshot) const;
  void fit(std::size_t width);

  bool ascii_;
  bool final_;
  bool threads_ = false;
  Nanoseconds rate_time_;
  std::array<std::size_t, kPlainColumns> widths_{};  ///< 0: left out
};

}  // namespace acceptscope
