// SPDX-License-Identifier: BSD-2-Clause
/// The other pages: histograms, peers, findings, help.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/serving.hpp"
#include "output/tui/parts.hpp"
#include "output/words/finding_lines.hpp"
#include "output/words/histogram_rows.hpp"
#include "output/words/worker_cells.hpp"
#include "output/words/worker_lines.hpp"
#include "text/bar.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kBesideEachOther = 76;  // from this width on, two histograms appear side by side
constexpr std::size_t kFewestPanelLines = 7;  // of a histogram with its title: the page scrolls rather than show less

/// Without p99 if there is no room for all four.
template <class Stats>
std::string percentiles(const Stats& stats, std::size_t width, bool ascii) {
  const std::string low =
      fmt::format(" p50 {} p95 {}", duration_text(stats.p50, ascii), duration_text(stats.p95, ascii));
  const std::string p99 = fmt::format(" p99 {}", duration_text(stats.p99, ascii));
  const std::string max = fmt::format(" max {}", duration_text(stats.max, ascii));
  return display_width(low + p99 + max) <= width ? low + p99 + max : low + max;
}

/// A histogram below its title, its percentiles and a note, in `room` lines.
template <class Stats>
std::vector<StyledLine> panel(const Stats& stats, std::string title, std::string note, std::size_t room,
                              std::size_t width, bool ascii) {
  std::vector<StyledLine> lines = {StyledLine(std::move(title), Style::strong),
                                   StyledLine(percentiles(stats, width, ascii)), StyledLine(std::move(note))};
  const std::size_t left = room - std::min(room, lines.size());
  append(lines, histogram_rows(stats.buckets, left, width, ascii));
  return lines;
}

std::vector<StyledLine> lifetimes(const TuiScene& s, const ServiceRow& service, std::size_t room, std::size_t width) {
  const LifetimeStats& lifetime = service.lifetime;
  const bool ascii = s.options.ascii;
  return panel(lifetime, fmt::format(" Lifetime of {} closed", count_text(lifetime.closed)),
               lifetime.open == 0 ? " none open"
                                  : fmt::format(" {} open, apart: age p50 {} max {}", count_text(lifetime.open),
                                                age_text(lifetime.open_age_p50, service.counts.preexisting > 0, ascii),
                                                age_text(lifetime.open_age_max, service.counts.preexisting > 0, ascii)),
               room, width, ascii);
}

std::vector<StyledLine> waits(const TuiScene& s, const ServiceRow& service, std::size_t room, std::size_t width) {
  const WaitStats& wait = service.accept_wait;
  return panel(wait, fmt::format(" Accept wait of {}", count_of(wait.count, "accept")),
               fmt::format(" queue now {}, deepest {}", count_text(service.accept_queue.depth),
                           count_text(service.accept_queue.depth_max)),
               room, width, s.options.ascii);
}

std::vector<StyledLine> responses(const TuiScene& s, const ServiceRow& service, std::size_t room, std::size_t width) {
  const RequestStats& requests = *service.requests;
  return panel(requests.response, fmt::format(" Response time of {}", count_of(requests.response.count, "request")),
               fmt::format(" in flight now {}, peak {}", count_text(requests.load.in_flight),
                           count_text(requests.load.in_flight_peak)),
               room, width, s.options.ascii);
}

std::vector<StyledLine> unread_waits(const TuiScene& s, const ServiceRow& service, std::size_t room,
                                     std::size_t width) {
  const RequestStats& requests = *service.requests;
  return panel(requests.unread_wait, fmt::format(" Unread wait of {}", count_of(requests.unread_wait.count, "request")),
               fmt::format(" {} with unread data now", count_of(requests.unread_now, "connection")), room, width,
               s.options.ascii);
}

/// " Tab, right       next page …"
std::vector<StyledLine> key_lines(std::size_t width) {
  std::size_t names = 0;
  for (const TuiKeyRow& row : tui_keys()) names = std::max(names, row.names.size());
  std::vector<StyledLine> lines;
  for (const TuiKeyRow& row : tui_keys()) {
    StyledLine start(" ");
    start.add_left(std::string(row.names), names + 2, Style::strong);
    for (StyledLine& line : wrapped(start, row.meaning, width)) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

/// What a request goes through comes first, if requests are counted: its wait and its time, then those of connections.
TuiBody histograms_page(const TuiScene& s, const ServiceRow& service, std::size_t room) {
  using Panel = std::vector<StyledLine> (*)(const TuiScene&, const ServiceRow&, std::size_t, std::size_t);
  std::vector<std::array<Panel, 2>> pairs;
  if (counts_requests(service)) pairs.push_back({responses, unread_waits});
  pairs.push_back({lifetimes, waits});

  const std::size_t width = s.options.width;
  const bool beside = width >= kBesideEachOther;
  const std::size_t half = width / 2;
  const std::size_t share = std::max(room / (beside ? pairs.size() : 2 * pairs.size()), kFewestPanelLines);
  std::vector<StyledLine> lines;
  for (const auto& [left, right] : pairs) {
    if (!lines.empty()) lines.emplace_back();
    if (beside) {
      append(lines, side_by_side(left(s, service, share, half - 1), right(s, service, share, width - half), half,
                                 s.options.ascii));
      continue;
    }
    append(lines, left(s, service, share, width));
    lines.emplace_back();
    append(lines, right(s, service, share, width));
  }
  return scrolled({}, std::move(lines), s.state, room);
}

TuiBody peers_page(const TuiScene& s, const ServiceRow& service, std::size_t room) {
  constexpr std::size_t number = 10;
  std::size_t address = 15;
  std::uint64_t most = 0;
  for (const PeerRow& peer : service.peers) {
    address = std::max(address, peer.address.to_string().size());
    most = std::max(most, peer.connections);
  }
  StyledLine head(" ");
  head.add_left("CLIENT", address, Style::faint).add_right("CONNS", number, Style::faint);
  head.add_right("OPEN", number, Style::faint).add_right("BEFORE", number, Style::faint);
  head.add_right("WORKERS", number, Style::faint).add_right("CONN TIME", number + 2, Style::faint);
  const std::size_t taken = head.width() + 2;
  const std::size_t bar_width = std::min<std::size_t>(s.options.width - std::min(s.options.width, taken), 60);
  std::vector<StyledLine> rows;
  for (const PeerRow& peer : service.peers) {
    StyledLine& row = rows.emplace_back(" ");
    row.add_left(peer.address.to_string(), address).add_right(count_text(peer.connections), number);
    row.add_right(count_text(peer.open), number).add_right(count_text(peer.preexisting), number);
    row.add_right(count_text(peer.workers), number);
    row.add_right(duration_text(peer.connection_time, s.options.ascii), number + 2).add("  ");
    row.add(bar(static_cast<double>(peer.connections), static_cast<double>(most), bar_width, s.options.ascii),
            Style::bar);
  }
  if (rows.empty()) rows.emplace_back(" no client yet", Style::faint);
  if (service.peers_other > 0)
    rows.emplace_back(fmt::format(" and {} of other clients", count_of(service.peers_other, "connection")),
                      Style::faint);
  return scrolled({std::move(head)}, std::move(rows), s.state, room);
}

TuiBody findings_page(const TuiScene& s, const ServiceRow& service, std::size_t room) {
  const std::size_t width = s.options.width;
  const bool ascii = s.options.ascii;
  std::vector<StyledLine> lines;
  const auto add = [&](const Finding& finding) {
    append(lines, finding_headline(StyledLine(" "), finding, width, ascii));
    append(lines, finding_details(finding, 3, width, ascii));
    lines.emplace_back();
  };
  if (!service.verdict.summary.empty()) add(service.verdict);
  for (const Finding* finding : further_findings(service)) add(*finding);
  lines.emplace_back(" What each finding means", Style::strong);
  append(lines, finding_kind_lines(width, ascii));
  return scrolled({}, std::move(lines), s.state, room);
}

TuiBody help_page(const TuiScene& s, std::size_t room) {
  const bool ascii = s.options.ascii;
  std::vector<StyledLine> lines = key_lines(s.options.width);
  lines.emplace_back();
  const auto explain = [&](std::string_view what, std::string_view text) {
    StyledLine start(" ");
    start.add_left(std::string(what), 10, Style::strong);
    for (StyledLine& line : wrapped(start, text, s.options.width)) lines.push_back(std::move(line));
  };
  explain(ascii ? "*" : "●", "accepted, served bytes, or had a request in flight or begun, in the last tick");
  explain(ascii ? "-" : "○",
          "idle: served no request in the whole run; where requests are not counted, had no connection");
  explain(ascii ? "x" : "×", "exited, or closed the listening socket");
  explain("effective",
          "1 / sum of squared shares: among how many workers the requests are shared, as if evenly; where these are "
          "not counted, the connections, and the mark in the bar is what a fair draw of them gives in 99 % of cases");
  explain("busy", "part of the last tick with at least one request in flight: read, and not answered yet");
  explain("CPU", "what the process used of one CPU in the last tick, for whatever it does");
  explain("serving",
          "workers that began a request in the last window, and the median of all windows; where requests are not "
          "counted, workers with bytes received or sent");
  explain("strips", "one column per tick, one scale for all workers of the service; a dot is nothing");
  return scrolled({}, std::move(lines), s.state, room);
}

}  // namespace acceptscope
