// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>
#include <utility>
#include <vector>

#include "model/findings/table.hpp"
#include "model/names.hpp"
#include "model/owners.hpp"
#include "model/serving.hpp"
#include "model/worker_names.hpp"
#include "output/html/badge.hpp"
#include "output/html/markup.hpp"
#include "output/words/cost_words.hpp"
#include "output/words/service_lines.hpp"
#include "output/words/service_table.hpp"
#include "output/words/worker_cells.hpp"
#include "output/words/worker_columns.hpp"
#include "output/words/worker_lines.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kMostRows = 200;

std::string cell(std::string_view text) { return fmt::format("<td>{}</td>", text); }

std::string share_cell(std::uint64_t part, std::uint64_t whole) {
  const double percent =
      whole == 0 ? 0 : std::min(100.0, 100.0 * static_cast<double>(part) / static_cast<double>(whole));
  return fmt::format("<td><span class=\"b\"><i style=\"width:{}%\"></i></span>{}</td>", coordinate(percent),
                     html_escape(share_text(part, whole)));
}

bool is_on_page(const WorkerColumn& column, const ServiceRow& service) {
  return !column.page_header.empty() && is_shown(column, {&service, 1}, false);
}

std::string worker_cell(const WorkerColumn& column, const WorkerCell& input) {
  const WorkerRow& row = input.worker;
  const std::string text = html_escape(column.cell(input));
  switch (column.kind) {
    case ColumnKind::pid: return fmt::format("<th scope=\"row\">{}</th>", text);
    case ColumnKind::command:
      return fmt::format("<td class=\"w\"{}>{}{}</td>",
                         row.cmdline ? fmt::format(" title=\"{}\"", html_text(*row.cmdline)) : "", text,
                         is_idle(input.service, row) ? ", idle" : "");
    case ColumnKind::share: return share_cell(held_by(row).connections, input.service.counts.connections());
    case ColumnKind::text:
    case ColumnKind::bar: break;
  }
  return cell(text);
}

/// `folds`: another row tells of it in print.
std::string worker_row(const WorkerRow& row, const ServiceRow& service, Nanoseconds run, bool folds) {
  std::string html = !is_idle(service, row) ? "<tr>" : folds ? "<tr class=\"idle folds\">" : "<tr class=\"idle\">";
  for (const WorkerColumn& column : worker_columns())
    if (is_on_page(column, service)) html += worker_cell(column, {service, row, run, false, false});
  return html + "</tr>\n";
}

/// "1003–1031, 1040", "1003/7": processes that follow each other are one range.
std::string pid_ranges(const std::vector<const WorkerRow*>& rows) {
  std::vector<const WorkerRow*> sorted = rows;
  std::ranges::sort(sorted, {}, [](const WorkerRow* row) { return std::pair(row->pid, row->tid.value_or(0)); });
  std::string text;
  for (std::size_t first = 0, end = 0; first < sorted.size(); first = end) {
    end = first + 1;
    while (end < sorted.size() && !sorted[end]->tid && sorted[end]->pid == sorted[end - 1]->pid + 1) ++end;
    text += (first == 0 ? "" : ", ") + pid_text(*sorted[first]);
    if (end - first > 1) text += "\u2013" + pid_text(*sorted[end - 1]);
  }
  return text;
}

/// In print, the row in place of `idle` workers.
std::string print_row(const std::vector<const WorkerRow*>& idle, std::size_t columns) {
  return fmt::format("<tr class=\"idle print\"><th scope=\"row\">{}</th><td colspan=\"{}\">idle: {}</td></tr>\n",
                     count_text(idle.size()), columns - 1, pid_ranges(idle));
}

std::string paragraph(std::string_view text) { return fmt::format("<p class=\"soft\">{}</p>\n", html_escape(text)); }

std::string fact(std::string_view name, std::string_view text) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, html_escape(text));
}

std::string yes_no(const std::optional<bool>& known) { return !known ? "not known" : *known ? "yes" : "no"; }

std::string reasons(const CloseReasonCounts& counts) {
  std::string text;
  for (const auto& [reason, count] : kCloseReasonCounts)
    if (counts.*count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", enum_name(reason), count_text(counts.*count));
  return text.empty() ? "nothing closed" : text;
}

std::string ended_by(const RunInfo& run) {
  return run.end_reason ? std::string(enum_name(*run.end_reason)) : "not ended";
}

std::string backend_text(const RunInfo& run) {
  std::string text = escape_text(run.backend);
  for (const BackendRefusal& refused : run.backends_refused)
    text += fmt::format("; not {}: {}", escape_text(refused.backend), escape_text(refused.reason));
  return text;
}

std::string command_text(const CommandInfo& command) {
  return escape_text(joined(command.argv, " "), {.max_width = 200}) +
         (command.exit_status ? fmt::format(" (exit status {})", *command.exit_status) : " (still running)");
}

}  // namespace

std::string scrolling_table(std::string_view title, const std::string& where, std::string_view head,
                            std::string_view body) {
  return fmt::format(
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}, {}\">\n<table><caption><strong>{}</strong></caption>\n"
      "<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody></table></div>\n",
      title, html_escape(where), title, head, body);
}

std::string column(std::string_view name, std::string_view css_class) {
  return css_class.empty() ? fmt::format("<th scope=\"col\">{}</th>", name)
                           : fmt::format("<th scope=\"col\" class=\"{}\">{}</th>", css_class, name);
}

std::string tile(std::string_view name, const std::string& number, const std::string& more) {
  return fmt::format("<div><dt>{}</dt><dd class=\"n\">{}</dd><dd class=\"s\">{}</dd></div>\n", name,
                     html_escape(with_bound_units(number)), html_escape(with_bound_units(more)));
}

std::string workers_table(const ServiceRow& service, Nanoseconds run) {
  const std::vector<const WorkerRow*> rows = table_rows(service);
  std::vector<const WorkerRow*> idle;
  std::ranges::copy_if(rows, std::back_inserter(idle), [&](const WorkerRow* row) { return is_idle(service, *row); });
  const bool folds = idle.size() > 1;
  std::string head;
  std::size_t columns = 0;
  for (const WorkerColumn& worker : worker_columns())
    if (is_on_page(worker, service)) head += column(worker.page_header, worker.left ? "w" : ""), ++columns;
  std::string body;
  for (std::size_t i = 0; i < std::min(rows.size(), kMostRows); ++i) body += worker_row(*rows[i], service, run, folds);
  if (folds) body += print_row(idle, columns);
  std::string html = rows.empty() ? "" : scrolling_table("Workers", service.endpoint.to_string(), head, body);
  if (rows.size() > kMostRows)
    html += paragraph(fmt::format("{} more are in the dump.", count_of(rows.size() - kMostRows, "worker")));
  for (const StyledLine& line : below_table(service, false)) html += paragraph(line.text(false));
  return html;
}

std::string peers_table(const ServiceRow& service) {
  if (service.peers.empty()) return {};
  std::string body;
  for (const PeerRow& peer : service.peers)
    body += fmt::format("<tr><th scope=\"row\" class=\"w\">{}</th>{}{}{}{}{}</tr>\n", peer.address.to_string(),
                        share_cell(peer.connections, service.counts.connections()) + cell(count_text(peer.connections)),
                        cell(count_text(peer.open)), cell(count_text(peer.preexisting)),
                        cell(duration_text(peer.connection_time)), cell(count_text(peer.workers)));
  const std::string head = column("Address", "w") + column("Share of connections") + column("Connections") +
                           column("Open") + column("From before") + column("Connection time") + column("Workers");
  std::string html = scrolling_table("Clients", service.endpoint.to_string(), head, body);
  if (service.peers_other > 0)
    html += paragraph(fmt::format("Other addresses: {}.", count_of(service.peers_other, "connection")));
  return html;
}

std::string listener_facts(const ServiceRow& service) {
  const AcceptQueue& queue = service.accept_queue;
  std::string html = "<dl class=\"facts\">\n";
  html += fact("Listening sockets", count_text(service.listen_sockets));
  html += fact("SO_REUSEPORT", yes_no(service.reuseport));
  html += fact("EPOLLEXCLUSIVE",
               service.epoll_exclusive ? yes_no(service.epoll_exclusive) : "nobody polls it with epoll, or not known");
  if (service.woken_first_pid)
    html += fact("Always woken first", service.woken_first_tid ? fmt::format("thread {}", *service.woken_first_tid)
                                                               : fmt::format("pid {}", *service.woken_first_pid));
  if (service.waiting_threads > 1)
    html += fact("Threads of one process that wait", "up to " + count_text(service.waiting_threads));
  html +=
      fact("Accept queue, deepest",
           count_text(queue.depth_max) + (service.backlog ? " of a backlog of " + count_text(*service.backlog) : ""));
  html += fact(
      "Accept queue at the end",
      count_text(queue.depth) + (queue.oldest_wait ? ", waiting for up to " + duration_text(queue.oldest_wait) : ""));
  html += fact("Accept queue, overflows", queue.overflows ? count_text(*queue.overflows) : "not known");
  if (const std::string others = other_drops_text(queue); !others.empty()) html += fact("Dropped beside", others);
  html += fact("Never accepted", count_text(service.never_accepted));
  if (service.handed_over > 0)
    html += fact("Handed over",
                 count_of(service.handed_over, "connection") + " served by others than those that accepted them");
  html += fact("Closed by", reasons(service.close_reasons));
  html += fact("Network namespace", service.netns_name
                                        ? fmt::format("{} ({})", service.netns, escape_text(*service.netns_name))
                                        : std::to_string(service.netns));
  if (const auto container = common_container(service)) html += fact("Container or unit", escape_text(*container));
  return html + "</dl>\n";
}

std::string listeners_table(const ServiceRow& service) {
  if (service.listeners.size() < 2) return {};
  std::vector<const ListenerRow*> rows;
  for (const ListenerRow& listener : service.listeners) rows.push_back(&listener);
  std::ranges::stable_sort(rows, std::greater{}, [](const ListenerRow* row) {
    return std::tuple(row->never_accepted, row->closed ? 0 : row->depth, row->overflows.value_or(0), row->depth_max);
  });
  std::string body;
  for (std::size_t i = 0; i < std::min(rows.size(), kMostRows); ++i) {
    const ListenerRow& row = *rows[i];
    std::string holders;
    for (const std::uint32_t pid : row.holders) holders += (holders.empty() ? "" : ", ") + std::to_string(pid);
    body +=
        fmt::format("<tr><th scope=\"row\" class=\"w\">{}</th><td class=\"wrap\">{}</td>{}{}{}{}{}</tr>\n",
                    (row.inode ? std::to_string(*row.inode) : "not known") + (row.closed ? " (closed)" : ""), holders,
                    cell(count_text(row.depth)), cell(count_text(row.depth_max)), cell(duration_text(row.oldest_wait)),
                    cell(row.overflows ? count_text(*row.overflows) : "-"), cell(count_text(row.never_accepted)));
  }
  const std::string head = column("Inode", "w") + column("Held by PID", "wrap") + column("In its queue") +
                           column("Deepest") + column("Oldest wait") + column("Overflows") + column("Never accepted");
  std::string html = scrolling_table("Listening sockets", service.endpoint.to_string(), head, body);
  if (rows.size() > kMostRows)
    html += paragraph(fmt::format("{} more are in the dump.", count_of(rows.size() - kMostRows, "listening socket")));
  return html;
}

std::string services_table(std::string_view title, const Snapshot& snapshot, const std::vector<std::size_t>& services,
                           bool linked) {
  const TextOptions options{.final = true};
  std::string head = column("Service, worst finding", "wrap");
  for (const ServiceColumn& number : service_columns())
    if (!number.page_header.empty()) head += column(number.page_header);
  std::string body;
  for (const std::size_t index : services) {
    const ServiceRow& service = snapshot.services[index];
    const std::string name = html_escape(service_name(service, snapshot, options));
    body += fmt::format("<tr><th scope=\"row\" class=\"wrap say\">{}<br>{} {}</th>",
                        linked ? fmt::format("<a href=\"#s{}\">{}</a>", index + 1, name) : name,
                        severity_badge(service.verdict.severity), html_text(service.verdict.summary));
    for (const ServiceColumn& number : service_columns())
      if (!number.page_header.empty()) body += cell(html_escape(number.cell({service, snapshot, options}).text(false)));
    body += "</tr>\n";
  }
  return scrolling_table(title, escape_text(snapshot.host.hostname), head, body);
}

std::string finding_kinds_list() {
  std::string html = "<div class=\"explain\">\n<h3>What each finding means</h3>\n";
  for (const FindingKind& kind : finding_kinds())
    html += fmt::format(
        "<details id=\"code-{0}\">\n<summary><code>{0}</code> ({1}): {2}</summary>\n<dl class=\"facts\">\n{3}{4}</dl>\n</details>\n",
        enum_name(kind.code), severities_text(kind), html_text(kind.when),
        fact("What to do", escape_text(kind.what_to_do)), fact("Why this threshold", escape_text(kind.why)));
  return html + "</div>\n";
}

std::string losses_box(const Snapshot& snapshot) {
  const std::vector<StyledLine> lines = trouble_lines(snapshot, false);
  if (lines.empty()) return {};
  std::string html = "<div class=\"loss\"><p><strong>✖ Something was lost or does not add up</strong></p><ul>\n";
  for (const StyledLine& line : lines) html += fmt::format("<li>{}</li>\n", html_escape(line.text(false)));
  return html + "</ul></div>\n";
}

std::string run_facts(const Snapshot& snapshot) {
  const RunInfo& run = snapshot.run;
  std::string html = "<dl class=\"facts\">\n";
  html += fact("Host", fmt::format("{}, Linux {}, {}", escape_text(snapshot.host.hostname),
                                   escape_text(snapshot.host.kernel), count_of(snapshot.host.cpus, "CPU")));
  html += fact("Run", fmt::format("{} to {} ({}; ended by: {})", instant_text(run.started_at),
                                  instant_text(run.ended_at), duration_text(run.duration), ended_by(run)));
  html += fact("Selection", describe_filters(run.filters, false));
  if (run.command) html += fact("Command", command_text(*run.command));
  html += fact("Workers are", run.by == enum_name(WorkerUnit::thread) ? "threads" : "processes");
  html += fact("Tick, window", duration_text(run.interval) + ", " + duration_text(run.window));
  html += fact("Backend", backend_text(run));
  html += fact("Cost of tracing", cost_text(snapshot.overhead, snapshot.run.duration));
  html += fact("Losses", trouble_lines(snapshot, false).empty()
                             ? fmt::format("none; the kernel's totals and {} agree",
                                           count_of(snapshot.consistency.records_seen, "record"))
                             : trouble_in_short(snapshot));
  html += fact("Made by", fmt::format("{} {}, dump schema {}", escape_text(snapshot.tool.name),
                                      escape_text(snapshot.tool.version), snapshot.schema_version));
  return html + "</dl>\n";
}

}  // namespace acceptscope
