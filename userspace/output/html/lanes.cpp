// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <utility>

#include "model/names.hpp"
#include "model/owners.hpp"
#include "output/html/labels.hpp"
#include "output/html/markup.hpp"
#include "output/html/timeline.hpp"
#include "output/words/worker_cells.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kMostBands = 40;
constexpr double kLabels = 170;
constexpr double kOpenMarks = 72;  ///< right of the lanes
constexpr double kLeastBand = 17;
constexpr double kAllLanes = 900;  ///< height that the lanes share

using WorkerId = std::pair<std::uint32_t, std::uint32_t>;

struct Lane {
  const ConnectionRow* connection = nullptr;
  double begin = 0, end = 0;  ///< on the time axis, 0..1
  std::size_t row = 0;        ///< within its band
};

/// The lanes of one worker, packed: connections that do not overlap share a row.
struct Band {
  std::string label;
  std::vector<Lane> lanes;
  std::size_t rows = 0;
};

void pack(Band& band) {
  std::sort(band.lanes.begin(), band.lanes.end(), [](const Lane& a, const Lane& b) {
    return std::pair(a.begin, a.connection->id) < std::pair(b.begin, b.connection->id);
  });
  using Free = std::pair<double, std::size_t>;  // time from which it is free, row
  std::priority_queue<Free, std::vector<Free>, std::greater<>> free;
  for (Lane& lane : band.lanes) {
    if (!free.empty() && free.top().first <= lane.begin) {
      lane.row = free.top().second;
      free.pop();
    } else {
      lane.row = band.rows++;
    }
    free.emplace(lane.end, lane.row);
  }
}

/// Every k-th of the service's connections, in the order of the accepts.
std::vector<const ConnectionRow*> sample(const Snapshot& snapshot, std::size_t index, std::size_t most,
                                         std::size_t& all) {
  std::vector<const ConnectionRow*> rows;
  for (const ConnectionRow& row : snapshot.connections)
    if (row.service == index) rows.push_back(&row);
  all = rows.size();
  if (all <= most) return rows;
  for (std::size_t i = 0; i < most; ++i) rows[i] = rows[i * all / most];  // i * all / most >= i: not overwritten yet
  rows.resize(most);
  return rows;
}

Lane lane_of(const ConnectionRow& row, const TimeAxis& axis) {
  const double begin = row.accepted_at ? axis.place(*row.accepted_at) : 0;
  const double end = row.closed_at ? axis.place(*row.closed_at) : 1;
  return {&row, begin, std::max(begin, end), 0};
}

/// In the order of the worker table; connections of unlisted workers come last.
std::vector<Band> bands_of(const ServiceRow& service, const std::vector<const ConnectionRow*>& connections,
                           const TimeAxis& axis) {
  std::map<WorkerId, std::size_t> known;
  std::vector<Band> bands;
  bool threads = false;
  for (const WorkerRow* worker : workers_of(service)) {
    threads |= worker->tid.has_value();
    if (known.emplace(WorkerId{worker->pid, worker->tid.value_or(0)}, bands.size()).second)
      bands.push_back({pid_text(*worker) + " " + command_text(service, *worker, false), {}, 0});
  }
  const std::size_t unknown = bands.size();
  bands.push_back({"other workers", {}, 0});
  for (const ConnectionRow* row : connections) {
    const auto found = known.find({row->pid, threads ? row->tid : 0});
    bands[found == known.end() ? unknown : found->second].lanes.push_back(lane_of(*row, axis));
  }
  if (bands.back().lanes.empty()) bands.pop_back();
  for (Band& band : bands) pack(band);
  return bands;
}

std::string connection_text(const ConnectionRow& row) {
  const std::string from = row.accepted_at ? clock_text(*row.accepted_at, true) : "before the run";
  const std::string to = row.closed_at ? clock_text(*row.closed_at, true) : "open at the end";
  std::string text = fmt::format("#{} {}, {} \u2013 {}", row.id, row.peer.to_string(), from, to);
  if (row.lifetime)
    text += fmt::format(" ({})", duration_text(row.lifetime));
  else if (row.age_min)
    text += fmt::format(" ({})", age_text(row.age_min, row.preexisting, false));
  text += fmt::format("; {} in, {} out", bytes_text(row.bytes_received), bytes_text(row.bytes_sent));
  if (row.close_reason) text += fmt::format("; closed: {}", enum_name(*row.close_reason));
  if (row.held_by_pid) text += fmt::format("; held by {}", *row.held_by_pid);
  return text;
}

std::string lanes_svg(const Band& band, double top, double height, const Plot& plot) {
  std::string svg;
  for (const Lane& lane : band.lanes) {
    const double left = plot.left + plot.width * lane.begin;
    const double width = std::max(1.0, plot.width * (lane.end - lane.begin));
    svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\"{}><title>{}</title></rect>\n",
                       coordinate(std::min(left, plot.right() - 1)),
                       coordinate(top + height * static_cast<double>(lane.row)), coordinate(width),
                       lane.connection->preexisting ? " class=\"before\"" : "",
                       html_escape(connection_text(*lane.connection)));
  }
  return svg;
}

std::string legend() {
  return key_of("Colors", key_entry(KeySign::bar, "bar", "accepted in the run") +
                              key_entry(KeySign::bar, "before", "open before the run began") +
                              "<li>▶ at the right edge: open at the end</li>");
}

/// Rows of lanes of the bands drawn; the height of one.
double lane_height(const std::vector<Band>& bands, std::size_t drawn) {
  std::size_t rows = 0;
  for (std::size_t i = 0; i < drawn; ++i) rows += bands[i].rows;
  return std::clamp(kAllLanes / static_cast<double>(std::max<std::size_t>(rows, 1)), 1.5, 9.0);
}

std::size_t open_lanes(const Band& band) {
  return static_cast<std::size_t>(std::count_if(band.lanes.begin(), band.lanes.end(),
                                                [](const Lane& lane) { return !lane.connection->closed_at; }));
}

std::string note(std::size_t drawn, std::size_t all, std::uint64_t left_out, const Snapshot& snapshot,
                 std::size_t bands_left_out) {
  std::string text =
      "A bar per connection, from its accept to its close; those of a worker that do not overlap share a row.";
  if (drawn < all)
    text +=
        fmt::format(" Drawn: {} of {}, evenly taken in the order of the accepts.", count_text(drawn), count_text(all));
  if (left_out > 0)
    text += fmt::format(" A sample: {} of the dump are left out, of each worker short ones rather than long ones.",
                        count_of(left_out, "connection"));
  if (snapshot.connections_omitted > 0)
    text += fmt::format(" The dump leaves out {} (--dump-connections).",
                        count_of(snapshot.connections_omitted, "connection"));
  if (bands_left_out > 0) text += fmt::format(" {} more are not drawn.", count_of(bands_left_out, "worker"));
  return text;
}

}  // namespace

std::string lanes_figure(Ids& ids, const Snapshot& snapshot, std::size_t index, const LaneChoice& choice) {
  const ServiceRow& service = snapshot.services[index];
  std::size_t all = 0;
  const std::vector<const ConnectionRow*> connections = sample(snapshot, index, choice.most, all);
  if (connections.empty()) return {};
  const TimeAxis axis(snapshot.run.started_at, snapshot.run.ended_at);
  const std::vector<Band> bands = bands_of(service, connections, axis);
  const std::size_t drawn = std::min(bands.size(), kMostBands);
  const double height = lane_height(bands, drawn);

  Plot plot{kLabels, 6, kWide - kLabels - kOpenMarks, 0};
  std::string svg;
  for (std::size_t i = 0; i < drawn; ++i) {
    const Band& band = bands[i];
    const double top = plot.bottom();
    const double tall = std::max(kLeastBand, height * static_cast<double>(band.rows) + 3);
    svg += svg_text(plot.left - 8, top + tall / 2 + 4, fitted(band.label, kLabels - 12), "end", "l");
    svg += svg_line(plot.left, top + tall, plot.right(), top + tall, "grid");
    if (band.lanes.empty()) svg += svg_text(plot.left + 6, top + 12, "no connection", "start", "i");
    svg += lanes_svg(band, top + (tall - height * static_cast<double>(band.rows)) / 2, height, plot);
    if (const std::size_t open = open_lanes(band); open > 0)
      svg += svg_text(plot.right() + 4, top + tall / 2 + 4, fmt::format("▶ {}", count_text(open)));
    plot.height += tall;
  }
  svg = fmt::format("<g class=\"lanes\" style=\"--h:{}px\">\n", coordinate(height)) + svg + "</g>\n" +
        time_axis(plot, axis);
  const FigureWords words{"Connections by worker",
                          note(connections.size(), all, choice.left_out, snapshot, bands.size() - drawn),
                          fmt::format("Connections of {} over the run; the tables of the page have the numbers.",
                                      count_of(drawn, "worker")),
                          service.endpoint.to_string()};
  return figure(ids, FigureSize::wide, plot.bottom() + 44, words, svg, legend());
}

}  // namespace acceptscope
