// SPDX-License-Identifier: BSD-2-Clause
#include "capture/cost.hpp"

#include <bpf/bpf.h>
#include <linux/capability.h>

#include <cstddef>

#include "util/privileges.hpp"

namespace acceptscope {
namespace {

bpf_prog_info read_info(int fd) {
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0) return {};
  return info;
}

}  // namespace

void PathCost::add(const ProgramRuns& during, std::uint64_t events) {
  all_ += during;
  events_ += events;
}

std::optional<double> PathCost::per_event() const {
  if (events_ == 0 || all_.runs > most_runs_ * events_) return std::nullopt;
  return static_cast<double>(all_.run_ns) / static_cast<double>(events_);
}

CostMeter::Reading CostMeter::read(std::uint64_t accepts, std::uint64_t closes) const {
  Reading reading{.accepts = accepts, .closes = closes, .at = monotonic_now()};
  for (const Program& program : programs_) {
    const bpf_prog_info info = read_info(program.fd);
    reading.runs[static_cast<std::size_t>(program.fact)] += {info.run_cnt, info.run_time_ns};
  }
  return reading;
}

void CostMeter::start_sample(std::uint64_t accepts, std::uint64_t closes) {
  const RaisedCapabilities raised({CAP_SYS_ADMIN});
  stats_.reset(bpf_enable_stats(BPF_STATS_RUN_TIME));
  if (stats_) before_ = read(accepts, closes);
}

void CostMeter::end_sample(std::uint64_t accepts, std::uint64_t closes) {
  if (!stats_) return;
  const Reading now = read(accepts, closes);
  stats_.reset();
  const auto during = [&](Fact fact) {
    const auto index = static_cast<std::size_t>(fact);
    return now.runs[index] - before_.runs[index];
  };
  accept_.add(during(Fact::accept), accepts - before_.accepts);
  close_.add(during(Fact::close), closes - before_.closes);
  for (std::size_t fact = 0; fact < kFacts; ++fact)
    run_ += Nanoseconds{static_cast<std::int64_t>(during(static_cast<Fact>(fact)).run_ns)};
  sampled_ += now.at - before_.at;
}

std::optional<double> CostMeter::part_of_cpu() const {
  if (sampled_ <= Nanoseconds{0}) return std::nullopt;
  return std::chrono::duration<double>(run_) / sampled_;
}

std::uint64_t CostMeter::skipped() const {
  std::uint64_t sum = 0;
  for (const Program& program : programs_) sum += read_info(program.fd).recursion_misses;
  return sum;
}

}  // namespace acceptscope
