// SPDX-License-Identifier: BSD-2-Clause
/// Who serves requests. Where requests are counted, a worker that serves none is idle, whatever it accepted; elsewhere
/// one without a connection.
#pragma once

#include <cstdint>

#include "model/snapshot.hpp"

namespace acceptscope {

/// Whether requests were counted on the service, and there was one.
[[nodiscard]] bool counts_requests(const ServiceRow& service);

/// The worker served a request in the run, or has one in flight.
[[nodiscard]] bool serves(const WorkerRow& worker);

/// It never had a connection in the run.
[[nodiscard]] bool has_no_connection(const WorkerRow& worker);

/// It serves no request, or never had a connection where requests are not counted. `worker` is one of the service's.
[[nodiscard]] bool is_idle(const ServiceRow& service, const WorkerRow& worker);

/// Of N of the service: those that serve; 0 where requests are not counted.
[[nodiscard]] std::uint32_t workers_serving(const ServiceRow& service);

/// Of N of the service: those that are idle.
[[nodiscard]] std::uint32_t idle_workers(const ServiceRow& service);

}  // namespace acceptscope
