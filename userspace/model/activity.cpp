// SPDX-License-Identifier: BSD-2-Clause
#include "model/activity.hpp"

#include <algorithm>
#include <utility>

namespace acceptscope {
namespace {

/// Raises `counter` to `value` and returns the difference; 0 if `value` was read too low.
template <class Counter>
Counter raise(Counter& counter, Counter value) {
  if (value <= counter) return Counter{0};
  return value - std::exchange(counter, value);
}

}  // namespace

void WindowCounter::Tally::add(std::uint32_t active) {
  if (active >= windows_of_.size()) windows_of_.resize(active + std::size_t{1});
  ++windows_of_[active];
  ++windows_;
  last_ = active;
}

ActiveStats WindowCounter::Tally::stats() const {
  ActiveStats stats;
  stats.windows = windows_;
  if (windows_ == 0) return stats;
  const auto at_rank = [this](std::uint64_t rank) {
    std::uint32_t active = 0;
    for (std::uint64_t below = windows_of_[0]; below < rank; below += windows_of_[active]) ++active;
    return active;
  };
  const auto ceil_of = [this](std::uint64_t percent) {  // without overflow for any number of windows
    return windows_ / 100 * percent + (windows_ % 100 * percent + 99) / 100;
  };
  stats.min = at_rank(1);
  stats.p50 = at_rank(ceil_of(50));
  stats.p95 = at_rank(ceil_of(95));
  stats.max = at_rank(windows_);
  stats.now = last_;
  return stats;
}

WindowClock::Look WindowClock::look(MonotonicTime at) {
  if (!start_) start_ = at;
  const std::int64_t number = (at - *start_) / window_;
  if (number == begun_ || at - *start_ - window_ * number > window_ / kLatest) return Look::within;
  return std::exchange(begun_, number) == number - 1 && number != 0 ? Look::ends : Look::begins;
}

void WindowCounter::add(MonotonicTime at, const std::map<WorkerKey, WorkerActivity>& workers) {
  for (auto& [key, counted] : workers_) counted.present = false;
  for (const auto& [key, activity] : workers) {
    Counted& counted = workers_[key];
    counted.present = true;
    raise(counted.accepts, activity.accepts);
    raise(counted.bytes, activity.bytes);
    raise(counted.requests, activity.requests.value_or(0));
    counts_requests_ = counts_requests_ || activity.requests;
  }
  const WindowClock::Look look = clock_.look(at);
  if (look != WindowClock::Look::within) end_window(look == WindowClock::Look::ends);
}

void WindowCounter::end_window(bool complete) {
  std::uint32_t accepting = 0, serving = 0, requests = 0;
  for (auto& [key, counted] : workers_) {
    if (std::exchange(counted.accepts_before, counted.accepts) < counted.accepts) ++accepting;
    if (std::exchange(counted.bytes_before, counted.bytes) < counted.bytes) ++serving;
    // A request that is in flight all the time begins once: who serves it is busy, but begins none.
    if (std::exchange(counted.requests_before, counted.requests) < counted.requests) ++requests;
  }
  std::erase_if(workers_, [](const auto& entry) { return !entry.second.present; });
  if (!complete) return;
  accepting_.add(accepting);
  serving_.add(serving);
  requests_.add(requests);
}

ActiveWorkers WindowCounter::active_workers() const {
  return {accepting_.stats(), serving_.stats(), counts_requests_ ? std::optional(requests_.stats()) : std::nullopt};
}

Timeline::Timeline(Nanoseconds step, std::size_t max_steps)
    : step_(std::max(step, Nanoseconds{1})), max_steps_(std::max<std::size_t>(max_steps, 1)) {}

void Timeline::add(MonotonicTime at, const std::map<WorkerKey, WorkerActivity>& workers) {
  if (steps_ == 0) return begin(at, workers);
  advance_to(last_tick_ + (at - last_tick_) / 2);
  last_tick_ = at;

  for (auto& [key, track] : tracks_) {
    if (!std::exchange(track.present, workers.contains(key)) || track.present) continue;
    if (track.first + track.steps.size() != steps_) continue;
    track.steps.back().leave();  // during this step
  }
  for (const auto& [key, activity] : workers) {
    Track& track = tracks_[key];
    track.present = true;
    Step& step = current_step(track);
    step.accepts += raise(track.accepts, activity.accepts);
    step.bytes += raise(track.bytes, activity.bytes);
    step.requests += raise(track.requests, activity.requests.value_or(0));
    step.busy += raise(track.busy, activity.busy);
    step.cpu += raise(track.cpu, activity.cpu);
    step.in_flight = activity.in_flight;
    counts_requests_ = counts_requests_ || activity.requests;
    step.open = activity.open;
    step.active = activity.active;
  }
}

void Timeline::begin(MonotonicTime at, const std::map<WorkerKey, WorkerActivity>& workers) {
  start_ = last_tick_ = at;
  steps_ = 1;
  for (const auto& [key, activity] : workers) {
    Step first;
    first.open = activity.open;
    first.active = activity.active;
    first.in_flight = activity.in_flight;
    counts_requests_ = counts_requests_ || activity.requests;
    tracks_[key] = {
        activity.accepts, activity.bytes, activity.requests.value_or(0), activity.busy, activity.cpu, true, 0, {first}};
  }
}

/// Opens all steps up to the one that contains `middle`. In steps without a tick, workers keep their open connections.
void Timeline::advance_to(MonotonicTime middle) {
  const auto index_of = [&] { return static_cast<std::size_t>(std::max<std::int64_t>((middle - start_) / step_, 0)); };
  while (index_of() >= max_steps_) halve();
  const std::size_t index = index_of();
  if (index < steps_) return;
  for (auto& [key, track] : tracks_) {
    if (!track.present) continue;
    Step gap;
    gap.open = track.steps.back().open;
    gap.in_flight = track.steps.back().in_flight;
    track.steps.resize(index - track.first, gap);
  }
  steps_ = index + 1;
}

void Timeline::halve() {
  for (auto& [key, track] : tracks_) halve(track);
  steps_ = (steps_ + 1) / 2;
  step_ *= 2;
}

void Timeline::halve(Track& track) const {
  const std::size_t end = track.first + track.steps.size();
  std::vector<Step> merged((end + 1) / 2 - track.first / 2);
  for (std::size_t i = track.first; i < end; ++i) {
    const Step& step = track.steps[i - track.first];
    Step& into = merged[i / 2 - track.first / 2];
    into.accepts += step.accepts;
    into.bytes += step.bytes;
    into.requests += step.requests;
    into.busy += step.busy;
    into.cpu += step.cpu;
    into.in_flight = step.in_flight;
    into.open = step.open;
    into.active = step.active;
  }
  const bool left_in_first_half = end % 2 == 1 && end < steps_;
  if (left_in_first_half) merged.back().leave();
  track.first /= 2;
  track.steps = std::move(merged);
}

/// The last step of a present worker. The steps before it appeared, and while it was absent, are zero.
Timeline::Step& Timeline::current_step(Track& track) const {
  if (track.steps.empty()) track.first = steps_ - 1;
  track.steps.resize(steps_ - track.first);
  return track.steps.back();
}

TimelineRows Timeline::rows(const ClockBase& clock, const std::vector<WorkerKey>& order) const {
  TimelineRows rows;
  rows.step = step_;
  for (std::size_t i = 0; i < steps_; ++i) {
    rows.start.push_back(clock.instant(start_ + step_ * static_cast<std::int64_t>(i)));
  }
  for (const WorkerKey& key : order) {
    TimelineWorker& row = rows.workers.emplace_back();
    row.pid = key.pid;
    if (key.tid != 0) row.tid = key.tid;
    for (auto* const list : {&row.accepts, &row.open, &row.active, &row.bytes}) list->resize(steps_);
    row.cpu.resize(steps_);
    if (counts_requests_) {
      for (auto* const list : {&row.requests, &row.in_flight}) list->resize(steps_);
      row.busy.resize(steps_);
    }
    const auto found = tracks_.find(key);
    if (found == tracks_.end()) continue;
    const Track& track = found->second;
    for (std::size_t i = 0; i < track.steps.size(); ++i) {
      const Step& step = track.steps[i];
      row.accepts[track.first + i] = step.accepts;
      row.open[track.first + i] = step.open;
      row.active[track.first + i] = step.active;
      row.bytes[track.first + i] = step.bytes;
      row.cpu[track.first + i] = step.cpu;
      if (!counts_requests_) continue;
      row.requests[track.first + i] = step.requests;
      row.in_flight[track.first + i] = step.in_flight;
      row.busy[track.first + i] = step.busy;
    }
  }
  return rows;
}

}  // namespace acceptscope
