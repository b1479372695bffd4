// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/connections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "output/html/markup.hpp"
#include "output/html/tables.hpp"
#include "output/words/worker_cells.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kMostRows = 200;

std::vector<const ConnectionRow*> open_of(const Snapshot& snapshot, std::size_t index) {
  std::vector<const ConnectionRow*> rows;
  for (const ConnectionRow& row : snapshot.connections)
    if (row.service == index && !row.closed_at) rows.push_back(&row);
  std::ranges::stable_sort(rows, std::greater{}, [](const ConnectionRow* row) { return row->age_min; });
  return rows;
}

/// Who has it; of one that was handed over also who accepted it.
std::string worker_text(const ConnectionRow& row) {
  if (row.held_by_pid) return fmt::format("{}, accepted by {}", *row.held_by_pid, row.pid);
  return row.comm ? fmt::format("{} {}", row.pid, escape_text(*row.comm)) : std::to_string(row.pid);
}

std::string connection_row(const ConnectionRow& row, bool requests) {
  std::string html = fmt::format("<tr><th scope=\"row\" class=\"w\">{}</th><td>{}</td><td>{}</td><td>{}</td>",
                                 html_escape(row.peer.to_string()), age_text(row.age_min, row.preexisting, false),
                                 bytes_text(row.bytes_received), bytes_text(row.bytes_sent));
  if (requests) html += fmt::format("<td>{}</td>", row.requests ? count_text(*row.requests) : "-");
  return html + fmt::format("<td class=\"w\">{}</td></tr>\n", html_escape(worker_text(row)));
}

/// What is not listed, and why.
std::string rest_of(std::size_t shown, std::size_t known, std::uint64_t open) {
  std::string text;
  if (shown < known) text = fmt::format("{} that are younger are not listed.", count_text(known - shown));
  if (known < open)
    text += fmt::format("{}The dump, or what was read of it, does not list {} of the {}.", text.empty() ? "" : " ",
                        count_text(open - known), count_of(open, "open connection"));
  return text.empty() ? "" : fmt::format("<p class=\"soft\">{}</p>\n", text);
}

}  // namespace

std::string open_connections(const Snapshot& snapshot, std::size_t index) {
  const ServiceRow& service = snapshot.services[index];
  const std::vector<const ConnectionRow*> rows = open_of(snapshot, index);
  const std::size_t shown = std::min(rows.size(), kMostRows);
  if (service.open == 0 && rows.empty()) return {};
  const bool requests = std::ranges::any_of(rows, [](const ConnectionRow* row) { return row->requests.has_value(); });
  std::string body;
  for (std::size_t i = 0; i < shown; ++i) body += connection_row(*rows[i], requests);
  const std::string head = column("Client", "w") + column("Age") + column("Received") + column("Sent") +
                           (requests ? column("Requests") : "") + column("Worker", "w");
  const std::string table =
      rows.empty() ? "" : scrolling_table("Open connections, oldest first", service.endpoint.to_string(), head, body);
  return folded(count_of(std::max<std::uint64_t>(service.open, rows.size()), "connection") + " open at the end",
                table + rest_of(shown, rows.size(), service.open));
}

}  // namespace acceptscope
