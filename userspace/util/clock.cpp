// SPDX-License-Identifier: BSD-2-Clause
#include "util/clock.hpp"

#include <ctime>

namespace acceptscope {
namespace {

std::int64_t read_ns(clockid_t clock) {
  timespec ts{};
  clock_gettime(clock, &ts);
  return static_cast<std::int64_t>(ts.tv_sec) * 1'000'000'000 + ts.tv_nsec;
}

}  // namespace

MonotonicTime monotonic_now() { return {read_ns(CLOCK_MONOTONIC)}; }

ClockBase clock_base_now() {
  ClockBase base;
  base.monotonic = monotonic_now();
  base.realtime = {read_ns(CLOCK_REALTIME)};
  base.boottime_minus_monotonic_ns = read_ns(CLOCK_BOOTTIME) - read_ns(CLOCK_MONOTONIC);
  return base;
}

}  // namespace acceptscope
