// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "model/names.hpp"
#include "model/owners.hpp"
#include "model/serving.hpp"
#include "model/spread.hpp"
#include "model/verdict.hpp"
#include "output/html/badge.hpp"
#include "output/html/connections.hpp"
#include "output/html/distribution.hpp"
#include "output/html/markup.hpp"
#include "output/html/requests.hpp"
#include "output/html/tables.hpp"
#include "output/html/timeline.hpp"
#include "output/words/finding_lines.hpp"
#include "output/words/service_lines.hpp"
#include "output/words/worker_cells.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

/// Maximum number of workers named at the head; the figure below names all.
constexpr std::size_t kMostNamed = 8;

bool is_uneven(const ServiceRow& service) {
  return has_finding(service, VerdictCode::keepalive_pinning) || has_finding(service, VerdictCode::accept_skew) ||
         has_finding(service, VerdictCode::too_few_connections);
}

/// Rows of owners that had connections themselves.
std::vector<const WorkerRow*> own_owners(const ServiceRow& service) {
  std::vector<const WorkerRow*> rows;
  for (const std::size_t row : service.spread.owners)
    if (row < service.workers.size() && amount_of(service.workers[row], service.spread.basis) > 0)
      rows.push_back(&service.workers[row]);
  return rows;
}

/// "PID 3, 4 and 26 more", and how many owners only took over from workers that left.
std::string owner_names(const ServiceRow& service) {
  const std::vector<const WorkerRow*> rows = own_owners(service);
  const std::size_t heirs = service.spread.owners.size() - rows.size();
  std::string text;
  for (std::size_t i = 0; i < std::min(rows.size(), kMostNamed); ++i)
    text += (i == 0 ? "PID " : ", ") + pid_text(*rows[i]);
  if (rows.size() > kMostNamed) text += fmt::format(" and {} more", count_text(rows.size() - kMostNamed));
  if (heirs == 0) return text;
  return fmt::format("{}{}{} that replaced others", text, text.empty() ? "" : " and ", count_of(heirs, "worker"));
}

std::string which_workers(const ServiceRow& service) {
  const Spread& spread = service.spread;
  if (spread.owners.empty()) return "No worker had a connection.";
  const std::string workers = count_of(spread.workers(), "worker");
  if (!is_uneven(service)) return fmt::format("{} of {} had connections.", count_text(spread.busy()), workers);
  return fmt::format("{} ({} of {}): {} of {} {}. {} have none of them.", owner_names(service),
                     count_text(spread.owners.size()), workers, count_text(spread.owned), count_text(spread.total),
                     basis_name(spread.basis), count_text(spread.workers() - spread.busy()));
}

std::string how_skewed(const Spread& spread) {
  if (spread.total == 0) return "Nothing to share.";
  std::string text = fmt::format("As if {} of {} shared the {} evenly", decimal_text(spread.effective),
                                 count_of(spread.workers(), "worker"), basis_name(spread.basis));
  if (!spread.fair) return text + ".";
  text += fmt::format("; a fair draw gives at least {} in 99 % of cases", decimal_text(spread.fair->p01));
  if (spread.uneven) return text + ".";
  return text + (spread.effective < spread.fair->p01 ? ": too near to it to matter." : ": chance explains this.");
}

std::string since_when(const Snapshot& snapshot, const ServiceRow& service) {
  const std::string run =
      fmt::format("{} \u2013 {} UTC", clock_text(snapshot.run.started_at), clock_text(snapshot.run.ended_at));
  const std::optional<OwnedSince> since = is_uneven(service) ? owned_since(service) : std::nullopt;
  if (!since) return "The whole run, " + run + ".";
  std::string text = since->from_before
                         ? fmt::format("Since before tracing began ({} UTC)", clock_text(snapshot.run.started_at))
                         : fmt::format("Since {} UTC", clock_text(since->at));
  text += fmt::format(", to the end ({})", clock_text(snapshot.run.ended_at));
  if (const std::optional<Instant> last = last_accept(service.timeline))
    text += fmt::format("; last accepts at {}", clock_text(*last));
  return text + ".";
}

std::string answer(std::string_view question, const std::string& text) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", question, html_escape(text));
}

std::string list_of(std::string_view title, const std::vector<OutsideText>& sentences) {
  if (sentences.empty()) return {};
  std::string html = fmt::format("<h3>{}</h3>\n<ul>\n", title);
  for (const OutsideText& sentence : sentences) html += fmt::format("<li>{}</li>\n", html_text(sentence));
  return html + "</ul>\n";
}

/// The same as one half of a pair.
std::string block_of(std::string_view title, const std::vector<OutsideText>& sentences) {
  return sentences.empty() ? "" : "<div>" + list_of(title, sentences) + "</div>\n";
}

std::string waiting_text(const WaitStats& wait) {
  return wait.count == 0 ? "no wait was seen"
                         : fmt::format("p50 {}, max {}", duration_text(wait.p50), duration_text(wait.max));
}

std::string lifetime_text(const ServiceRow& service) {
  const LifetimeStats& lifetime = service.lifetime;
  if (lifetime.closed == 0) return fmt::format("none closed; age of the {} open", count_text(lifetime.open));
  if (lifetime.open == 0) return fmt::format("of {} closed", count_text(lifetime.closed));
  return fmt::format("of {} closed; {} open, age p50 {}", count_text(lifetime.closed), count_text(lifetime.open),
                     duration_text(lifetime.open_age_p50));
}

std::string connections_text(const ServiceRow& service) {
  if (service.counts.preexisting == 0) return "accepted in the run";
  return fmt::format("{} from before, {} accepted", count_text(service.counts.preexisting),
                     count_text(service.counts.accepts));
}

std::string code_link(VerdictCode code) {
  return fmt::format("<span class=\"soft\"><a href=\"#code-{0}\">{0}</a></span>", enum_name(code));
}

std::string pair(const std::string& left, const std::string& right) {
  return left.empty() && right.empty() ? "" : "<div class=\"pair\">\n" + left + right + "</div>\n";
}

/// Time is best seen in what the workers were busy with.
constexpr std::array kOtherMeasures = {HeatMeasure::cpu, HeatMeasure::open, HeatMeasure::accepts, HeatMeasure::bytes};

std::string first_heat_map(Ids& ids, const Snapshot& snapshot, const ServiceRow& service) {
  return heat_map(ids, snapshot, service, service.requests ? HeatMeasure::busy : HeatMeasure::open);
}

std::string further_times(Ids& ids, const Snapshot& snapshot, const ServiceRow& service) {
  std::string html;
  for (const HeatMeasure measure : kOtherMeasures)
    if (measure != HeatMeasure::open || service.requests) html += heat_map(ids, snapshot, service, measure);
  return html + active_figure(ids, snapshot, service);
}

}  // namespace

std::string verdict_box(const Snapshot& snapshot, const ServiceRow& service, std::string_view heading) {
  const Finding& verdict = service.verdict;
  const Spread& spread = service.spread;
  std::string html = fmt::format("<div class=\"verdict {}\">\n<h2>{} {} {}</h2>\n", enum_name(verdict.severity),
                                 severity_badge(verdict.severity), html_escape(heading), code_link(verdict.code));
  if (!verdict.summary.empty()) html += fmt::format("<p class=\"say\">{}</p>\n", html_text(verdict.summary));
  html += "<dl class=\"glance\">\n" + answer("Which workers", which_workers(service)) +
          answer("How skewed", how_skewed(spread)) + answer("Since when", since_when(snapshot, service)) +
          answer("What to do", verdict.advice.empty() ? "Nothing." : escape_text(verdict.advice.front())) + "</dl>\n";
  return html + "</div>\n";
}

/// The findings beside the verdict, with their evidence and advice.
std::string further_boxes(const ServiceRow& service) {
  std::string html;
  for (const Finding* finding : further_findings(service)) {
    html += fmt::format("<div class=\"verdict further {}\">\n<h3>{} {}</h3>\n<p>{}</p>\n", enum_name(finding->severity),
                        severity_badge(finding->severity), code_link(finding->code), html_text(finding->summary));
    html += pair(block_of("Evidence", finding->evidence), block_of("What to do", finding->advice));
    html += "</div>\n";
  }
  return html;
}

std::string effective_note(const Spread& spread) {
  if (spread.total == 0) return {};
  return fmt::format(
      "<p class=\"soft\">Effective workers: with so many, all of them equally busy, the {} would be as concentrated as "
      "they are. Fair: what 99 of 100 random draws reach. <a href=\"#effective\">When it counts as uneven</a></p>\n",
      basis_name(spread.basis));
}

std::string effective_meaning() {
  return fmt::format(
      "<div class=\"explain\">\n<h3 id=\"effective\">Effective workers and the fair draw</h3>\n"
      "<p>Effective workers are 1 divided by the sum of the squared shares of the workers: 8 of 8 if all have the same, 1 "
      "if one has everything. If each connection went to a random worker, some would have more than others, so that even a "
      "fair draw gives less than 8 of 8: \u201cat least 5.4 in 99 % of cases\u201d is what all but one of 100 such draws "
      "reach.</p>\n"
      "<p>A service counts as uneven only if it is below that and below {} of a typical draw. With many connections a draw "
      "is nearly even: then 6.6 can be below \u201cat least 8.0\u201d and do no harm, because the difference is no chance "
      "but also too small to matter.</p>\n</div>\n",
      coarse_share_text(kMaterialPart));
}

std::string number_tiles(const Snapshot& snapshot, const ServiceRow& service) {
  const ActiveStats& serving = service.active_workers.serving;
  const Spread& spread = service.spread;
  std::string html = "<dl class=\"tiles\">\n";
  html += tile(
      "Effective workers",
      spread.total > 0 ? fmt::format("{} of {}", decimal_text(spread.effective), count_text(spread.workers())) : "-",
      fmt::format("by {}{}", basis_name(spread.basis),
                  spread.fair ? "; fair: " + at_least_text(decimal_text(spread.fair->p01)) : ""));
  html += tile("Idle workers",
               fmt::format("{} of {}", count_text(idle_workers(service)), count_text(service.workers_eligible)),
               counts_requests(service) ? "serve no request" : "without any connection");
  html +=
      tile("Serving per window",
           serving.windows > 0 ? fmt::format("{} of {}", count_text(serving.p50), count_text(service.workers_eligible))
                               : "-",
           serving.windows > 0 ? fmt::format("median; p95 {}, max {}", count_text(serving.p95), count_text(serving.max))
                               : "no complete window");
  html += tile("Connections", count_text(service.counts.connections()), connections_text(service));
  html += tile("Open at the end", count_text(service.open),
               fmt::format("most at once: {}", count_text(service.counts.peak_open)));
  html += tile("Accepts/s", rate_text(service.counts.accepts, snapshot.run.duration),
               count_of(service.counts.accepts, "accept") + " in " + duration_text(snapshot.run.duration));
  html += tile("Lifetime p50", median_lifetime_text(service.lifetime, false), lifetime_text(service));
  html += tile("Accept wait p95", duration_text(service.accept_wait.p95), waiting_text(service.accept_wait));
  return html + "</dl>\n";
}

std::string service_section(Ids& ids, const Snapshot& snapshot, std::size_t index, const LaneChoice& lanes,
                            const Reuse& reuse) {
  const ServiceRow& service = snapshot.services[index];
  const std::string name = service_name(service, snapshot, {});
  const Finding& verdict = service.verdict;
  std::string html = fmt::format("<section id=\"s{}\" aria-label=\"Service {}\">\n", index + 1, html_escape(name));
  html += verdict_box(snapshot, service, name) + further_boxes(service);
  html += number_tiles(snapshot, service) + request_tiles(snapshot, service) + effective_note(service.spread);
  html += pair(block_of("Evidence", verdict.evidence),
               verdict.advice.size() > 1 ? block_of("What to do", verdict.advice) : "");
  html += pair(workers_figure(ids, service), lorenz_figure(ids, service));
  html += first_heat_map(ids, snapshot, service) + workers_table(service, snapshot.run.duration);
  const bool requests = service.requests.has_value();
  html +=
      folded(fmt::format("More over time: {}accepts, traffic, active workers", requests ? "open connections, " : ""),
             further_times(ids, snapshot, service));
  html += folded(fmt::format("Distributions: {}lifetimes, accept waits",
                             requests ? "response times, requests per connection, " : ""),
                 pair(response_figure(ids, service), reuse_figure(ids, service, reuse, snapshot.connections_omitted)) +
                     pair(lifetime_figure(ids, service), wait_figure(ids, service)));
  html += folded("Every connection as a bar", lanes_figure(ids, snapshot, index, lanes));
  html += open_connections(snapshot, index) + folded("Clients", peers_table(service));
  html += folded("Listening sockets and accept queue", listener_facts(service) + listeners_table(service));
  return html + "</section>\n";
}

}  // namespace acceptscope
