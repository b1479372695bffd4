// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "model/owners.hpp"
#include "output/html/badge.hpp"
#include "output/html/document.hpp"
#include "output/html/markup.hpp"
#include "output/html/service.hpp"
#include "output/html/tables.hpp"
#include "output/words/service_lines.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

/// Services with figures; each is some hundred KB. The others share a table.
constexpr std::size_t kMostSections = 6;

/// Services with a problem first, the worst at the top; the others in their order, busiest first.
std::vector<std::size_t> reading_order(const Snapshot& snapshot) {
  std::vector<std::size_t> order(snapshot.services.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto wrong = [&](std::size_t index) {
    return std::max(snapshot.services[index].verdict.severity, Severity::info);
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return wrong(a) > wrong(b); });
  return order;
}

/// Links to the sections, which stay at the upper edge of the window.
std::string contents(const Snapshot& snapshot, const std::vector<std::size_t>& sections) {
  if (snapshot.services.size() < 2) return {};
  std::string html = "<nav aria-label=\"Contents\">\n<ul>\n<li><a href=\"#top\">Services</a></li>\n";
  for (const std::size_t index : sections) {
    const ServiceRow& service = snapshot.services[index];
    html += fmt::format("<li><a href=\"#s{}\">{} {}</a></li>\n", index + 1, severity_sign(service.verdict.severity),
                        html_escape(service.endpoint.to_string()));
  }
  return html + "<li><a href=\"#run\">The run</a></li>\n</ul>\n</nav>\n";
}

/// All services, those without a section folded.
std::string head_table(const Snapshot& snapshot, const std::vector<std::size_t>& sections,
                       const std::vector<std::size_t>& rest) {
  if (snapshot.services.size() < 2) return {};
  std::string html = services_table("Services", snapshot, sections, true);
  if (rest.empty()) return html;
  return html +
         folded(count_of(rest.size(), "service") + " more", services_table("More services", snapshot, rest, false));
}

/// Each service's share of the lanes, by its connections in the dump.
std::size_t lanes_of(const Snapshot& snapshot, std::size_t index, std::size_t max_lanes) {
  const auto of_service = [index](const ConnectionRow& row) { return row.service == index; };
  const auto count =
      static_cast<std::size_t>(std::count_if(snapshot.connections.begin(), snapshot.connections.end(), of_service));
  if (snapshot.connections.size() <= max_lanes) return count;
  return std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(max_lanes) * static_cast<double>(count) /
                                                           static_cast<double>(snapshot.connections.size())));
}

}  // namespace

std::string render_html(const Snapshot& snapshot, const HtmlOptions& options) {
  std::vector<std::size_t> order = reading_order(snapshot);
  const std::vector<std::size_t> rest(
      order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), kMostSections)), order.end());
  order.resize(order.size() - rest.size());

  const std::string host = escape_text(snapshot.host.hostname);
  std::string body = fmt::format(
      "<header id=\"top\">\n<h1>acceptscope: who got the connections on {}</h1>\n<p class=\"soft\">{}, {}</p>\n{}{}</header>\n{}<main>\n",
      html_escape(host), instant_text(snapshot.run.started_at), duration_text(snapshot.run.duration),
      losses_box(snapshot), head_table(snapshot, order, rest), contents(snapshot, order));
  if (order.empty()) body += "<section><h2>No service</h2><p>Nothing listened on the ports selected.</p></section>\n";
  Ids ids;
  const ConnectionReuse reuse = reuse_of(snapshot, options.reuse);
  for (const std::size_t index : order)
    body += service_section(ids, snapshot, index, {lanes_of(snapshot, index, options.max_lanes), options.left_out},
                            reuse.of(index));
  body += "</main>\n<footer>\n<h2 id=\"run\">The run</h2>\n" + run_facts(snapshot) + effective_meaning() +
          finding_kinds_list() + "</footer>\n";
  return html_document(fmt::format("acceptscope: {}", host), body);
}

}  // namespace acceptscope
