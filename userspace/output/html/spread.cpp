// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "model/lorenz.hpp"
#include "model/owners.hpp"
#include "model/serving.hpp"
#include "model/spread.hpp"
#include "output/html/distribution.hpp"
#include "output/html/labels.hpp"
#include "output/html/markup.hpp"
#include "output/words/worker_cells.hpp"
#include "text/numbers.hpp"
#include "util/whole_number.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kMostBars = 40;
constexpr double kBarRow = 18;
constexpr std::size_t kMostMarks = 5;
constexpr double kCurve = 200;
constexpr double kMostLabel = 130, kLeastPlot = 40;

/// Bars of open and, lighter, of closed connections; in the main color if all are closed.
std::string bar(const WorkerRow& row, double y, const Plot& plot, double scale, bool any_open) {
  const std::uint64_t connections = held_by(row).connections;
  const std::uint64_t open = std::min(row.open, connections);
  const double width = scale * static_cast<double>(open);
  std::string svg;
  if (open > 0) svg += svg_rect(plot.left, y + 2, width, kBarRow - 4, "bar", count_text(open) + " open at the end");
  if (connections > open)
    svg += svg_rect(plot.left + width, y + 2, scale * static_cast<double>(connections - open), kBarRow - 4,
                    any_open ? "band" : "bar", count_text(connections - open) + " closed");
  return svg;
}

/// "1000 server"
std::string worker_label(const ServiceRow& service, const WorkerRow& row) {
  return pid_text(row) + " " + command_text(service, row, false);
}

/// "1,204 (12.3 %)"
std::string amount_label(const WorkerRow& row, std::uint64_t all) {
  const std::uint64_t connections = held_by(row).connections;
  return connections == 0 ? "0, idle" : fmt::format("{} ({})", count_text(connections), share_text(connections, all));
}

/// The widest of the labels that `label_of` gives the first `drawn` rows, at most `most`.
template <class LabelOf>
double widest(const std::vector<const WorkerRow*>& rows, std::size_t drawn, double most, const LabelOf& label_of) {
  double width = 0;
  for (std::size_t i = 0; i < drawn; ++i) width = std::max(width, text_width(label_of(*rows[i])));
  return std::min(width, most);
}

/// Beside the bars, so that no line of the drawing runs through them.
std::string bar_words(const ServiceRow& service, const WorkerRow& row, double y, const Plot& plot) {
  const std::string_view css_class = held_by(row).connections == 0 ? "i" : "l";
  return svg_text(plot.left - 8, y + 13, fitted(worker_label(service, row), plot.left - 8), "end", css_class) +
         svg_text(kSmall, y + 13, amount_label(row, service.counts.connections()), "end", css_class);
}

/// Connections that each worker would have if all had the same; 0 if there is nothing to share.
double even_share(const Spread& spread) {
  return spread.workers() == 0 ? 0 : static_cast<double>(spread.total) / spread.workers();
}

std::string bars_legend(bool any_open, const Spread& spread) {
  std::string entries;
  if (any_open) entries = key_entry(KeySign::box, "bar", "open at the end") + key_entry(KeySign::box, "band", "closed");
  if (const double even = even_share(spread); even > 0)
    entries += key_entry(KeySign::line, "mark",
                         fmt::format("even share of {} {}: {}", count_text(spread.total), basis_name(spread.basis),
                                     even < 1'000 ? decimal_text(even) : count_text(whole_number(std::round(even)))));
  return entries.empty() ? "" : key_of("Colors", entries);
}

std::string curve_path(const std::vector<LorenzPoint>& curve, const Plot& plot) {
  std::string path;
  for (const LorenzPoint& point : curve)
    path += fmt::format("{}{} {}", path.empty() ? "M" : "L", coordinate(plot.left + plot.width * point.workers),
                        coordinate(plot.bottom() - plot.height * point.amount));
  return path;
}

std::string band_path(const LorenzBand& band, const Plot& plot) {
  std::vector<LorenzPoint> outline;
  for (std::size_t i = 0; i < band.workers.size(); ++i) outline.push_back({band.workers[i], band.p01[i]});
  for (std::size_t i = band.workers.size(); i-- > 0;) outline.push_back({band.workers[i], band.p99[i]});
  return fmt::format("<path class=\"band\" d=\"{}Z\"/>\n", curve_path(outline, plot));
}

std::string percent_axes(const Plot& plot, std::string_view what) {
  std::string svg;
  for (const double part : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    const double x = plot.left + plot.width * part;
    const double y = plot.bottom() - plot.height * part;
    svg += svg_line(plot.left, y, plot.right(), y, part == 0 ? "axis" : "grid");
    svg += svg_text(plot.left - 6, y + 4, coarse_share_text(part), "end");
    svg += svg_line(x, plot.bottom(), x, plot.bottom() + 5, "axis");
    svg += svg_text(x, plot.bottom() + 18, coarse_share_text(part), "middle");
  }
  svg += svg_text(plot.left, plot.top - 10, fmt::format("share of the {}, %", what));
  return svg + svg_text(plot.left + plot.width / 2, plot.bottom() + 36, "share of the workers, least busy first, %",
                        "middle");
}

/// One stripe per point that shows its numbers.
std::string curve_stripes(const std::vector<LorenzPoint>& curve, const Plot& plot) {
  const std::size_t every = std::max<std::size_t>(1, curve.size() / 64);
  const double width = plot.width * static_cast<double>(every) / static_cast<double>(curve.size() - 1);
  std::string svg;
  for (std::size_t i = every; i < curve.size(); i += every)
    svg += svg_rect(plot.left + plot.width * curve[i].workers - width, plot.top, width, plot.height, "hit",
                    fmt::format("the {} least busy workers ({}) have {} of the connections", count_text(i),
                                coarse_share_text(curve[i].workers), coarse_share_text(curve[i].amount)));
  return svg;
}

std::string lorenz_legend() {
  return key_of("Lines", key_entry(KeySign::line, "curve", "this run") + key_entry(KeySign::box, "band", "fair draws") +
                             key_entry(KeySign::line, "even", "perfectly even"));
}

}  // namespace

std::string workers_figure(Ids& ids, const ServiceRow& service) {
  const Spread& spread = service.spread;
  const std::vector<const WorkerRow*> rows = workers_of(service);
  if (rows.empty()) return {};
  constexpr std::string_view kTitle = "Connections per worker";
  if (service.counts.connections() == 0) return no_figure(ids, kTitle, "no worker had a connection.");
  const std::size_t drawn = std::min(rows.size(), kMostBars);
  double most = 1;
  for (const WorkerRow* row : rows) most = std::max(most, static_cast<double>(held_by(*row).connections));
  const std::uint64_t all = service.counts.connections();
  const double left =
      8 + widest(rows, drawn, kMostLabel, [&](const WorkerRow& row) { return worker_label(service, row); });
  const double right = 12 + widest(rows, drawn, kSmall, [all](const WorkerRow& row) { return amount_label(row, all); });
  const Plot plot{left, 6, std::max(kLeastPlot, kSmall - left - right), kBarRow * static_cast<double>(drawn)};
  const std::vector<double> marks = spaced_count_marks(most, kMostMarks, plot.width);
  const double scale = plot.width / marks.back();
  const auto y_of = [&](std::size_t i) { return plot.top + kBarRow * static_cast<double>(i); };

  std::string svg = svg_line(plot.left, plot.top, plot.left, plot.bottom(), "axis");
  for (const double mark : marks) {
    const double x = plot.left + scale * mark;
    svg += svg_line(x, plot.top, x, plot.bottom() + 5, "grid");
    svg += svg_text(x, plot.bottom() + 18, count_text(whole_number(mark)), "middle");
  }
  for (std::size_t i = 0; i < drawn; ++i) svg += bar(*rows[i], y_of(i), plot, scale, service.open > 0);
  if (const double even = even_share(spread); even > 0) {
    const double x = plot.left + std::min(plot.width, scale * even);
    svg += svg_line(x, plot.top - 4, x, plot.bottom(), "mark");
  }
  for (std::size_t i = 0; i < drawn; ++i) svg += bar_words(service, *rows[i], y_of(i), plot);
  svg += svg_text(plot.left + plot.width / 2, plot.bottom() + 36, "connections", "middle");
  std::string note =
      service.counts.preexisting > 0 ? "Accepted in the run or open when it began." : "Accepted in the run.";
  if (drawn < rows.size())
    note +=
        fmt::format(" {} more are not drawn; the table below tells of them.", count_of(rows.size() - drawn, "worker"));
  const FigureWords words{std::string(kTitle), note,
                          fmt::format("{} of {} {} more than an even share of the {}.",
                                      count_text(spread.owners.size()), count_of(spread.workers(), "worker"),
                                      spread.owners.size() == 1 ? "has" : "have", basis_name(spread.basis)),
                          service.endpoint.to_string()};
  return figure(ids, FigureSize::small, plot.bottom() + 44, words, svg, bars_legend(service.open > 0, spread));
}

std::string lorenz_figure(Ids& ids, const ServiceRow& service) {
  const Spread& spread = service.spread;
  const std::vector<LorenzPoint> curve = lorenz_curve(spread.amounts);
  if (curve.size() < 3) return {};
  constexpr double kLeft = 52;
  const Plot plot{kLeft, 28, kSmall - kLeft - kAxisEnd, kCurve};
  const auto workers = static_cast<std::uint32_t>(curve.size() - 1);
  const LorenzBand band = fair_lorenz_band(spread.total, workers);
  std::string svg = percent_axes(plot, basis_name(spread.basis)) + band_path(band, plot);
  svg += svg_line(plot.left, plot.bottom(), plot.right(), plot.top, "even");
  svg += fmt::format("<path class=\"curve\" d=\"{}\"/>\n", curve_path(curve, plot)) + curve_stripes(curve, plot);
  const double half = curve[(curve.size() - 1) / 2].amount;
  const FigureWords words{
      "Inequality (Lorenz curve)",
      fmt::format(
          "Further below the band is more uneven: at each point 98 of 100 fair draws of as many {} lie inside of it.",
          basis_name(spread.basis)),
      fmt::format("The less busy half of the workers has {} of the {}.", coarse_share_text(half),
                  basis_name(spread.basis)),
      service.endpoint.to_string()};
  return figure(ids, FigureSize::small, plot.bottom() + 44, words, svg, lorenz_legend());
}

}  // namespace acceptscope
