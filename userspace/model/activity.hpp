// SPDX-License-Identifier: BSD-2-Clause
/// The workers' activity over time: active workers per window, and the timeline.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "model/owner.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

/// One worker's activity since tracing began, and its connections now, as of a tick.
struct WorkerActivity {
  std::uint64_t accepts = 0;                ///< cumulative
  std::uint64_t bytes = 0;                  ///< cumulative, received + sent, of closed and open connections
  std::uint64_t open = 0;                   ///< now
  std::uint64_t active = 0;                 ///< open connections with traffic since the tick before
  std::optional<std::uint64_t> requests{};  ///< cumulative, begun; empty: not counted
  std::uint64_t in_flight = 0;              ///< now
  Nanoseconds busy{0};                      ///< cumulative
  Nanoseconds cpu{0};                       ///< cumulative
};

/// Tells which ticks are ends of windows. Windows have equal lengths and follow one another from the first tick on. An
/// end is seen by the first tick after it, if that comes within 1/kLatest of a window: on a loaded machine it may come
/// later, and then the windows on both sides are not complete, because nobody knows on which side anything happened.
class WindowClock {
 public:
  static constexpr int kLatest = 20;

  explicit WindowClock(Nanoseconds window) : window_(std::max(window, Nanoseconds{1})) {}

  enum class Look : std::uint8_t {
    within,  ///< no end, or one that was seen before
    begins,  ///< a window begins; the one before it is not complete
    ends,    ///< a complete window ends, and the next begins
  };
  /// A tick; call in order of time.
  Look look(MonotonicTime at);

 private:
  Nanoseconds window_;
  std::optional<MonotonicTime> start_;
  std::int64_t begun_ = -1;  ///< number of the window whose beginning was seen last
};

/// Counts active workers per complete window of one service. The counts of the first tick of the run belong to the time
/// before the first window; a worker that appears later starts from zero. Memory does not grow with time: one number
/// per possible count of active workers, and the counters of the workers seen in the current window.
class WindowCounter {
 public:
  /// `clock` has looked at the ticks before the service appeared.
  explicit WindowCounter(WindowClock clock) : clock_(clock) {}
  /// Call in order of time. Workers that are no longer listed count with their activity before they left.
  void add(MonotonicTime at, const std::map<WorkerKey, WorkerActivity>& workers);
  /// Quantiles by nearest rank.
  [[nodiscard]] ActiveWorkers active_workers() const;

 private:
  /// Cumulative counters of one worker. They only rise: if a counter is read lower than before, it keeps its old value,
  /// so that its later rise is not counted as activity.
  struct Counted {
    std::uint64_t accepts_before = 0, bytes_before = 0, requests_before = 0;  ///< at the start of the window
    std::uint64_t accepts = 0, bytes = 0, requests = 0;                       ///< now
    bool present = false;                                                     ///< in the last tick
  };
  /// How often each number of active workers occurred.
  class Tally {
   public:
    void add(std::uint32_t active);
    [[nodiscard]] ActiveStats stats() const;

   private:
    std::vector<std::uint64_t> windows_of_;  ///< by number of active workers
    std::uint64_t windows_ = 0;
    std::uint32_t last_ = 0;
  };

  void end_window(bool complete);

  WindowClock clock_;
  std::map<WorkerKey, Counted> workers_;
  Tally accepting_;
  Tally serving_;
  Tally requests_;
  bool counts_requests_ = false;
};

/// Activity per worker of one service in steps of equal length, at most `max_steps` of them: if there would be more,
/// each two neighbors become one and the step doubles. Steps are counted from the first tick, which only gives the
/// start values of the cumulative counters; a worker that appears later starts from zero. A tick's activity belongs to
/// the step that contains the middle of the time since the tick before, so that timers may jitter. Merging keeps the
/// sums. Memory: 56 bytes per worker and step from its first to its last tick; it stops growing once a worker has left.
class Timeline {
 public:
  static constexpr std::size_t kMaxSteps = 240;
  /// `step` above 0; `max_steps` at least 1.
  explicit Timeline(Nanoseconds step, std::size_t max_steps = kMaxSteps);
  /// In order of time.
  void add(MonotonicTime at, const std::map<WorkerKey, WorkerActivity>& workers);
  /// `order`: the wanted workers, in this order; workers never seen get zeros. The last step may be incomplete.
  [[nodiscard]] TimelineRows rows(const ClockBase& clock, const std::vector<WorkerKey>& order) const;

 private:
  struct Step {
    std::uint64_t accepts = 0, bytes = 0, requests = 0;  ///< in the step
    Nanoseconds busy{0}, cpu{0};                         ///< in the step
    std::uint64_t open = 0, active = 0, in_flight = 0;   ///< at its end

    /// A step after which a worker has left.
    void leave() { open = active = in_flight = 0; }
  };
  struct Track {
    std::uint64_t accepts = 0, bytes = 0, requests = 0;  ///< cumulative, the highest seen
    Nanoseconds busy{0}, cpu{0};                         ///< likewise
    bool present = false;                                ///< in the last tick
    std::size_t first = 0;                               ///< step of steps.front()
    std::vector<Step> steps;
  };

  void begin(MonotonicTime at, const std::map<WorkerKey, WorkerActivity>& workers);
  void advance_to(MonotonicTime middle);
  void halve();
  void halve(Track& track) const;
  Step& current_step(Track& track) const;

  Nanoseconds step_;
  std::size_t max_steps_;
  std::size_t steps_ = 0;  ///< number of steps so far, including the last
  MonotonicTime start_;
  MonotonicTime last_tick_;
  std::map<WorkerKey, Track> tracks_;
  bool counts_requests_ = false;
};

}  // namespace acceptscope
