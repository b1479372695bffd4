// SPDX-License-Identifier: BSD-2-Clause
#include "capture/cost.hpp"

#include <bpf/bpf.h>
#include <linux/capability.h>

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

void CostMeter::start_sample(std::uint64_t accepts, std::uint64_t closes) {
  const RaisedCapabilities raised({CAP_SYS_ADMIN});
  stats_.reset(bpf_enable_stats(BPF_STATS_RUN_TIME));
  accept_.events_at_start = accepts;
  close_.events_at_start = closes;
}

void CostMeter::end_sample(std::uint64_t accepts, std::uint64_t closes) {
  if (!stats_) return;
  stats_.reset();
  // The kernel sums up run times while timing is on, so its sums cover the events of all samples.
  accept_.run_ns = run_time_ns(Fact::accept);
  accept_.events += accepts - accept_.events_at_start;
  close_.run_ns = run_time_ns(Fact::close);
  close_.events += closes - close_.events_at_start;
}

std::uint64_t CostMeter::skipped() const {
  std::uint64_t sum = 0;
  for (const Program& program : programs_) sum += read_info(program.fd).recursion_misses;
  return sum;
}

std::uint64_t CostMeter::run_time_ns(Fact fact) const {
  std::uint64_t sum = 0;
  for (const Program& program : programs_)
    if (program.fact == fact) sum += read_info(program.fd).run_time_ns;
  return sum;
}

}  // namespace acceptscope
