// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "output/html/badge.hpp"
#include "output/html/distribution.hpp"
#include "output/html/document.hpp"
#include "output/html/html.hpp"
#include "output/html/markup.hpp"
#include "output/html/requests.hpp"
#include "output/html/service.hpp"
#include "output/html/tables.hpp"
#include "output/html/timeline.hpp"
#include "output/words/diff_words.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

/// Services with figures; the others have their verdict and their table.
constexpr std::size_t kMostDrawn = 4;

struct Look {
  std::string_view css_class, sign;
};

Look look_of(FixCode code) {
  switch (code) {
    case FixCode::fixed: return {"ok", "✔"};
    case FixCode::better: return {"ok", "▲"};
    case FixCode::unchanged: return {"info", "="};
    case FixCode::worse: return {"critical", "✖"};
    case FixCode::too_few_connections: return {"info", "?"};
  }
  return {"info", "?"};
}

std::string fix_box(const ServiceDiff& service) {
  const Look look = look_of(service.verdict.code);
  return fmt::format(
      "<div class=\"verdict {}\">\n<h2><span class=\"badge {}\">{} {}</span> {}</h2>\n<p class=\"say\">{}</p>\n</div>\n",
      look.css_class, look.css_class, look.sign, fix_word(service.verdict.code), html_escape(diff_name(service, false)),
      html_text(fix_sentence(service)));
}

std::string_view row_class(ChangeKind kind) {
  return kind == ChangeKind::better ? " class=\"better\"" : kind == ChangeKind::worse ? " class=\"worse\"" : "";
}

std::string figures_table(const ServiceDiff& service) {
  std::string body;
  for (const FigureChange& change : service.figures) {
    const FigureRow* row = find_figure(change.figure);
    const auto [figure, before, after, by, chance, test] = figure_cells(change, false);
    body += fmt::format(
        "<tr{}><th scope=\"row\" class=\"w\" title=\"{}\">{}</th><td>{}</td><td>{}</td><td>{}</td><td class=\"w\">{}</td><td class=\"w\">{}</td></tr>\n",
        row_class(change.kind), html_escape(row == nullptr ? "" : row->help), html_escape(figure), html_escape(before),
        html_escape(after), html_escape(by), html_escape(chance), html_escape(test));
  }
  std::string html = scrolling_table("Figures", service.endpoint.to_string(),
                                     column("Figure", "w") + column("Before") + column("After") + column("Change") +
                                         column("More than chance", "w") + column("Test", "w"),
                                     body);
  for (const std::string& note : diff_notes({&service, 1}))
    html += fmt::format("<p class=\"soft\">{}</p>\n", html_escape(note));
  return html;
}

/// A service in one of the two dumps.
struct Side {
  const Snapshot& snapshot;
  std::size_t index = 0;
  LaneChoice lanes;
  const ConnectionReuse& reuse;
  [[nodiscard]] const ServiceRow& service() const { return snapshot.services[index]; }
};

/// One of the two columns: one run by itself.
std::string side_column(Ids& ids, const Side& side, std::string_view title) {
  const Snapshot& snapshot = side.snapshot;
  const ServiceRow& service = side.service();
  ids.set_side(title == "Before" ? "before" : "after");
  std::string html = fmt::format("<div>\n<h3>{}: {} {}</h3>\n<p class=\"soft\">{}, {}, {}</p>\n<p>{}</p>\n", title,
                                 severity_badge(service.verdict.severity), html_escape(service.endpoint.to_string()),
                                 html_text(snapshot.host.hostname), instant_text(snapshot.run.started_at),
                                 duration_text(snapshot.run.duration), html_text(service.verdict.summary));
  html += number_tiles(snapshot, service) + request_tiles(snapshot, service) + effective_note(service.spread) +
          workers_figure(ids, service) + lorenz_figure(ids, service) + response_figure(ids, service) +
          reuse_figure(ids, service, side.reuse.of(side.index), snapshot.connections_omitted) +
          lifetime_figure(ids, service) + wait_figure(ids, service);
  return html + "</div>\n";
}

std::string heat_maps(Ids& ids, const Side& before, const Side& after, HeatMeasure measure) {
  ids.set_side("before");
  const std::string html = heat_map(ids, before.snapshot, before.service(), measure);
  ids.set_side("after");
  return html + heat_map(ids, after.snapshot, after.service(), measure);
}

std::string side_by_side(Ids& ids, const Side& before, const Side& after) {
  std::string html =
      "<div class=\"pair\">\n" + side_column(ids, before, "Before") + side_column(ids, after, "After") + "</div>\n";
  html += heat_maps(ids, before, after, HeatMeasure::busy) + heat_maps(ids, before, after, HeatMeasure::open);
  ids.set_side("before");
  html += lanes_figure(ids, before.snapshot, before.index, before.lanes);
  ids.set_side("after");
  return html + lanes_figure(ids, after.snapshot, after.index, after.lanes);
}

std::string conditions(const Diff& diff) {
  if (diff.conditions.empty()) return {};
  std::string html = "<section aria-label=\"Conditions\">\n<h2>Conditions (--fail-if)</h2>\n<ul>\n";
  for (const ConditionOutcome& outcome : diff.conditions) {
    const std::string_view sign = !outcome.holds ? "?" : *outcome.holds ? "✖" : "✔";
    html += fmt::format("<li><strong>{} {}</strong> {}</li>\n", sign, condition_word(outcome),
                        html_escape(condition_text(outcome, false)));
  }
  return html + "</ul>\n</section>\n";
}

std::string losses_of(const Snapshot& snapshot, std::string_view side) {
  const std::string box = losses_box(snapshot);
  return box.empty() ? "" : fmt::format("<p><strong>{}</strong></p>\n{}", side, box);
}

}  // namespace

std::string render_html_diff(const Snapshot& before, const Snapshot& after, const Diff& diff,
                             const HtmlOptions& options) {
  std::string body = fmt::format(
      "<header>\n<h1>acceptscope: before and after</h1>\n<p class=\"soft\">Before: {}, {}. After: {}, {}.</p>\n{}{}</header>\n<main>\n",
      html_text(before.host.hostname), instant_text(before.run.started_at), html_text(after.host.hostname),
      instant_text(after.run.started_at), losses_of(before, "Before"), losses_of(after, "After"));
  if (diff.services.empty()) body += "<section><h2>No service is in both dumps</h2></section>\n";
  Ids ids;
  const ConnectionReuse reuse_before = reuse_of(before, options.reuse_before);
  const ConnectionReuse reuse = reuse_of(after, options.reuse);
  std::size_t drawn = 0;
  const std::size_t lanes =
      options.max_lanes / (2 * std::max<std::size_t>(1, std::min(diff.services.size(), kMostDrawn)));
  for (const ServiceDiff& service : diff.services) {
    if (service.before_index >= before.services.size() || service.after_index >= after.services.size()) continue;
    body += fmt::format("<section aria-label=\"Service {}\">\n", html_escape(diff_name(service, false))) +
            fix_box(service) + figures_table(service);
    if (drawn++ < kMostDrawn)
      body += side_by_side(ids, {before, service.before_index, {lanes, options.left_out_before}, reuse_before},
                           {after, service.after_index, {lanes, options.left_out}, reuse});
    body += "</section>\n";
  }
  if (drawn > kMostDrawn)
    body += fmt::format("<p class=\"soft\">Only the first {} are drawn.</p>\n", count_of(kMostDrawn, "service"));
  body += conditions(diff);
  if (const std::vector<std::string> lone = lone_services(diff, false); !lone.empty()) {
    body += "<section aria-label=\"Services in one dump only\">\n<h2>In one dump only</h2>\n<ul>\n";
    for (const std::string& service : lone) body += fmt::format("<li>{}</li>\n", html_escape(service));
    body += "</ul>\n</section>\n";
  }
  body += "</main>\n<footer>\n<h2>The runs</h2>\n<div class=\"pair\">\n<div><h3>Before</h3>\n" + run_facts(before) +
          "</div>\n<div><h3>After</h3>\n" + run_facts(after) + "</div>\n</div>\n" + effective_meaning() + "</footer>\n";
  return html_document("acceptscope: before and after", body);
}

}  // namespace acceptscope
