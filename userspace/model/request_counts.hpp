// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <algorithm>
#include <cstdint>

#include "model/histogram.hpp"
#include "util/clock.hpp"

namespace acceptscope {

/// Requests of a worker, or of a service whichever worker serves: turns of its connections, see bpf/requests.bpf.h.
struct RequestLoad {
  std::uint64_t count = 0;           ///< begun since tracing began, or in flight then
  std::uint64_t in_flight = 0;       ///< read, and nothing written yet
  std::uint64_t in_flight_peak = 0;  ///< most of them at once
  std::uint64_t aborted = 0;         ///< the connection was closed while they were in flight
  Nanoseconds busy{0};               ///< time with at least one request in flight

  bool operator==(const RequestLoad&) const = default;
};

/// Kernel totals of the requests that one worker served on one service.
struct RequestCounters {
  RequestLoad load;
  Histogram response;     ///< first read -> first write
  Histogram complete;     ///< first read -> last write before the next read or the close
  Histogram unread_wait;  ///< arrival -> first read; of the requests whose arrival was seen
};

}  // namespace acceptscope
