// SPDX-License-Identifier: BSD-2-Clause
#include "model/serving.hpp"

#include <algorithm>

namespace acceptscope {
namespace {

bool any(const RequestStats& requests) { return requests.load.count + requests.load.in_flight > 0; }

}  // namespace

bool counts_requests(const ServiceRow& service) { return service.requests && any(*service.requests); }

bool serves(const WorkerRow& worker) { return worker.requests && any(*worker.requests); }

bool has_no_connection(const WorkerRow& worker) { return worker.counts.connections() + worker.open == 0; }

bool is_idle(const ServiceRow& service, const WorkerRow& worker) {
  return counts_requests(service) ? !serves(worker) : has_no_connection(worker);
}

std::uint32_t workers_serving(const ServiceRow& service) {
  if (!counts_requests(service)) return 0;
  // All of them are eligible: a worker that left with a request served counts.
  return static_cast<std::uint32_t>(std::ranges::count_if(
      service.workers, [](const WorkerRow& worker) { return worker.role == Role::worker && serves(worker); }));
}

std::uint32_t idle_workers(const ServiceRow& service) {
  if (!counts_requests(service)) return service.workers_idle;
  return service.workers_eligible - std::min(service.workers_eligible, workers_serving(service));
}

}  // namespace acceptscope
