// SPDX-License-Identifier: BSD-2-Clause
/// Every worker's activity in the last ticks. A snapshot only has totals; the heat strips of the full-screen view need
/// the activity per tick.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>

#include "model/snapshot.hpp"

namespace acceptscope {

/// Identity of a worker row across snapshots: a reused pid is a different worker.
struct WorkerId {
  std::uint32_t pid = 0;
  std::uint32_t tid = 0;      ///< 0 unless workers are threads
  std::int64_t start_ns = 0;  ///< 0 = unknown
  auto operator<=>(const WorkerId&) const = default;
};

[[nodiscard]] WorkerId id_of(const WorkerRow& worker);
[[nodiscard]] ServiceKey key_of(const ServiceRow& service);

/// One worker in one tick.
struct TickSample {
  std::uint64_t accepts = 0;  ///< in the tick
  std::uint64_t bytes = 0;    ///< received and sent in the tick
  std::uint64_t open = 0;     ///< connections at its end
  Nanoseconds busy{0};        ///< with a request in flight, in the tick
  Nanoseconds cpu{0};         ///< CPU time used in the tick

  TickSample& operator+=(const TickSample& other) {
    accepts += other.accepts;
    bytes += other.bytes;
    open += other.open;
    busy += other.busy;
    cpu += other.cpu;
    return *this;
  }
  bool operator==(const TickSample&) const = default;
};

/// The last kTicks ticks of all workers in the last snapshot. Workers that it no longer lists are dropped, so that
/// memory is bounded by the listed workers (2 KiB each).
class History {
 public:
  static constexpr std::size_t kTicks = 60;
  using Ticks = std::array<TickSample, kTicks>;

  /// Adds the snapshot of one more tick. The first one only gives the start values.
  void add(const Snapshot& snapshot);

  /// Ticks seen so far, at most kTicks.
  [[nodiscard]] std::size_t ticks() const { return ticks_; }
  /// Oldest first; the last is the latest tick, and all but the last ticks() are empty.
  [[nodiscard]] Ticks of(const ServiceRow& service, const WorkerRow& worker) const;

 private:
  using Id = std::pair<ServiceKey, WorkerId>;
  struct Track {
    std::uint64_t accepts = 0;  ///< total in the last snapshot
    std::uint64_t bytes = 0;
    Nanoseconds busy{0}, cpu{0};
    std::uint64_t seen = 0;  ///< number of the snapshot that listed it last
    Ticks ring{};
  };

  std::map<Id, Track> tracks_;
  std::uint64_t snapshots_ = 0;
  std::size_t ticks_ = 0;
  std::size_t next_ = 0;  ///< index for the next tick
};

}  // namespace acceptscope
