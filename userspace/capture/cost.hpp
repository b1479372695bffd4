// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "capture/attach_plan.hpp"
#include "util/clock.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// How often programs ran, and for how long, ns.
struct ProgramRuns {
  std::uint64_t runs = 0;
  std::uint64_t run_ns = 0;

  ProgramRuns& operator+=(const ProgramRuns& other) {
    runs += other.runs;
    run_ns += other.run_ns;
    return *this;
  }
  friend ProgramRuns operator-(const ProgramRuns& now, const ProgramRuns& before) {
    return {now.runs - before.runs, now.run_ns - before.run_ns};
  }
};

/// The cost of the programs of one path per event, from samples. Programs also run for sockets that are not traced:
/// where they did so more often than for ours, nobody knows what ours cost.
class PathCost {
 public:
  /// \param most_runs of all programs of the path together, for one event of ours
  explicit PathCost(std::uint64_t most_runs) : most_runs_(most_runs) {}

  /// Adds a sample: what ran while there were `events`.
  void add(const ProgramRuns& during, std::uint64_t events);

  /// Mean, ns; empty before a sample saw an event, and if most runs were for other sockets.
  [[nodiscard]] std::optional<double> per_event() const;

 private:
  std::uint64_t most_runs_;
  ProgramRuns all_;
  std::uint64_t events_ = 0;
};

/// Run time and skips of our own BPF programs. Timing costs every program of the host a little
/// (BPF_ENABLE_STATS, 5.8). So it is on only between start_sample() and end_sample(), unless somebody else has it on:
/// only what these two saw is counted.
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

  /// Mean run time of all programs of the accept (close) path per accept (close), ns; see PathCost.
  [[nodiscard]] std::optional<double> ns_per_accept() const { return accept_.per_event(); }
  [[nodiscard]] std::optional<double> ns_per_close() const { return close_.per_event(); }
  /// Run time of all our programs, for whatever socket, as a part of one CPU; empty before the first sample.
  [[nodiscard]] std::optional<double> part_of_cpu() const;
  /// Runs that the kernel skipped since the programs were loaded (recursion_misses of bpf_prog_info, 5.12).
  [[nodiscard]] std::uint64_t skipped() const;

 private:
  struct Reading {
    std::array<ProgramRuns, kFacts> runs{};  ///< by Fact
    std::uint64_t accepts = 0;
    std::uint64_t closes = 0;
    MonotonicTime at;
  };
  [[nodiscard]] Reading read(std::uint64_t accepts, std::uint64_t closes) const;

  std::vector<Program> programs_;
  UniqueFd stats_;
  Reading before_;
  /// An accept: two hooks at the queue, one or two at the accept, and as many that found nothing to accept.
  PathCost accept_{8};
  /// A close: both ends of a connection over loopback change their state four times, are closed and are destroyed; with
  /// as many runs again for others, the figure is at most twice too high.
  PathCost close_{28};
  Nanoseconds run_{0};
  Nanoseconds sampled_{0};
};

}  // namespace acceptscope
