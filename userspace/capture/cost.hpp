// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "capture/attach_plan.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// Run time and skips of our own BPF programs. Timing costs every program of the host a little
/// (BPF_ENABLE_STATS, 5.8). So it is on only between start_sample() and end_sample().
class CostMeter {
 public:
  struct Program {
    int fd = -1;  ///< not owned
    Fact fact = Fact::other;
  };
  explicit CostMeter(std::vector<Program> programs) : programs_(std::move(programs)) {}

  /// \param accepts,closes totals at this moment
  void start_sample(std::uint64_t accepts, std::uint64_t closes);
  void end_sample(std::uint64_t accepts, std::uint64_t closes);
  [[nodiscard]] bool sampling() const { return static_cast<bool>(stats_); }

  /// Mean run time of all programs of the accept (close) path per accept (close), ns; empty before a sample saw any.
  [[nodiscard]] std::optional<double> ns_per_accept() const { return accept_.per_event(); }
  [[nodiscard]] std::optional<double> ns_per_close() const { return close_.per_event(); }
  /// Runs that the kernel skipped since the programs were loaded (recursion_misses of bpf_prog_info, 5.12).
  [[nodiscard]] std::uint64_t skipped() const;

 private:
  struct Path {
    std::uint64_t run_ns = 0;
    std::uint64_t events = 0;
    std::uint64_t events_at_start = 0;
    [[nodiscard]] std::optional<double> per_event() const {
      if (events == 0) return std::nullopt;
      return static_cast<double>(run_ns) / static_cast<double>(events);
    }
  };
  [[nodiscard]] std::uint64_t run_time_ns(Fact fact) const;

  std::vector<Program> programs_;
  UniqueFd stats_;
  Path accept_;
  Path close_;
};

}  // namespace acceptscope
