// SPDX-License-Identifier: BSD-2-Clause
/// Finished rows of services, for the tests of what is made of them: service_of(8).open({20, 12, 8}, 60s).
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <vector>

#include "model/fairness.hpp"
#include "unit/model/builders.hpp"

namespace acceptscope::testing {

using Counts = std::vector<std::uint64_t>;

/// The finished row of a service whose workers have pids 101, 102, ...
class ServiceRowBuilder {
 public:
  explicit ServiceRowBuilder(std::size_t workers) {
    row_.workers.resize(workers);
    for (std::size_t i = 0; i < workers; ++i) row_.workers[i].pid = static_cast<std::uint32_t>(101 + i);
    row_.workers_eligible = static_cast<std::uint32_t>(workers);
  }
  /// Open since before tracing began, which was `age` ago.
  ServiceRowBuilder& preexisting(const Counts& counts, Nanoseconds age) {
    each(
        counts,
        [](WorkerRow& worker, std::uint64_t count) { worker.counts.preexisting += count, worker.open += count; }, age);
    row_.counts.preexisting += total(counts);
    return aged(age);
  }
  /// Accepted during the run, still open.
  ServiceRowBuilder& open(const Counts& counts, Nanoseconds age) {
    each(
        counts, [](WorkerRow& worker, std::uint64_t count) { worker.counts.accepts += count, worker.open += count; },
        age);
    row_.counts.accepts += total(counts);
    return aged(age);
  }
  /// Accepted and closed during the run, at most `at_once` at the same time.
  ServiceRowBuilder& closed(const Counts& counts, Nanoseconds lifetime, std::uint64_t at_once = 5) {
    each(
        counts,
        [](WorkerRow& worker, std::uint64_t count) { worker.counts.accepts += count, worker.counts.closes += count; },
        lifetime);
    row_.counts.accepts += total(counts);
    row_.counts.closes += total(counts);
    row_.lifetime.closed += total(counts);
    row_.lifetime.p50 = lifetime;
    peak_closed_ = at_once;
    return *this;
  }
  ServiceRowBuilder& bytes(const Counts& counts) {
    std::vector<double> amounts(row_.workers.size(), 0.0);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      row_.workers[i].counts.bytes_received = counts[i];
      amounts[i] = static_cast<double>(counts[i]);
    }
    row_.counts.bytes_received = total(counts);
    row_.effective_workers.bytes = effective_workers(amounts);
    return *this;
  }
  /// Requests that each worker began, and the time with one in flight.
  ServiceRowBuilder& requests(const Counts& counts, const std::vector<Nanoseconds>& busy) {
    std::vector<double> amounts, seconds;
    RequestStats& all = row_.requests.emplace();
    for (std::size_t i = 0; i < row_.workers.size(); ++i) {
      RequestLoad& load = row_.workers[i].requests.emplace().load;
      load.count = i < counts.size() ? counts[i] : 0;
      load.busy = i < busy.size() ? busy[i] : Nanoseconds{0};
      all.load.count += load.count;
      amounts.push_back(static_cast<double>(load.count));
      seconds.push_back(std::chrono::duration<double>(load.busy).count());
    }
    row_.effective_workers.requests = effective_workers(amounts);
    row_.effective_workers.busy = effective_workers(seconds);
    row_.top_share.requests = top_share(amounts);
    return *this;
  }
  /// Requests of one worker lay unread; of `now` more the oldest has for `oldest`.
  ServiceRowBuilder& unread(std::size_t worker, std::uint64_t count, Nanoseconds p95, std::uint64_t now = 0,
                            std::optional<Nanoseconds> oldest = {}) {
    WorkerRow& row = row_.workers[worker];
    row.requests->unread_wait.count = count;
    row.requests->unread_wait.p95 = p95;
    row.waiting_requests = now;
    row.oldest_waiting = oldest;
    return *this;
  }
  ServiceRowBuilder& stalled(std::size_t worker, const Stall& stall) {
    row_.workers[worker].stall = stall;
    return *this;
  }
  ServiceRowBuilder& exited(std::initializer_list<std::size_t> workers) {
    for (const std::size_t i : workers) row_.workers[i].exited = true;
    return *this;
  }
  ServiceRowBuilder& supervisor() {
    WorkerRow& row = row_.workers.emplace_back();
    row.pid = 100;
    row.role = Role::supervisor;
    return *this;
  }
  ServiceRowBuilder& queue(std::uint64_t depth, std::uint32_t backlog, std::uint64_t overflows = 0) {
    row_.accept_queue.depth_max = depth;
    row_.accept_queue.overflows = overflows;
    row_.backlog = backlog;
    return *this;
  }
  ServiceRowBuilder& waits(std::uint64_t count, Nanoseconds p50, Nanoseconds p95) {
    row_.accept_wait.count = count;
    row_.accept_wait.p50 = p50;
    row_.accept_wait.p95 = p95;
    return *this;
  }
  ServiceRow& row() { return row_; }
  operator ServiceRow() const {  // NOLINT: a builder is what it builds
    ServiceRow row = row_;
    row.open = row.lifetime.open = row.counts.connections() - row.counts.closed();
    row.counts.peak_open = row.open + std::min(row.counts.closes, peak_closed_);
    return row;
  }

 private:
  static std::uint64_t total(const Counts& counts) {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : counts) sum += count;
    return sum;
  }
  template <class Add>
  void each(const Counts& counts, Add add, Nanoseconds time) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      add(row_.workers[i], counts[i]);
      row_.workers[i].connection_time += time * static_cast<std::int64_t>(counts[i]);
    }
  }
  ServiceRowBuilder& aged(Nanoseconds age) {
    row_.lifetime.open_age_p50 = age;
    row_.lifetime.open_age_max = std::max(age, row_.lifetime.open_age_max.value_or(age));
    return *this;
  }

  ServiceRow row_;
  std::uint64_t peak_closed_ = 0;
};
inline ServiceRowBuilder service_of(std::size_t workers) { return ServiceRowBuilder(workers); }

}  // namespace acceptscope::testing
