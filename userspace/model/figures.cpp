// SPDX-License-Identifier: BSD-2-Clause
#include "model/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "model/fairness.hpp"
#include "model/serving.hpp"
#include "model/slots.hpp"
#include "text/numbers.hpp"
#include "util/whole_number.hpp"

namespace acceptscope {
namespace {

using Value = std::optional<double>;

Value seconds(std::optional<Nanoseconds> time) {
  if (!time) return std::nullopt;
  return std::chrono::duration<double>(*time).count();
}

Value number(std::uint64_t count) { return static_cast<double>(count); }

Value per_window(const ActiveStats& stats, std::uint32_t value) {
  if (stats.windows == 0) return std::nullopt;
  return value;
}

/// `of` the requests of a service or worker; empty if they were not counted.
template <class Row, class Of>
Value of_requests(const Row& row, Of of) {
  return row.requests ? Value(of(*row.requests)) : std::nullopt;
}

/// The largest value of a worker; empty if requests were not counted.
template <class Of>
Value largest_of_workers(const ServiceRow& service, Of of) {
  Value largest;
  for (const WorkerRow& row : service.workers)
    if (const Value value = of_requests(row, of)) largest = std::max(largest.value_or(0), *value);
  return largest;
}

Value response(const ServiceRow& service, std::optional<Nanoseconds> DurationStats::*quantile) {
  return service.requests ? seconds(service.requests->response.*quantile) : std::nullopt;
}

Value unread_wait(const ServiceRow& service, std::optional<Nanoseconds> DurationStats::*quantile) {
  return service.requests ? seconds(service.requests->unread_wait.*quantile) : std::nullopt;
}

std::vector<double> amounts(const ServiceRow& service) {
  const std::vector<std::uint64_t> counts = connections_by_worker(service);
  return {counts.begin(), counts.end()};
}

using S = const ServiceRow&;
using T = Nanoseconds;
using R = const RequestStats&;

// clang-format off
constexpr std::array kFigures{
    FigureRow{"workers", FigureUnit::count, Better::neither, true, "workers that could accept",
              [](S s, T) { return number(eligible_workers(s)); }},
    FigureRow{"workers_idle", FigureUnit::count, Better::lower, true,
              "number of these without any connection during the run",
              [](S s, T) { return number(s.workers_idle); }},
    FigureRow{"effective_workers", FigureUnit::workers, Better::higher, true,
              "effective workers by connections, accepted and pre-existing",
              [](S s, T) { return effective_by_connections(s); }},
    FigureRow{"fair_p01", FigureUnit::workers, Better::neither, true,
              "effective workers that 99 % of fair draws of as many connections reach",
              [](S s, T) { return s.effective_workers.fair_p01; }},
    FigureRow{"fair_p50", FigureUnit::workers, Better::neither, false, "median effective workers of such draws",
              [](S s, T) { return s.effective_workers.fair_p50; }},
    FigureRow{"effective_workers_seconds", FigureUnit::workers, Better::higher, false,
              "effective workers by connection time", [](S s, T) { return s.effective_workers.connection_seconds; }},
    FigureRow{"effective_workers_bytes", FigureUnit::workers, Better::higher, false, "effective workers by bytes",
              [](S s, T) { return s.effective_workers.bytes; }},
    FigureRow{"top_share", FigureUnit::share, Better::lower, true, "the busiest worker's share of the connections",
              [](S s, T) { return top_share(amounts(s)); }},
    FigureRow{"top_share_seconds", FigureUnit::share, Better::lower, false,
              "the busiest worker's share of the connection time", [](S s, T) { return s.top_share.connection_seconds; }},
    FigureRow{"top_share_bytes", FigureUnit::share, Better::lower, false, "the busiest worker's share of the bytes",
              [](S s, T) { return s.top_share.bytes; }},
    FigureRow{"active_accepting", FigureUnit::count, Better::higher, true,
              "workers that accept in a window, median of the windows",
              [](S s, T) { return per_window(s.active_workers.accepting, s.active_workers.accepting.p50); }},
    FigureRow{"active_serving", FigureUnit::count, Better::higher, true,
              "workers that receive or send in a window, median of the windows",
              [](S s, T) { return per_window(s.active_workers.serving, s.active_workers.serving.p50); }},
    FigureRow{"connections", FigureUnit::count, Better::neither, true, "accepts and pre-existing connections",
              [](S s, T) { return number(s.counts.connections()); }},
    FigureRow{"accepts", FigureUnit::count, Better::neither, false, "connections accepted",
              [](S s, T) { return number(s.counts.accepts); }},
    FigureRow{"accepts_per_second", FigureUnit::per_second, Better::neither, true, "accepts per second of the run",
              [](S s, T run) { return run.count() > 0 ? Value(static_cast<double>(s.counts.accepts) / *seconds(run)) : Value(); }},
    FigureRow{"open", FigureUnit::count, Better::neither, false, "connections still open at the end",
              [](S s, T) { return number(s.open); }},
    FigureRow{"peak_open", FigureUnit::count, Better::neither, false, "largest number of connections open at once",
              [](S s, T) { return number(s.counts.peak_open); }},
    FigureRow{"preexisting", FigureUnit::count, Better::neither, false,
              "connections that were already open when tracing began",
              [](S s, T) { return number(s.counts.preexisting); }},
    FigureRow{"never_accepted", FigureUnit::count, Better::lower, false,
              "connections that left the accept queue without an accept", [](S s, T) { return number(s.never_accepted); }},
    FigureRow{"handed_over", FigureUnit::count, Better::neither, false,
              "connections that others had than those that accepted them", [](S s, T) { return number(s.handed_over); }},
    FigureRow{"lifetime_p50", FigureUnit::seconds, Better::neither, true, "median lifetime of the closed connections",
              [](S s, T) { return seconds(s.lifetime.p50); }},
    FigureRow{"lifetime_p95", FigureUnit::seconds, Better::neither, true, "95th percentile of these lifetimes",
              [](S s, T) { return seconds(s.lifetime.p95); }},
    FigureRow{"lifetime_max", FigureUnit::seconds, Better::neither, false, "longest of these lifetimes",
              [](S s, T) { return seconds(s.lifetime.max); }},
    FigureRow{"open_age_p50", FigureUnit::seconds, Better::neither, false, "median age of the open connections",
              [](S s, T) { return seconds(s.lifetime.open_age_p50); }},
    FigureRow{"accept_wait_p50", FigureUnit::seconds, Better::lower, true, "median time in the accept queue",
              [](S s, T) { return seconds(s.accept_wait.p50); }},
    FigureRow{"accept_wait_p95", FigureUnit::seconds, Better::lower, true, "95th percentile of that time",
              [](S s, T) { return seconds(s.accept_wait.p95); }},
    FigureRow{"accept_wait_p99", FigureUnit::seconds, Better::lower, false, "99th percentile of that time",
              [](S s, T) { return seconds(s.accept_wait.p99); }},
    FigureRow{"accept_wait_max", FigureUnit::seconds, Better::lower, false, "longest time in the accept queue",
              [](S s, T) { return seconds(s.accept_wait.max); }},
    FigureRow{"queue_depth_max", FigureUnit::count, Better::lower, false,
              "largest number of connections seen in the accept queue",
              [](S s, T) { return number(s.accept_queue.depth_max); }},
    FigureRow{"queue_overflows", FigureUnit::count, Better::lower, false,
              "connection attempts that the listening sockets dropped",
              [](S s, T) { return s.accept_queue.overflows ? number(*s.accept_queue.overflows) : Value(); }},
    FigureRow{"requests", FigureUnit::count, Better::neither, true, "requests served; unknown, like the figures below, if not counted",
              [](S s, T) { return of_requests(s, [](R r) { return number(r.load.count); }); }},
    FigureRow{"requests_per_second", FigureUnit::per_second, Better::neither, true, "requests per second of the run",
              [](S s, T run) { return run.count() > 0 ? of_requests(s, [run](R r) { return static_cast<double>(r.load.count) / *seconds(run); }) : Value(); }},
    FigureRow{"active_requests", FigureUnit::count, Better::higher, true,
              "workers that begin to serve a request in a window, median of the windows",
              [](S s, T) { return s.active_workers.requests ? per_window(*s.active_workers.requests, s.active_workers.requests->p50) : Value(); }},
    FigureRow{"effective_workers_requests", FigureUnit::workers, Better::higher, true, "effective workers by requests served",
              [](S s, T) { return s.effective_workers.requests; }},
    FigureRow{"effective_workers_busy", FigureUnit::workers, Better::higher, false, "effective workers by busy time",
              [](S s, T) { return s.effective_workers.busy; }},
    FigureRow{"top_share_requests", FigureUnit::share, Better::lower, false, "the busiest worker's share of the requests",
              [](S s, T) { return s.top_share.requests; }},
    FigureRow{"top_share_busy", FigureUnit::share, Better::lower, false,
              "the busiest worker's share of the sum of the busy times", [](S s, T) { return s.top_share.busy; }},
    FigureRow{"busy_max", FigureUnit::share, Better::lower, true,
              "part of the run during which the busiest worker had a request in flight",
              [](S s, T run) { return run.count() > 0 ? largest_of_workers(s, [run](R r) { return *seconds(r.load.busy) / *seconds(run); }) : Value(); }},
    FigureRow{"in_flight_peak", FigureUnit::count, Better::neither, true, "largest number of requests in flight at once",
              [](S s, T) { return of_requests(s, [](R r) { return number(r.load.in_flight_peak); }); }},
    FigureRow{"in_flight_peak_worker", FigureUnit::count, Better::lower, true,
              "largest number of requests in flight at once in one worker",
              [](S s, T) { return largest_of_workers(s, [](R r) { return number(r.load.in_flight_peak); }); }},
    FigureRow{"response_p50", FigureUnit::seconds, Better::lower, true, "median response time, first read to first write",
              [](S s, T) { return response(s, &DurationStats::p50); }},
    FigureRow{"response_p95", FigureUnit::seconds, Better::lower, true, "95th percentile of that time",
              [](S s, T) { return response(s, &DurationStats::p95); }},
    FigureRow{"response_p99", FigureUnit::seconds, Better::lower, false, "99th percentile of that time",
              [](S s, T) { return response(s, &DurationStats::p99); }},
    FigureRow{"response_max", FigureUnit::seconds, Better::lower, false, "longest response time",
              [](S s, T) { return response(s, &DurationStats::max); }},
    FigureRow{"unread_wait_p50", FigureUnit::seconds, Better::lower, false, "median time that requests lay unread",
              [](S s, T) { return unread_wait(s, &DurationStats::p50); }},
    FigureRow{"unread_wait_p95", FigureUnit::seconds, Better::lower, true, "95th percentile of that time",
              [](S s, T) { return unread_wait(s, &DurationStats::p95); }},
    FigureRow{"unread_wait_p99", FigureUnit::seconds, Better::lower, false, "99th percentile of that time",
              [](S s, T) { return unread_wait(s, &DurationStats::p99); }},
    FigureRow{"unread_wait_max", FigureUnit::seconds, Better::lower, false, "longest time that a request lay unread",
              [](S s, T) { return unread_wait(s, &DurationStats::max); }},
};
// clang-format on

}  // namespace

std::string_view unit_name(FigureUnit unit) {
  switch (unit) {
    case FigureUnit::count: return "count";
    case FigureUnit::workers: return "workers";
    case FigureUnit::share: return "0 to 1";
    case FigureUnit::per_second: return "per second";
    case FigureUnit::seconds: return "seconds";
  }
  return {};
}

std::span<const FigureRow> figure_table() { return kFigures; }

const FigureRow* find_figure(std::string_view name) {
  const auto found =
      std::find_if(kFigures.begin(), kFigures.end(), [&](const FigureRow& row) { return row.name == name; });
  return found == kFigures.end() ? nullptr : &*found;
}

std::string figure_text(FigureUnit unit, std::optional<double> value) {
  if (!value) return "-";
  if (*value < 0) return fmt::format("-{}", figure_text(unit, -*value));
  switch (unit) {
    case FigureUnit::seconds: return seconds_text(*value);
    case FigureUnit::share: return share_text(*value);
    case FigureUnit::workers: return decimal_text(*value);
    case FigureUnit::per_second: return rate_text(*value);
    case FigureUnit::count: return amount_text(*value);
  }
  return {};
}

std::string figure_change_text(FigureUnit unit, std::optional<double> change) {
  if (!change) return "-";
  if (unit == FigureUnit::share) return decimal_text(*change * 100) + " %";
  if (unit == FigureUnit::per_second && std::abs(*change) < 0.05) return decimal_text(*change);
  return figure_text(unit, change);
}

std::vector<std::uint64_t> connections_by_worker(const ServiceRow& service) {
  std::vector<std::uint64_t> counts;
  const auto connections = [](const WorkerRow& row) { return static_cast<double>(held_by(row).connections); };
  for (const double amount : Slots(service).amounts(connections)) counts.push_back(whole_number(amount));
  return counts;
}

std::optional<double> effective_by_connections(const ServiceRow& service) {
  return effective_workers(amounts(service));
}

std::uint32_t eligible_workers(const ServiceRow& service) {
  if (service.workers_eligible > 0) return service.workers_eligible;
  return static_cast<std::uint32_t>(connections_by_worker(service).size());
}

}  // namespace acceptscope
