// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "model/histogram.hpp"
#include "output/html/distribution.hpp"
#include "output/html/labels.hpp"
#include "output/html/markup.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr double kHeight = 190;
constexpr std::size_t kMostBars = 48;
constexpr std::size_t kMostMarks = 5;

/// Durations above `from` and at most `to`.
struct Bar {
  Nanoseconds from{0}, to{0};
  std::uint64_t count = 0;
};

std::size_t bucket_of(const HistogramBucket& bucket) {
  return bucket.le ? Histogram::index_of(*bucket.le) : HIST_BUCKETS - 1;
}

/// A distribution in a figure.
struct Series {
  const std::vector<HistogramBucket>& buckets;
  std::optional<Nanoseconds> max;
  std::uint64_t count = 0;
};

/// 1, 2, 4, 8 ... buckets make a bar, so that there are at most kMostBars from the lowest to the highest of all series.
std::size_t buckets_per_bar(std::span<const Series> all) {
  std::size_t least = HIST_BUCKETS, most = 0;
  for (const Series& series : all)
    for (const HistogramBucket& bucket : series.buckets)
      least = std::min(least, bucket_of(bucket)), most = std::max(most, bucket_of(bucket));
  std::size_t group = 1;
  while (most > least && (most - least) / group > kMostBars) group *= 2;
  return group;
}

/// The first bar begins at half of its end, because the axis has no 0, and the bar of the unbounded bucket ends at the
/// maximum.
std::vector<Bar> bars_of(const Series& series, std::size_t group) {
  std::map<std::size_t, std::uint64_t> counts;
  for (const HistogramBucket& bucket : series.buckets) {
    const std::size_t index = bucket_of(bucket);
    counts[index == 0 ? 0 : (index - 1) / group + 1] += bucket.count;
  }
  std::vector<Bar> bars;
  for (const auto& [number, count] : counts) {
    const std::size_t first = number == 0 ? 0 : (number - 1) * group + 1;
    const std::size_t last = std::min<std::size_t>(number == 0 ? 0 : number * group, HIST_BUCKETS - 1);
    const Nanoseconds from{first == 0 ? Histogram::upper_bound_ns(0) / 2 : Histogram::upper_bound_ns(first - 1)};
    const Nanoseconds to = last == HIST_BUCKETS - 1 ? std::max(series.max.value_or(from * 2), from * 2)
                                                    : Nanoseconds{Histogram::upper_bound_ns(last)};
    bars.push_back({from, to, count});
  }
  return bars;
}

/// Durations from left to right, logarithmic.
struct DurationAxis {
  Nanoseconds from, to;
  [[nodiscard]] double place(Nanoseconds value) const {
    const double low = std::log(static_cast<double>(from.count())), high = std::log(static_cast<double>(to.count()));
    const double at = std::log(std::max(1.0, static_cast<double>(value.count())));
    return high > low ? std::clamp((at - low) / (high - low), 0.0, 1.0) : 0;
  }
};

/// Spans at least a factor of 4, so that a single bar does not fill the plot.
DurationAxis axis_of(const std::vector<Bar>& bars, std::optional<Nanoseconds> max) {
  Nanoseconds from = bars.front().from, to = bars.front().to;
  for (const Bar& bar : bars) from = std::min(from, bar.from), to = std::max(to, bar.to);
  if (max && *max > to && *max / 2 < to) to = *max;
  while (to / from < 4) from = std::max(Nanoseconds{1}, from * 3 / 4), to = to / 3 * 4 + Nanoseconds{1};
  return {from, to};
}

struct Percentile {
  std::string_view name;
  std::optional<Nanoseconds> value;
};

/// Lines down through the bars, with their names above them.
std::string percentile_lines(const std::array<Percentile, 3>& percentiles, const DurationAxis& axis, const Plot& plot) {
  std::string svg;
  std::vector<Label> labels;
  for (const auto& [name, value] : percentiles) {
    if (!value) continue;
    const double x = plot.left + plot.width * axis.place(*value);
    svg += svg_line(x, plot.top, x, plot.bottom(), "mark");
    labels.push_back({x, fmt::format("{} {}", name, duration_text(value))});
  }
  for (const Label& label : apart(labels, plot.left, kSmall))
    svg += svg_text(label.x, plot.top - 8, label.text, "middle");
  return svg;
}

std::string duration_axis(const DurationAxis& axis, const Plot& plot, std::string_view name) {
  constexpr double kGap = 8;
  std::string svg;
  double free_from = 0;
  for (const Nanoseconds mark : duration_marks(axis.from, axis.to)) {
    const Label label{plot.left + plot.width * axis.place(mark), duration_text(mark)};
    svg += svg_line(label.x, plot.bottom(), label.x, plot.bottom() + 5, "axis");
    if (label.left() < free_from || label.right() > kSmall) continue;
    svg += svg_text(label.x, plot.bottom() + 18, label.text, "middle");
    free_from = label.right() + kGap;
  }
  return svg + svg_text(plot.left + plot.width / 2, plot.bottom() + 36, name, "middle");
}

/// What a figure counts: "connection", and the words below its axis.
struct Counted {
  std::string_view noun, axis_name;
};

/// Where bars are drawn.
struct Frame {
  Plot plot;
  DurationAxis axis;
  double top = 1;  ///< count at the upper edge
  [[nodiscard]] double x(Nanoseconds value) const { return plot.left + plot.width * axis.place(value); }
  [[nodiscard]] double height(const Bar& bar) const {
    return std::max(1.0, plot.height * static_cast<double>(bar.count) / top);
  }
};

std::string bars_svg(const std::vector<Bar>& bars, const Frame& frame, std::uint64_t count, std::string_view noun) {
  std::string svg;
  for (const Bar& bar : bars) {
    const double left = frame.x(bar.from);
    const double width = std::max(1.5, frame.x(bar.to) - left - 0.6);
    const double height = frame.height(bar);
    svg += svg_rect(left, frame.plot.bottom() - height, width, height, "bar",
                    fmt::format("{} to {}: {} ({})", duration_text(bar.from), duration_text(bar.to),
                                count_of(bar.count, noun), share_text(bar.count, count)));
  }
  return svg;
}

/// A second distribution as a line around its bars.
std::string outline(const std::vector<Bar>& bars, const Frame& frame) {
  if (bars.empty()) return {};
  std::string path;
  const std::string floor = coordinate(frame.plot.bottom());
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (i == 0 || bars[i - 1].to < bars[i].from)
      path += fmt::format("M{} {}", coordinate(frame.x(bars[i].from)), floor);
    path +=
        fmt::format("V{}H{}", coordinate(frame.plot.bottom() - frame.height(bars[i])), coordinate(frame.x(bars[i].to)));
    if (i + 1 == bars.size() || bars[i].to < bars[i + 1].from) path += "V" + floor;
  }
  return fmt::format("<path class=\"second\" d=\"{}\"/>\n", path);
}

/// Percentiles are those of `stats`, which the bars show; `outlined` is drawn as a line around its bars.
template <class Stats>
std::string histogram(Ids& ids, const Stats& stats, std::uint64_t count, const Counted& counted,
                      const FigureWords& words, const DurationStats& outlined = {}, std::string_view legend = {}) {
  const std::array series{Series{stats.buckets, stats.max, count},
                          Series{outlined.buckets, outlined.max, outlined.count}};
  const std::size_t group = buckets_per_bar(series);
  const std::vector<Bar> bars = bars_of(series[0], group);
  const std::vector<Bar> others = bars_of(series[1], group);
  std::vector<Bar> all = bars;
  all.insert(all.end(), others.begin(), others.end());
  if (all.empty() || count + outlined.count == 0) return no_figure(ids, words.title, words.note);
  std::uint64_t most = 0;
  for (const Bar& bar : all) most = std::max(most, bar.count);
  const std::vector<double> marks = count_marks(static_cast<double>(most), kMostMarks);
  const double left = count_room(marks);
  const Frame frame{
      {left, 46, kSmall - left - kAxisEnd, kHeight}, axis_of(all, std::max(stats.max, outlined.max)), marks.back()};

  std::string svg = count_axis(frame.plot, marks, fmt::format("{}s", counted.noun), 28);
  svg += bars_svg(bars, frame, count, counted.noun) + outline(others, frame);
  svg += percentile_lines({{{"p50", stats.p50}, {"p95", stats.p95}, {"p99", stats.p99}}}, frame.axis, frame.plot);
  svg += duration_axis(frame.axis, frame.plot, counted.axis_name);
  return figure(ids, FigureSize::small, frame.plot.bottom() + 44, words, svg, legend);
}

template <class Stats>
std::string percentiles_text(const Stats& stats) {
  return fmt::format("p50 {}, p90 {}, p95 {}, p99 {}, max {}", duration_text(stats.p50), duration_text(stats.p90),
                     duration_text(stats.p95), duration_text(stats.p99), duration_text(stats.max));
}

}  // namespace

std::string lifetime_figure(Ids& ids, const ServiceRow& service) {
  const LifetimeStats& stats = service.lifetime;
  std::string note = stats.closed == 0
                         ? "No connection was closed."
                         : fmt::format("Accept to close, of {}: {}.", count_of(stats.closed, "closed connection"),
                                       percentiles_text(stats));
  if (stats.open > 0)
    note += fmt::format(" Not in it: {} still open, ages p50 {}, max {}.", count_text(stats.open),
                        duration_text(stats.open_age_p50), duration_text(stats.open_age_max));
  return histogram(
      ids, stats, stats.closed, {"connection", "lifetime, logarithmic"},
      {"Lifetimes", note, "Histogram of the lifetimes: " + percentiles_text(stats), service.endpoint.to_string()});
}

std::string wait_figure(Ids& ids, const ServiceRow& service) {
  const WaitStats& stats = service.accept_wait;
  return histogram(ids, stats, stats.count, {"connection", "accept wait, logarithmic"},
                   {"Accept waits",
                    stats.count == 0 ? "No wait was seen."
                                     : fmt::format("In the accept queue until a worker took it, of {}: {}.",
                                                   count_of(stats.count, "connection"), percentiles_text(stats)),
                    "Histogram of the accept waits: " + percentiles_text(stats), service.endpoint.to_string()});
}

std::string response_figure(Ids& ids, const ServiceRow& service) {
  if (!service.requests) return {};
  const DurationStats& response = service.requests->response;
  const DurationStats& unread = service.requests->unread_wait;
  std::string note = response.count == 0 ? "No request was answered."
                                         : fmt::format("First read to first write, of {}: {}.",
                                                       count_of(response.count, "request"), percentiles_text(response));
  note += unread.count == 0 ? " No unread wait was measured."
                            : fmt::format(" Unread wait, data received to first read, of {}: {}.",
                                          count_of(unread.count, "request"), percentiles_text(unread));
  const std::string legend = key_of("Colors", key_entry(KeySign::box, "bar", "response time") +
                                                  key_entry(KeySign::line, "second", "unread wait") +
                                                  key_entry(KeySign::line, "mark", "percentiles of the response time"));
  return histogram(ids, response, response.count, {"request", "time, logarithmic"},
                   {"Response times", note, "Histogram of the response times. " + note, service.endpoint.to_string()},
                   unread, unread.count > 0 ? legend : "");
}

}  // namespace acceptscope
