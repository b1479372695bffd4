// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "model/histogram.hpp"
#include "output/html/distribution.hpp"
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

/// Merges 1, 2, 4, 8 ... buckets into a bar, so that there are at most kMostBars. The first bar begins at half of its
/// end, because the axis has no 0, and the bar of the unbounded bucket ends at the maximum.
std::vector<Bar> bars_of(const std::vector<HistogramBucket>& buckets, std::optional<Nanoseconds> max) {
  if (buckets.empty()) return {};
  const auto [least, most] = std::minmax_element(
      buckets.begin(), buckets.end(), [](const auto& a, const auto& b) { return bucket_of(a) < bucket_of(b); });
  std::size_t group = 1;
  while ((bucket_of(*most) - bucket_of(*least)) / group > kMostBars) group *= 2;
  std::map<std::size_t, std::uint64_t> counts;
  for (const HistogramBucket& bucket : buckets) {
    const std::size_t index = bucket_of(bucket);
    counts[index == 0 ? 0 : (index - 1) / group + 1] += bucket.count;
  }
  std::vector<Bar> bars;
  for (const auto& [number, count] : counts) {
    const std::size_t first = number == 0 ? 0 : (number - 1) * group + 1;
    const std::size_t last = std::min<std::size_t>(number == 0 ? 0 : number * group, HIST_BUCKETS - 1);
    const Nanoseconds from{first == 0 ? Histogram::upper_bound_ns(0) / 2 : Histogram::upper_bound_ns(first - 1)};
    const Nanoseconds to = last == HIST_BUCKETS - 1 ? std::max(max.value_or(from * 2), from * 2)
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
  Nanoseconds from = bars.front().from, to = bars.back().to;
  if (max && *max > to && *max / 2 < to) to = *max;
  while (to / from < 4) from = std::max(Nanoseconds{1}, from * 3 / 4), to = to / 3 * 4 + Nanoseconds{1};
  return {from, to};
}

struct Percentile {
  std::string_view name;
  std::optional<Nanoseconds> value;
};

/// Lines down through the bars; their names are one below the other, because lines may be close together.
std::string percentile_lines(const std::array<Percentile, 3>& percentiles, const DurationAxis& axis, const Plot& plot) {
  std::string svg;
  double y = plot.top + 10;
  for (const auto& [name, value] : percentiles) {
    if (!value) continue;
    const double x = plot.left + plot.width * axis.place(*value);
    const bool left = x > plot.left + plot.width * 0.7;
    svg += svg_line(x, plot.top, x, plot.bottom(), "mark");
    svg += svg_text(left ? x - 4 : x + 4, y, fmt::format("{} {}", name, duration_text(value)), left ? "end" : "start",
                    "b");
    y += 15;
  }
  return svg;
}

std::string duration_axis(const DurationAxis& axis, const Plot& plot, std::string_view name) {
  std::string svg;
  double last = -1000;
  for (const Nanoseconds mark : duration_marks(axis.from, axis.to)) {
    const double x = plot.left + plot.width * axis.place(mark);
    svg += svg_line(x, plot.bottom(), x, plot.bottom() + 5, "axis");
    if (x - last < 44) continue;
    svg += svg_text(x, plot.bottom() + 18, duration_text(mark), "middle");
    last = x;
  }
  return svg + svg_text(plot.left + plot.width / 2, plot.bottom() + 36, name, "middle");
}

template <class Stats>
std::string histogram(Ids& ids, const Stats& stats, std::uint64_t count, std::string_view axis_name,
                      const FigureWords& words) {
  const std::vector<Bar> bars = bars_of(stats.buckets, stats.max);
  if (bars.empty() || count == 0) return {};
  const DurationAxis axis = axis_of(bars, stats.max);
  const Plot plot{60, 28, kSmall - 80, kHeight};
  std::uint64_t most = 0;
  for (const Bar& bar : bars) most = std::max(most, bar.count);
  const std::vector<double> marks = count_marks(static_cast<double>(most), kMostMarks);

  std::string svg = count_axis(plot, marks, "connections");
  for (const Bar& bar : bars) {
    const double left = plot.left + plot.width * axis.place(bar.from);
    const double width = std::max(1.5, plot.left + plot.width * axis.place(bar.to) - left - 0.6);
    const double height = std::max(1.0, plot.height * static_cast<double>(bar.count) / marks.back());
    svg += svg_rect(left, plot.bottom() - height, width, height, "bar",
                    fmt::format("{} to {}: {} ({})", duration_text(bar.from), duration_text(bar.to),
                                count_of(bar.count, "connection"), share_text(bar.count, count)));
  }
  svg += percentile_lines({{{"p50", stats.p50}, {"p95", stats.p95}, {"p99", stats.p99}}}, axis, plot);
  svg += duration_axis(axis, plot, axis_name);
  return figure(ids, FigureSize::small, plot.bottom() + 44, words, svg);
}

template <class Stats>
std::string percentiles_text(const Stats& stats) {
  return fmt::format("p50 {}, p90 {}, p95 {}, p99 {}, max {}", duration_text(stats.p50), duration_text(stats.p90),
                     duration_text(stats.p95), duration_text(stats.p99), duration_text(stats.max));
}

}  // namespace

std::string lifetime_figure(Ids& ids, const ServiceRow& service) {
  const LifetimeStats& stats = service.lifetime;
  std::string note =
      fmt::format("Accept to close, of {}: {}.", count_of(stats.closed, "closed connection"), percentiles_text(stats));
  if (stats.open > 0)
    note += fmt::format(" Not in it: {} still open, ages p50 {}, max {}.", count_text(stats.open),
                        duration_text(stats.open_age_p50), duration_text(stats.open_age_max));
  return histogram(
      ids, stats, stats.closed, "lifetime, logarithmic",
      {"Lifetimes", note, "Histogram of the lifetimes: " + percentiles_text(stats), service.endpoint.to_string()});
}

std::string wait_figure(Ids& ids, const ServiceRow& service) {
  const WaitStats& stats = service.accept_wait;
  return histogram(ids, stats, stats.count, "accept wait, logarithmic",
                   {"Accept waits",
                    fmt::format("In the accept queue until a worker took it, of {}: {}.",
                                count_of(stats.count, "connection"), percentiles_text(stats)),
                    "Histogram of the accept waits: " + percentiles_text(stats), service.endpoint.to_string()});
}

}  // namespace acceptscope
