// SPDX-License-Identifier: BSD-2-Clause
/// A snapshot whose requests were counted.
#pragma once

#include <array>
#include <utility>

#include "unit/output/sample.hpp"

namespace acceptscope::sample {

inline DurationStats durations(std::uint64_t count, Nanoseconds typical) {
  DurationStats stats;
  stats.count = count;
  if (count == 0) return stats;
  stats.mean = stats.p50 = typical;
  stats.p90 = stats.p95 = 2 * typical;
  stats.p99 = stats.max = 4 * typical;
  stats.buckets = {{typical, count - count / 10}, {2 * typical, count / 10}};
  return stats;
}

/// Requests of a worker that was busy for `busy` of the minute.
inline RequestStats requests_of_a_minute(std::uint64_t count, std::uint64_t peak, Nanoseconds busy) {
  return {{count, peak / 2, peak, count / 100, busy},
          peak / 4,
          durations(count, 1'900ms),
          durations(count, 2s),
          durations(count / 2, 3ms)};
}

/// The pinned service: three of eight workers serve 1,240 requests.
inline ServiceRow serving_service() {
  ServiceRow row = pinned_service();
  const std::array<RequestStats, 3> served = {requests_of_a_minute(620, 32, 59'400ms),
                                              requests_of_a_minute(372, 20, 45s), requests_of_a_minute(248, 13, 30s)};
  for (std::size_t i = 0; i < row.workers.size(); ++i)
    row.workers[i].requests = i < served.size() ? served[i] : requests_of_a_minute(0, 0, 0s);
  row.requests = requests_of_a_minute(1'240, 41, 59'700ms);
  row.active_workers.requests = ActiveStats{.min = 1, .p50 = 3, .p95 = 3, .max = 3, .windows = 59, .now = 2};
  row.effective_workers.requests = 2.58, row.effective_workers.busy = 2.83;
  row.top_share.requests = 0.5, row.top_share.busy = 0.44;
  row.timeline = {30s, {kStart, kStart + 30s}, {}};
  for (std::uint32_t i = 0; i < served.size(); ++i) {
    TimelineWorker worker{4121 + i, {}, {0, 0}, {20, 20}, {20, 20}, {1'000, 1'000}};
    const std::uint64_t half = served.at(i).load.count / 2;
    worker.requests = {half, half};
    worker.in_flight = {10, served.at(i).load.in_flight};
    worker.busy = {30s, served.at(i).load.busy - 30s};
    row.timeline.workers.push_back(std::move(worker));
  }
  return row;
}

/// 40 pre-existing connections with 0, 1, 2, ... requests; the last one served by two workers.
inline Snapshot serving() {
  Snapshot s = snapshot({serving_service()});
  for (std::uint32_t i = 0; i < 40; ++i) {
    ConnectionRow row = preexisting_connection(i + 1);
    row.pid = 4121;
    row.held_by_pid.reset();
    row.requests = i;
    if (i > 0) row.served_by_pid = 4121;
    row.served_by_workers = i == 39 ? 2 : i > 0 ? 1 : 0;
    s.connections.push_back(row);
  }
  return s;
}

}  // namespace acceptscope::sample
