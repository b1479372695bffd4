// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "model/owners.hpp"
#include "model/serving.hpp"
#include "output/html/labels.hpp"
#include "output/html/markup.hpp"
#include "output/html/tables.hpp"
#include "output/html/timeline.hpp"
#include "output/words/worker_cells.hpp"
#include "text/numbers.hpp"
#include "util/whole_number.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kMostRows = 40;
constexpr std::size_t kMostColumns = 240;
constexpr double kRow = 16;
constexpr double kLabels = 170;

struct HeatRow {
  std::string label;
  std::vector<double> values;  ///< one per column
};

bool is_time(HeatMeasure measure) { return measure == HeatMeasure::busy || measure == HeatMeasure::cpu; }

double seconds_at(const std::vector<Nanoseconds>& times, std::size_t step) {
  return step < times.size() ? std::chrono::duration<double>(times[step]).count() : 0;
}

/// Times are in seconds; everything else in whole numbers.
double value_at(const TimelineWorker& worker, HeatMeasure measure, std::size_t step) {
  switch (measure) {
    case HeatMeasure::accepts: return static_cast<double>(at_step(worker.accepts, step));
    case HeatMeasure::open: return static_cast<double>(at_step(worker.open, step));
    case HeatMeasure::bytes: return static_cast<double>(at_step(worker.bytes, step));
    case HeatMeasure::busy: return seconds_at(worker.busy, step);
    case HeatMeasure::cpu: return seconds_at(worker.cpu, step);
  }
  return 0;
}

/// Steps of a timeline that share a column.
struct Grid {
  const TimelineRows& timeline;
  std::size_t per_column = 1;
  Instant end;

  [[nodiscard]] std::size_t columns() const { return (timeline.start.size() + per_column - 1) / per_column; }
  /// Of a column, in seconds: the last step ends with the run.
  [[nodiscard]] double length(std::size_t column) const {
    const std::size_t next = (column + 1) * per_column;
    const Instant to = next < timeline.start.size() ? timeline.start[next] : end;
    return (static_cast<double>(to.unix_ns) - static_cast<double>(timeline.start[column * per_column].unix_ns)) / 1e9;
  }
};

/// The busy part of a column in per cent, to a tenth so that equal neighbors become one rectangle; only nothing is 0 %
/// and only all is 100 %. Ticks come a little early or late, so that a step can have more busy time than its length.
double busy_percent(double seconds, double length) {
  if (!(seconds > 0)) return 0;
  if (!(seconds < length)) return 100;
  return std::clamp(std::round(seconds / length * 1'000) / 10, 0.1, 99.9);
}

/// Merges several steps into a column: events and times add up, open connections are taken from the last step.
std::vector<double> columns_of(const TimelineWorker& worker, HeatMeasure measure, const Grid& grid) {
  std::vector<double> columns(grid.columns());
  for (std::size_t step = 0; step < grid.timeline.start.size(); ++step) {
    double& column = columns[step / grid.per_column];
    const double value = value_at(worker, measure, step);
    column = measure == HeatMeasure::open ? value : column + value;
  }
  for (std::size_t i = 0; is_time(measure) && i < columns.size(); ++i)
    columns[i] = measure == HeatMeasure::busy ? busy_percent(columns[i], grid.length(i))
                                              : std::round(1'000 * columns[i] / std::max(grid.length(i), 1e-9)) / 10;
  return columns;
}

std::string value_text(double value, HeatMeasure measure) {
  if (is_time(measure)) return amount_text(value) + " %";
  if (measure == HeatMeasure::bytes) return bytes_text(whole_number(std::round(value)));
  return amount_text(value);
}

/// The rows of the workers in the order of their table, the last row for all workers beyond kMostRows.
std::vector<HeatRow> rows_of(const ServiceRow& service, HeatMeasure measure, const Grid& grid) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, const WorkerRow*> known;
  for (const WorkerRow& row : service.workers) known.emplace(std::pair{row.pid, row.tid.value_or(0)}, &row);
  std::vector<HeatRow> rows;
  HeatRow others;
  std::size_t other_workers = 0;
  for (const TimelineWorker& worker : service.timeline.workers) {
    const auto row = known.find({worker.pid, worker.tid.value_or(0)});
    if (row != known.end() && is_apart(*row->second)) continue;
    std::vector<double> values = columns_of(worker, measure, grid);
    const std::string command = row == known.end() ? "" : command_text(service, *row->second, false);
    const std::string pid = worker.tid ? fmt::format("{}/{}", worker.pid, *worker.tid) : std::to_string(worker.pid);
    if (rows.size() < kMostRows) {
      rows.push_back({fmt::format("{} {}", pid, command), std::move(values)});
      continue;
    }
    others.values.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) others.values[i] += values[i];
    ++other_workers;
  }
  if (other_workers == 0) return rows;
  for (double& value : others.values) value /= static_cast<double>(other_workers);
  others.label = fmt::format("{} others, mean", count_text(other_workers));
  rows.push_back(std::move(others));
  return rows;
}

bool is_empty(const std::vector<HeatRow>& rows) {
  return std::ranges::all_of(rows, [](const HeatRow& row) {
    return std::ranges::all_of(row.values, [](double value) { return value <= 0; });
  });
}

/// Parts of the time have one scale, so that pages can be compared.
ColourSteps colours_of(const std::vector<HeatRow>& rows, HeatMeasure measure) {
  double least = 0, most = 0;
  for (const HeatRow& row : rows)
    for (const double value : row.values)
      if (value > 0) least = least == 0 ? value : std::min(least, value), most = std::max(most, value);
  if (is_time(measure)) return {100, std::max(100.0, most)};
  return {std::max(1.0, least), std::max(1.0, most)};
}

std::string legend_of(const ColourSteps& colours, HeatMeasure measure) {
  std::string entries = key_entry(KeySign::box, "c0", "none");
  for (std::size_t level = 1; level <= colours.levels(); ++level)
    entries += key_entry(KeySign::box, fmt::format("c{}", colours.colour(level)),
                         (colours.levels() > 1 ? "to " : "") + value_text(colours.upper(level), measure));
  return key_of("Colors", entries);
}

struct Naming {
  std::string title, what;
};

Naming naming_of(HeatMeasure measure) {
  switch (measure) {
    case HeatMeasure::accepts: return {"Accepts by worker and time", "connections accepted in the step"};
    case HeatMeasure::open: return {"Open connections by worker and time", "connections open at the end of the step"};
    case HeatMeasure::bytes: return {"Traffic by worker and time", "bytes received and sent in the step"};
    case HeatMeasure::busy: return {"Busy by worker and time", "part of the step with at least one request in flight"};
    case HeatMeasure::cpu: return {"CPU by worker and time", "CPU time in the step, as a part of one CPU"};
  }
  return {};
}

/// The borders of the columns.
class Columns {
 public:
  Columns(const TimelineRows& timeline, std::size_t per_column, const TimeAxis& axis, const Plot& plot)
      : timeline_(timeline),
        per_column_(per_column),
        axis_(axis),
        plot_(plot),
        tenths_(timeline.step % std::chrono::seconds{1} != Nanoseconds::zero()) {}

  [[nodiscard]] double x(std::size_t column) const {
    const std::size_t step = column * per_column_;
    return step < timeline_.start.size() ? plot_.left + plot_.width * axis_.place(timeline_.start[step])
                                         : plot_.right();
  }
  /// The start time of a single column; start and end of several.
  [[nodiscard]] std::string span_text(std::size_t first, std::size_t end) const {
    const std::string from = clock_text(timeline_.start[first * per_column_], tenths_);
    if (end - first == 1) return from;
    const std::size_t next = end * per_column_;
    return next < timeline_.start.size() ? from + "\u2013" + clock_text(timeline_.start[next], tenths_)
                                         : from + " to the end";
  }

 private:
  const TimelineRows& timeline_;
  std::size_t per_column_;
  const TimeAxis& axis_;
  const Plot& plot_;
  bool tenths_;
};

/// Neighbors of the same value are one rectangle. There can be twenty thousand: so heights, and the width of a single
/// column, come from the style sheet.
std::string cells(const HeatRow& row, const Columns& columns, const ColourSteps& colours, HeatMeasure measure) {
  std::string svg;
  for (std::size_t first = 0, end = 0; first < row.values.size(); first = end) {
    while (end < row.values.size() && row.values[end] == row.values[first]) ++end;
    const bool single = end - first == 1 && end < row.values.size();
    const std::string width =
        single ? ""
               : fmt::format(" style=\"width:{}px\"", coordinate(std::max(0.5, columns.x(end) - columns.x(first))));
    svg += fmt::format("<rect x={} class=c{}{}><title>{}: {}{}</title></rect>", coordinate(columns.x(first)),
                       colours.colour(colours.level(row.values[first])), width, columns.span_text(first, end),
                       value_text(row.values[first], measure), end - first > 1 ? " each" : "");
  }
  return svg + "\n";
}

/// The heat map for people who do not see its colors.
std::string numbers_table(std::string_view title, const ServiceRow& service, const std::vector<HeatRow>& rows,
                          const Columns& columns, HeatMeasure measure) {
  std::string body;
  for (const HeatRow& row : rows) {
    const auto [least, most] = std::ranges::minmax_element(row.values);
    const double sum = std::accumulate(row.values.begin(), row.values.end(), 0.0);
    const double mean = std::round(10 * sum / static_cast<double>(row.values.size())) / 10;
    const auto when = static_cast<std::size_t>(most - row.values.begin());
    body += fmt::format("<tr><th scope=\"row\" class=\"w\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        html_escape(row.label), value_text(*least, measure), value_text(mean, measure),
                        value_text(*most, measure), *most > 0 ? columns.span_text(when, when + 1) : "-");
  }
  return scrolling_table(title, service.endpoint.to_string(),
                         column("Worker", "w") + column("Least") + column("Mean") + column("Most") + column("Most at"),
                         body);
}

}  // namespace

std::string heat_map(Ids& ids, const Snapshot& snapshot, const ServiceRow& service, HeatMeasure measure) {
  const TimelineRows& timeline = service.timeline;
  if (timeline.start.empty() || timeline.workers.empty()) return {};
  if (measure == HeatMeasure::busy && !service.requests) return {};
  if (measure == HeatMeasure::cpu && timeline.workers.front().cpu.empty()) return {};
  const std::size_t per_column = (timeline.start.size() + kMostColumns - 1) / kMostColumns;
  const std::vector<HeatRow> rows = rows_of(service, measure, {timeline, per_column, snapshot.run.ended_at});
  if (rows.empty()) return {};
  const Naming naming = naming_of(measure);
  if (is_empty(rows)) return no_figure(ids, naming.title, "nothing in the whole run.");
  const ColourSteps colours = colours_of(rows, measure);
  const Plot plot{kLabels, 6, kWide - kLabels - kTimeAxisEnd, kRow * static_cast<double>(rows.size())};
  const TimeAxis axis(snapshot.run.started_at, snapshot.run.ended_at);
  const Columns columns(timeline, per_column, axis, plot);

  std::string svg =
      fmt::format("<g class=\"heat\" style=\"--w:{}px\">\n", coordinate(std::max(0.5, columns.x(1) - columns.x(0))));
  double busiest = 0;
  std::string busiest_label;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double y = plot.top + kRow * static_cast<double>(i);
    svg += svg_text(plot.left - 8, y + 12, fitted(rows[i].label, kLabels - 12), "end", "l");
    svg += fmt::format("<g transform=\"translate(0 {})\">", coordinate(y + 1)) +
           cells(rows[i], columns, colours, measure) + "</g>\n";
    for (const double value : rows[i].values)
      if (value > busiest) busiest = value, busiest_label = rows[i].label;
  }
  svg += "</g>\n" + time_axis(plot, axis);
  const std::string step = duration_text(timeline.step * static_cast<std::int64_t>(per_column));
  const FigureWords words{
      naming.title,
      fmt::format("A row per worker (PID, command), a column per step of {}; color: {}.", step, naming.what),
      fmt::format("Heat map of {}. The most in one step: {}, worker {}. A table of numbers follows.",
                  count_of(rows.size(), "row"), value_text(busiest, measure), busiest_label),
      service.endpoint.to_string()};
  const std::string title = ids.titled(naming.title);
  return figure(ids, FigureSize::wide, plot.bottom() + 44, words, svg, legend_of(colours, measure)) +
         folded(title + ", as numbers", numbers_table(title + ", as numbers", service, rows, columns, measure));
}

}  // namespace acceptscope
