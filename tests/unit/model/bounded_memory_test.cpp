// SPDX-License-Identifier: BSD-2-Clause
/// The memory of a run does not grow with time, even if everything is replaced meanwhile.
#include <gmock/gmock.h>
#include <malloc.h>

#include "unit/model/builders.hpp"

#if defined(__SANITIZE_ADDRESS__)
// Of <sanitizer/allocator_interface.h>, which GCC 12 lacks.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace acceptscope::testing {
namespace {

/// Bytes allocated in this process.
std::size_t heap_in_use() {
#if defined(__SANITIZE_ADDRESS__)
  return __sanitizer_get_current_allocated_bytes();
#else
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

/// A host on which everything is new with each tick: a service and its listeners, the idle workers of another service,
/// each connection's worker and its client's address. kWorkers workers have counters, like the rows of a full worker
/// map.
class Turnover {
 public:
  void tick_once() {
    const auto serial = static_cast<std::uint32_t>(++ticks_);
    Tick now = tick(std::chrono::seconds{ticks_}).with(listeners(1)).with(holder(worker(kMaster)));
    for (std::uint32_t pid = 1; pid <= kWorkers; ++pid) now.workers.push_back(counters_of(worker(pid)).accepts(ticks_));
    now.services.push_back(counters_of(service()).accepts(ticks_ * kWorkers));
    const ServiceKey own = service("127.0.0.1:1", serial);
    now.listeners.push_back(listeners(1, own));
    now.look.holders.push_back(holder(worker(serial, 800s)).on(own));
    for (std::uint32_t i = 0; i < 4; ++i) {
      const WorkerKey idle = worker(10 * serial + i, 700s);
      now.look.holders.push_back(holder(idle).child_of(kMaster).named("a worker with a name"));
      now.processes.push_back({idle, "the arguments of a worker that never accepts", "/a/control/group.slice", true});
    }
    run_.apply(std::move(now));
    for (std::uint32_t i = 0; i < kRecords; ++i) {
      ClosedConnection closed = closed_connection().by(worker(kRecords * serial + i, 600s));
      closed.peer.address.bytes[13] = static_cast<std::uint8_t>(serial >> 8);
      closed.peer.address.bytes[14] = static_cast<std::uint8_t>(serial);
      closed.peer.address.bytes[15] = static_cast<std::uint8_t>(i);
      run_.apply(closed);
    }
  }

  std::size_t heap_after(std::uint64_t ticks) {
    while (ticks_ < ticks) tick_once();
    static_cast<void>(snapshot());  // fills the caches
    return heap_in_use();
  }

  /// Of the permanent service, including its supervisor.
  [[nodiscard]] std::uint64_t workers_ever() const { return kWorkers + 4 * ticks_ + 1; }
  [[nodiscard]] Snapshot snapshot() const { return run_.interim(); }

 private:
  static constexpr std::uint32_t kMaster = 4'000'000;
  static constexpr std::uint32_t kWorkers = 16;
  static constexpr std::uint32_t kRecords = 64;

  static RunInfo info() {
    RunInfo info;
    info.interval = info.window = 1s;
    return info;
  }
  static RunOptions options() {
    RunOptions options;
    options.max_connection_rows = 100;
    options.show_idle_services = true;
    return options;
  }

  Run run_{info(), {}, {}, kClock, options()};
  std::uint64_t ticks_ = 0;
};

TEST(BoundedMemory, WhatIsReplacedIsForgotten) {
  Turnover turnover;
  // The steps of the timeline double whenever there are 240: at these moments it is equally full.
  const std::size_t warm = turnover.heap_after(240 * 8 + 10);
  const std::size_t later = turnover.heap_after(240 * 16 + 10);

  EXPECT_LT(later, warm + 16 * 1024) << "bytes, for 1,920 more ticks";
  const Snapshot snapshot = turnover.snapshot();
  EXPECT_EQ(snapshot.totals.counts.accepts, std::uint64_t{240 * 16 + 10} * 16);
  EXPECT_GE(snapshot.services.size(), RollCall::kMinGone);
  const ServiceRow& busy = snapshot.services.front();
  EXPECT_GT(busy.workers_forgotten, 0u);
  EXPECT_EQ(busy.workers.size() + busy.workers_forgotten, turnover.workers_ever());
}

}  // namespace
}  // namespace acceptscope::testing
