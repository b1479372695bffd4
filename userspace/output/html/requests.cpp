// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "model/owners.hpp"
#include "output/html/distribution.hpp"
#include "output/html/labels.hpp"
#include "output/html/tables.hpp"
#include "output/words/worker_cells.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr double kHeight = 190;
constexpr std::size_t kMostMarks = 5;
constexpr double kLabelGap = 6;

/// A part of the run, at most all of it: ticks come a little early or late.
std::string part_of_run(Nanoseconds time, Nanoseconds run) {
  if (run <= Nanoseconds::zero()) return "-";
  return share_text(std::clamp(static_cast<double>(time.count()) / static_cast<double>(run.count()), 0.0, 1.0));
}

const WorkerRow* busiest_worker(const ServiceRow& service) {
  const WorkerRow* busiest = nullptr;
  for (const WorkerRow& row : service.workers)
    if (row.requests && (busiest == nullptr || row.requests->load.busy > busiest->requests->load.busy)) busiest = &row;
  return busiest;
}

std::string busy_tile(const ServiceRow& service, Nanoseconds run) {
  const WorkerRow* busiest = busiest_worker(service);
  if (busiest == nullptr) return tile("Busy, busiest worker", "-", "no worker");
  return tile("Busy, busiest worker", part_of_run(busiest->requests->load.busy, run),
              fmt::format("PID {}; at least one worker: {}", pid_text(*busiest),
                          part_of_run(service.requests->load.busy, run)));
}

/// The most that a worker had in flight at once.
std::uint64_t largest_peak(const ServiceRow& service) {
  std::uint64_t most = 0;
  for (const WorkerRow& row : service.workers)
    if (row.requests) most = std::max(most, row.requests->load.in_flight_peak);
  return most;
}

std::string active_tile(const ServiceRow& service) {
  const ActiveStats active = service.active_workers.requests.value_or(ActiveStats{});
  if (active.windows == 0) return tile("Serving a request, per window", "-", "no complete window");
  return tile("Serving a request, per window",
              fmt::format("{} of {}", count_text(active.p50), count_text(service.workers_eligible)),
              fmt::format("median; p95 {}, max {}", count_text(active.p95), count_text(active.max)));
}

std::string effective_tile(const ServiceRow& service) {
  const EffectiveWorkers& effective = service.effective_workers;
  return tile("Effective workers by requests",
              effective.requests
                  ? fmt::format("{} of {}", decimal_text(*effective.requests), count_text(service.workers_eligible))
                  : "-",
              effective.busy ? "by busy time: " + decimal_text(*effective.busy) : "never busy");
}

/// "0", "1", "3–4", "5–8"
std::string bucket_text(std::size_t bucket) {
  const std::uint64_t first = Reuse::first(bucket), last = Reuse::last(bucket);
  return first == last ? count_text(first) : fmt::format("{}\u2013{}", count_text(first), count_text(last));
}

struct UsedBuckets {
  std::size_t first = 0, end = 0;
};

/// From the first bucket with a connection to the last.
UsedBuckets used_buckets(const Reuse& reuse) {
  const auto is_used = [](std::uint64_t count) { return count > 0; };
  const auto first = std::find_if(reuse.buckets.begin(), reuse.buckets.end(), is_used);
  const auto last = std::find_if(reuse.buckets.rbegin(), reuse.buckets.rend(), is_used);
  return {static_cast<std::size_t>(first - reuse.buckets.begin()),
          reuse.buckets.size() - static_cast<std::size_t>(last - reuse.buckets.rbegin())};
}

std::string reuse_note(const Reuse& reuse, std::uint64_t omitted) {
  std::string text =
      fmt::format("Of {}: {} requests on average.", count_of(reuse.connections, "connection"),
                  decimal_text(static_cast<double>(reuse.requests) / static_cast<double>(reuse.connections)));
  if (reuse.open > 0) text += fmt::format(" {} still open: they may serve more.", count_text(reuse.open));
  if (reuse.preexisting > 0)
    text += fmt::format(" {} from before the run: counted since it began.", count_text(reuse.preexisting));
  if (reuse.shared > 0) text += fmt::format(" {} served by more than one worker.", count_text(reuse.shared));
  if (omitted > 0)
    text += fmt::format(" The dump leaves out {} (--dump-connections).", count_of(omitted, "connection"));
  return text;
}

}  // namespace

std::string request_tiles(const Snapshot& snapshot, const ServiceRow& service) {
  if (!service.requests) return {};
  const RequestStats& requests = *service.requests;
  const Nanoseconds run = snapshot.run.duration;
  std::string html = "<dl class=\"tiles\">\n";
  html += tile("Requests", count_text(requests.load.count),
               fmt::format("{} in flight at the end, {} aborted", count_text(requests.load.in_flight),
                           count_text(requests.load.aborted)));
  html += tile("Requests/s", rate_text(requests.load.count, run), "in " + duration_text(run));
  html += tile("In flight, most at once", count_text(requests.load.in_flight_peak),
               "in one worker: " + count_text(largest_peak(service)));
  html += busy_tile(service, run) + active_tile(service) + effective_tile(service);
  html +=
      tile("Response p50", duration_text(requests.response.p50),
           fmt::format("p95 {}, max {}", duration_text(requests.response.p95), duration_text(requests.response.max)));
  html += tile("Unread wait p95", duration_text(requests.unread_wait.p95),
               requests.unread_wait.count == 0 ? "not measured"
                                               : fmt::format("p50 {}, max {}", duration_text(requests.unread_wait.p50),
                                                             duration_text(requests.unread_wait.max)));
  return html + "</dl>\n";
}

std::string reuse_figure(Ids& ids, const ServiceRow& service, const Reuse& reuse, std::uint64_t omitted) {
  if (!service.requests || reuse.connections == 0) return {};
  const auto [first, end] = used_buckets(reuse);
  const std::uint64_t most = *std::max_element(reuse.buckets.begin(), reuse.buckets.end());
  const std::vector<double> marks = count_marks(static_cast<double>(most), kMostMarks);
  const double room = count_room(marks);
  const Plot plot{room, 28, kSmall - room - kAxisEnd, kHeight};
  const double step = plot.width / static_cast<double>(std::max<std::size_t>(end - first, 4));
  double free_from = 0;

  std::string svg = count_axis(plot, marks, "connections");
  for (std::size_t bucket = first; bucket < end; ++bucket) {
    const std::uint64_t count = reuse.buckets[bucket];
    const double left = plot.left + step * static_cast<double>(bucket - first);
    const double height = plot.height * static_cast<double>(count) / marks.back();
    if (count > 0)
      svg += svg_rect(left + 1, plot.bottom() - std::max(1.0, height), step - 2, std::max(1.0, height), "bar",
                      fmt::format("{} requests: {} ({})", bucket_text(bucket), count_of(count, "connection"),
                                  share_text(count, reuse.connections)));
    const Label label{left + step / 2, bucket_text(bucket)};
    if (label.left() < free_from || label.right() > kSmall) continue;
    svg += svg_text(label.x, plot.bottom() + 18, label.text, "middle");
    free_from = label.right() + kLabelGap;
  }
  svg += svg_text(plot.left + plot.width / 2, plot.bottom() + 36, "requests on a connection", "middle");
  const std::string note = reuse_note(reuse, omitted);
  const FigureWords words{"Requests per connection", note, "Histogram of the requests per connection. " + note,
                          service.endpoint.to_string()};
  return figure(ids, FigureSize::small, plot.bottom() + 44, words, svg);
}

}  // namespace acceptscope
