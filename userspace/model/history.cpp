// SPDX-License-Identifier: BSD-2-Clause
#include "model/history.hpp"

#include <algorithm>

namespace acceptscope {
namespace {

/// Totals only grow, except that a lost record may lower them.
template <class Total>
Total grown(Total now, Total before) {
  return now > before ? now - before : Total{0};
}

}  // namespace

WorkerId id_of(const WorkerRow& worker) {
  return {worker.pid, worker.tid.value_or(0), worker.start_time.value_or(Instant{}).unix_ns};
}

ServiceKey key_of(const ServiceRow& service) { return {service.endpoint, service.netns}; }

void History::add(const Snapshot& snapshot) {
  const bool counts = snapshots_++ > 0;
  for (const ServiceRow& service : snapshot.services) {
    for (const WorkerRow& worker : service.workers) {
      Track& track = tracks_[{key_of(service), id_of(worker)}];
      const std::uint64_t bytes = worker.counts.bytes();
      const Nanoseconds busy = worker.requests ? worker.requests->load.busy : Nanoseconds{0};
      const Nanoseconds cpu = worker.cpu_time.value_or(Nanoseconds{0});
      track.ring[next_] = counts ? TickSample{grown(worker.counts.accepts, track.accepts), grown(bytes, track.bytes),
                                              worker.open, grown(busy, track.busy), grown(cpu, track.cpu)}
                                 : TickSample{};
      track.accepts = worker.counts.accepts;
      track.bytes = bytes;
      track.busy = busy;
      track.cpu = cpu;
      track.seen = snapshots_;
    }
  }
  std::erase_if(tracks_, [this](const auto& entry) { return entry.second.seen != snapshots_; });
  if (!counts) return;
  ticks_ = std::min(ticks_ + 1, kTicks);
  next_ = (next_ + 1) % kTicks;
}

History::Ticks History::of(const ServiceRow& service, const WorkerRow& worker) const {
  const auto found = tracks_.find({key_of(service), id_of(worker)});
  if (found == tracks_.end()) return {};
  Ticks ticks = found->second.ring;
  std::rotate(ticks.begin(), ticks.begin() + static_cast<std::ptrdiff_t>(next_), ticks.end());
  return ticks;
}

}  // namespace acceptscope
