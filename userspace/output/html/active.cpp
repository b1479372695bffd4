// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "model/owners.hpp"
#include "output/html/labels.hpp"
#include "output/html/markup.hpp"
#include "output/html/timeline.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr double kHeight = 180;
constexpr std::size_t kMostMarks = 5;

struct Step {
  std::size_t accepting = 0, serving = 0;
};

std::vector<Step> steps_of(const TimelineRows& timeline) {
  std::vector<Step> steps(timeline.start.size());
  for (const TimelineWorker& worker : timeline.workers)
    for (std::size_t i = 0; i < steps.size(); ++i) {
      steps[i].accepting += at_step(worker.accepts, i) > 0 ? 1 : 0;
      steps[i].serving += at_step(worker.bytes, i) > 0 ? 1 : 0;
    }
  return steps;
}

/// A step curve.
std::string stair(const std::vector<Step>& steps, std::size_t Step::*value, const TimelineRows& timeline,
                  const TimeAxis& axis, const Plot& plot, double top, std::string_view css_class) {
  std::string path;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const double y = plot.bottom() - plot.height * static_cast<double>(steps[i].*value) / top;
    path += fmt::format("{}{} {}V{}", i == 0 ? "M" : "H",
                        coordinate(plot.left + plot.width * axis.place(timeline.start[i])), i == 0 ? coordinate(y) : "",
                        coordinate(y));
  }
  return fmt::format("<path class=\"{}\" d=\"{}H{}\"/>\n", css_class, path, coordinate(plot.right()));
}

/// One stripe per step that shows its numbers.
std::string stripes(const std::vector<Step>& steps, const TimelineRows& timeline, const TimeAxis& axis,
                    const Plot& plot) {
  std::string svg;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const double left = plot.left + plot.width * axis.place(timeline.start[i]);
    const double right =
        i + 1 < steps.size() ? plot.left + plot.width * axis.place(timeline.start[i + 1]) : plot.right();
    svg += svg_rect(left, plot.top, right - left, plot.height, "hit",
                    fmt::format("{}: {} serving, {} accepting", clock_text(timeline.start[i]),
                                count_text(steps[i].serving), count_text(steps[i].accepting)));
  }
  return svg;
}

std::string level_line(const Plot& plot, double value, double top, std::string_view css_class) {
  const double y = plot.bottom() - plot.height * std::min(value, top) / top;
  return svg_line(plot.left, y, plot.right(), y, css_class);
}

/// Names the levels with their numbers: beside lines that are close together, labels would cover each other.
std::string legend(const ServiceRow& service) {
  const ActiveStats& serving = service.active_workers.serving;
  std::string entries = key_entry(KeySign::line, "curve", "serving: received or sent bytes") +
                        key_entry(KeySign::line, "second", "accepting: accepted a connection");
  if (serving.windows > 0)
    entries +=
        key_entry(KeySign::line, "mark",
                  fmt::format("serving per window: p50 {}, p95 {}", count_text(serving.p50), count_text(serving.p95)));
  return key_of("Lines",
                entries + key_entry(KeySign::line, "even",
                                    fmt::format("{} that could", count_of(service.workers_eligible, "worker"))));
}

}  // namespace

std::string active_figure(Ids& ids, const Snapshot& snapshot, const ServiceRow& service) {
  const TimelineRows& timeline = service.timeline;
  if (timeline.start.empty()) return {};
  constexpr std::string_view kTitle = "Active workers over time";
  const std::vector<Step> steps = steps_of(timeline);
  if (std::ranges::all_of(steps, [](const Step& step) { return step.accepting + step.serving == 0; }))
    return no_figure(ids, kTitle, "no worker accepted or served in the whole run.");
  double most = service.workers_eligible;
  for (const Step& step : steps) most = std::max(most, static_cast<double>(std::max(step.accepting, step.serving)));
  const std::vector<double> marks = count_marks(most, kMostMarks);
  const double top = marks.back();
  const double left = count_room(marks);
  const Plot plot{left, 28, kWide - left - kTimeAxisEnd, kHeight};
  const TimeAxis axis(snapshot.run.started_at, snapshot.run.ended_at);

  const ActiveStats& serving = service.active_workers.serving;
  std::string svg = count_axis(plot, marks, "active workers") + stripes(steps, timeline, axis, plot);
  svg += level_line(plot, service.workers_eligible, top, "even");
  if (serving.windows > 0) {
    svg += level_line(plot, serving.p50, top, "mark");
    if (serving.p95 != serving.p50) svg += level_line(plot, serving.p95, top, "mark");
  }
  svg += stair(steps, &Step::accepting, timeline, axis, plot, top, "second");
  svg += stair(steps, &Step::serving, timeline, axis, plot, top, "curve");
  svg += time_axis(plot, axis);

  const ActiveStats& accepting = service.active_workers.accepting;
  const FigureWords words{
      std::string(kTitle),
      fmt::format("Lines: per step of {}. Per window of {} ({}): serving {} (median) to {} (p95), accepting {} to {}.",
                  duration_text(timeline.step), duration_text(snapshot.run.window),
                  count_of(serving.windows, "complete window"), count_text(serving.p50), count_text(serving.p95),
                  count_text(accepting.p50), count_text(accepting.p95)),
      fmt::format("Of {} that could, a median of {} served and {} accepted per window.",
                  count_of(service.workers_eligible, "worker"), count_text(serving.p50), count_text(accepting.p50)),
      service.endpoint.to_string()};
  return figure(ids, FigureSize::wide, plot.bottom() + 44, words, svg, legend(service));
}

}  // namespace acceptscope
