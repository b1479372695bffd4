// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/connection_table.hpp"
#include "model/open_connections.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

/// Kernel counters with what they were before.
template <class Counters>
struct CounterState {
  Counters now;
  std::uint64_t accepts_before = 0;     ///< where recent_accepts() counts from
  std::uint64_t accepts_milestone = 0;  ///< where it will count from after the next milestone

  [[nodiscard]] std::uint64_t recent_accepts() const {
    return now.accepts > accepts_before ? now.accepts - accepts_before : 0;
  }
  void pass_milestone() { accepts_before = std::exchange(accepts_milestone, now.accepts); }
};
using ServiceState = CounterState<ServiceCounters>;
using WorkerState = CounterState<WorkerCounters>;

/// What is known of a process beside its counters.
struct ProcessFacts {
  std::optional<std::string> cmdline;
  std::optional<std::string> cgroup;
  bool exited = false;
};

/// Service rows in their final order, with the key of each.
struct ServiceRows {
  std::vector<ServiceRow> rows;
  std::vector<ServiceKey> keys;
};

/// Puts the rows of a snapshot together from counters, records and open connections. All keys are resolved ones;
/// what is added twice under one key is summed up.
class ServiceRowsBuilder {
 public:
  ServiceRowsBuilder(const ClockBase& clock, const OpenSummaries& open) : clock_(clock), open_(open) {}

  /// A service that may have no counters of its own.
  void add_service(const ServiceKey& key);
  void add_service(const ServiceKey& key, const ServiceState& state);
  void add_worker(const ServiceKey& key, const WorkerState& state, const OwnerRecords& records,
                  const ProcessFacts& process);
  /// A worker of this service is filtered out: its row counts the others only.
  void hide_worker(const ServiceKey& key);

  /// Most accepts first, then by endpoint. A service whose workers are all hidden is left out.
  [[nodiscard]] ServiceRows take() &&;

 private:
  struct Worker {
    WorkerRow row;
    Histogram lifetime;
    Histogram wait;
    std::uint64_t untracked = 0;
  };
  struct Service {
    ServiceRow row;
    bool counted = false;         ///< the kernel has counters of this service
    bool hides_workers = false;
    std::map<WorkerKey, Worker> workers;
  };

  void finish_worker(const ServiceKey& key, const WorkerKey& worker_key, Worker& worker) const;
  void finish_service(const ServiceKey& key, Service& service) const;

  ClockBase clock_;
  const OpenSummaries& open_;
  std::map<ServiceKey, Service> services_;
};

}  // namespace acceptscope
