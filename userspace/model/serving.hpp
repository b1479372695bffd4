// SPDX-License-Identifier: BSD-2-Clause
/// Who serves requests. Where requests are counted, a worker that serves none is idle, whatever it accepted; elsewhere
/// one without a connection.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/snapshot.hpp"

namespace acceptscope {

/// Whether requests were counted on the service, and there was one.
[[nodiscard]] bool counts_requests(const ServiceRow& service);

/// Effective workers by requests, and the workers that began a request per window; empty where requests are not
/// counted.
[[nodiscard]] std::optional<double> effective_by_requests(const ServiceRow& service);
[[nodiscard]] std::optional<ActiveStats> active_by_requests(const ServiceRow& service);

/// The worker served a request in the run, or has one in flight.
[[nodiscard]] bool serves(const WorkerRow& worker);

/// A worker of the service that accepted, served bytes, or had a request in flight or begun, in the last tick.
[[nodiscard]] bool is_at_work(const ServiceRow& service, const WorkerRow& worker);

/// What it really had. Where a dump does not say what was handed over, nothing was.
[[nodiscard]] Held held_by(const WorkerRow& worker);

/// It never had a connection in the run.
[[nodiscard]] bool has_no_connection(const WorkerRow& worker);

/// It is listed apart, below the workers' rows: not a worker, and without connections.
[[nodiscard]] inline bool is_apart(const WorkerRow& row) {
  return row.role == Role::supervisor || row.role == Role::holder;
}

/// It serves no request, or never had a connection where requests are not counted. `worker` is one of the service's.
[[nodiscard]] bool is_idle(const ServiceRow& service, const WorkerRow& worker);

/// Of N of the service: those that serve; 0 where requests are not counted.
[[nodiscard]] std::uint32_t workers_serving(const ServiceRow& service);

/// Of N of the service: those that are idle.
[[nodiscard]] std::uint32_t idle_workers(const ServiceRow& service);

/// The service's rows in the order in which people read them: most requests first, then as in ServiceRow::workers, by
/// connections; who could not accept last.
[[nodiscard]] std::vector<const WorkerRow*> rows_in_order(const ServiceRow& service);

/// Places for requests, if each worker may serve `limit` at once.
struct Places {
  std::uint64_t total = 0;     ///< of all N workers
  std::uint64_t in_reach = 0;  ///< of those that served a request in the run or hold an open connection: a client that
                               ///< keeps its connections reaches no others
  std::uint64_t taken = 0;     ///< requests in flight: now while tracing, else the most at once
};
[[nodiscard]] Places places_of(const ServiceRow& service, std::uint32_t limit, bool live);

}  // namespace acceptscope
