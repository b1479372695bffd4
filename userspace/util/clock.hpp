// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace acceptscope {

using Nanoseconds = std::chrono::nanoseconds;

/// A CLOCK_MONOTONIC time stamp, as bpf_ktime_get_ns() returns it. All durations are differences of these.
struct MonotonicTime {
  std::int64_t ns = 0;
  auto operator<=>(const MonotonicTime&) const = default;
};
[[nodiscard]] inline Nanoseconds operator-(MonotonicTime a, MonotonicTime b) { return Nanoseconds{a.ns - b.ns}; }
[[nodiscard]] inline MonotonicTime operator+(MonotonicTime a, Nanoseconds d) { return {a.ns + d.count()}; }

/// An instant of wall-clock time, in nanoseconds since 1970-01-01T00:00:00Z.
struct Instant {
  std::int64_t unix_ns = 0;
  auto operator<=>(const Instant&) const = default;
};
[[nodiscard]] inline Nanoseconds operator-(Instant a, Instant b) { return Nanoseconds{a.unix_ns - b.unix_ns}; }
[[nodiscard]] inline Instant operator+(Instant a, Nanoseconds d) { return {a.unix_ns + d.count()}; }

/// Maps kernel time stamps to instants. The offsets are taken once, when tracing begins (CLOCK_REALTIME is read once),
/// so setting the clock during the run shifts no record.
struct ClockBase {
  MonotonicTime monotonic;                       ///< CLOCK_MONOTONIC ...
  Instant realtime;                              ///< ... and CLOCK_REALTIME at the same moment
  std::int64_t boottime_minus_monotonic_ns = 0;  ///< time spent suspended; process start times are CLOCK_BOOTTIME

  [[nodiscard]] Instant instant(MonotonicTime t) const { return realtime + (t - monotonic); }
  [[nodiscard]] Instant instant_of_boottime(std::int64_t boottime_ns) const {
    return instant({boottime_ns - boottime_minus_monotonic_ns});
  }
};

/// How far the clocks of this process are ahead of those that BPF programs read: it may be in a time namespace of its
/// own (time_namespaces(7)).
struct ClockOffsets {
  Nanoseconds monotonic{0};
  Nanoseconds boottime{0};
  bool operator==(const ClockOffsets&) const = default;
};
/// Of this process; read once.
[[nodiscard]] const ClockOffsets& clock_offsets();
/// The contents of /proc/self/timens_offsets: "monotonic 100000 0\nboottime 100000 0\n", in seconds and nanoseconds.
/// What is missing or no number is 0.
[[nodiscard]] ClockOffsets parse_clock_offsets(const std::string& text);

/// Reads the system's clocks. Their times are those of the kernel, whatever the time namespace.
[[nodiscard]] MonotonicTime monotonic_now();
[[nodiscard]] ClockBase clock_base_now();

}  // namespace acceptscope
