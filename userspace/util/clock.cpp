// SPDX-License-Identifier: BSD-2-Clause
#include "util/clock.hpp"

#include <ctime>
#include <fstream>
#include <sstream>

namespace acceptscope {
namespace {

std::int64_t read_ns(clockid_t clock) {
  timespec ts{};
  clock_gettime(clock, &ts);
  return static_cast<std::int64_t>(ts.tv_sec) * 1'000'000'000 + ts.tv_nsec;
}

}  // namespace

ClockOffsets parse_clock_offsets(const std::string& text) {
  ClockOffsets offsets;
  std::istringstream lines(text);
  std::string clock;
  std::int64_t seconds = 0, nanoseconds = 0;
  while (lines >> clock >> seconds >> nanoseconds) {
    const Nanoseconds ahead = std::chrono::seconds{seconds} + Nanoseconds{nanoseconds};
    if (clock == "monotonic") offsets.monotonic = ahead;
    if (clock == "boottime") offsets.boottime = ahead;
  }
  return offsets;
}

const ClockOffsets& clock_offsets() {
  static const ClockOffsets offsets = [] {
    std::ifstream file("/proc/self/timens_offsets");  // Linux 5.6; without it there are no time namespaces
    std::ostringstream text;
    text << file.rdbuf();
    return parse_clock_offsets(text.str());
  }();
  return offsets;
}

MonotonicTime monotonic_now() { return {read_ns(CLOCK_MONOTONIC) - clock_offsets().monotonic.count()}; }

ClockBase clock_base_now() {
  ClockBase base;
  base.monotonic = monotonic_now();
  base.realtime = {read_ns(CLOCK_REALTIME)};
  base.boottime_minus_monotonic_ns = (read_ns(CLOCK_BOOTTIME) - clock_offsets().boottime.count()) -
                                     (read_ns(CLOCK_MONOTONIC) - clock_offsets().monotonic.count());
  return base;
}

}  // namespace acceptscope
