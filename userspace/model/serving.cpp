// SPDX-License-Identifier: BSD-2-Clause
#include "model/serving.hpp"

#include <algorithm>
#include <utility>

#include "model/slots.hpp"

namespace acceptscope {
namespace {

bool any(const RequestStats& requests) { return requests.load.count + requests.load.in_flight > 0; }

}  // namespace

bool counts_requests(const ServiceRow& service) { return service.requests && any(*service.requests); }

std::optional<double> effective_by_requests(const ServiceRow& service) {
  return counts_requests(service) ? service.effective_workers.requests : std::nullopt;
}

std::optional<ActiveStats> active_by_requests(const ServiceRow& service) {
  return counts_requests(service) ? service.active_workers.requests : std::nullopt;
}

bool serves(const WorkerRow& worker) { return worker.requests && any(*worker.requests); }

bool is_at_work(const ServiceRow& service, const WorkerRow& worker) {
  if (worker.exited || is_apart(worker) || is_idle(service, worker)) return false;
  const std::uint64_t in_flight = worker.requests ? worker.requests->load.in_flight : 0;
  return worker.recent_accepts + worker.active_connections + worker.recent_requests + in_flight > 0;
}

Held held_by(const WorkerRow& worker) {
  return worker.held.value_or(
      Held{worker.counts.connections(), worker.open, worker.connection_time, worker.counts.bytes()});
}

bool has_no_connection(const WorkerRow& worker) {
  const Held held = held_by(worker);
  return held.connections + held.open == 0;
}

bool is_idle(const ServiceRow& service, const WorkerRow& worker) {
  if (worker.role == Role::acceptor) return false;
  return counts_requests(service) ? !serves(worker) : has_no_connection(worker);
}

std::uint32_t workers_serving(const ServiceRow& service) {
  if (!counts_requests(service)) return 0;
  const Slots slots(service);
  return static_cast<std::uint32_t>(
      std::ranges::count_if(slots.amounts([](const WorkerRow& worker) { return serves(worker) ? 1.0 : 0.0; }),
                            [](double n) { return n > 0; }));
}

std::uint32_t idle_workers(const ServiceRow& service) {
  if (!counts_requests(service)) return service.workers_idle;
  return service.workers_eligible - std::min(service.workers_eligible, workers_serving(service));
}

std::vector<const WorkerRow*> rows_in_order(const ServiceRow& service) {
  std::vector<const WorkerRow*> rows;
  for (const WorkerRow& row : service.workers) rows.push_back(&row);
  if (!counts_requests(service)) return rows;
  const auto rank = [](const WorkerRow* row) {
    return std::pair(row->role, row->requests ? ~row->requests->load.count : ~std::uint64_t{0});
  };
  std::ranges::stable_sort(rows, {}, rank);
  return rows;
}

Places places_of(const ServiceRow& service, std::uint32_t limit, bool live) {
  const auto reached = std::ranges::count_if(service.workers, [](const WorkerRow& worker) {
    return worker.role == Role::worker && (serves(worker) || worker.open > 0);
  });
  const RequestLoad load = service.requests ? service.requests->load : RequestLoad{};
  return {std::uint64_t{limit} * service.workers_eligible, limit * static_cast<std::uint64_t>(reached),
          live ? load.in_flight : load.in_flight_peak};
}

}  // namespace acceptscope
