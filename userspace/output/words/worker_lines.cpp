// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/worker_lines.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/figures.hpp"
#include "model/serving.hpp"
#include "model/telling_command.hpp"
#include "model/worker_names.hpp"
#include "output/words/worker_cells.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

/// Maximum number of pids in one line: more are hard to read, and the dump has them all.
constexpr std::size_t kMostPids = 64;

bool folds(const ServiceRow& service) { return service.workers.size() > kMostIdleRows; }

template <class Wanted>
std::vector<const WorkerRow*> rows_where(const ServiceRow& service, Wanted wanted) {
  std::vector<const WorkerRow*> rows;
  for (const WorkerRow& row : service.workers)
    if (wanted(row)) rows.push_back(&row);
  return rows;
}

bool is_supervisor(const WorkerRow& row) { return row.role == Role::supervisor; }
bool is_holder(const WorkerRow& row) { return row.role == Role::holder; }

/// "; 1 supervisor; 2 draining with 30 connections; 4 hold the listening socket only".
std::string apart_text(const ServiceRow& service) {
  std::string text;
  const std::size_t supervisors = rows_where(service, is_supervisor).size();
  if (supervisors > 0) text += "; " + count_of(supervisors, "supervisor");
  std::uint64_t connections = 0;
  const auto draining = rows_where(service, [](const WorkerRow& row) { return row.role == Role::draining; });
  for (const WorkerRow* row : draining) connections += row->open;
  if (!draining.empty())
    text += fmt::format("; {} draining with {}", count_text(draining.size()), count_of(connections, "connection"));
  const std::size_t holders = rows_where(service, is_holder).size();
  if (holders > 0) text += "; " + count_of(holders, "mere holder");
  return text;
}

bool is_acceptor(const WorkerRow& row) { return row.role == Role::acceptor; }

/// "nginx (pid 7), nginx (pid 8)"
std::string names_of(const std::vector<const WorkerRow*>& rows, bool ascii) {
  std::string names;
  for (const WorkerRow* row : rows)
    names += fmt::format("{}{} ({} {})", names.empty() ? "" : ", ",
                         escape_text(telling_command(row->comm, row->cmdline), {.ascii = ascii}),
                         row->tid ? "tid" : "pid", row->tid.value_or(row->pid));
  return names;
}

/// " (7 to 9 at a time, 57 in all)", if they came and went.
std::string turnover_text(const ServiceRow& service) {
  const std::optional<PoolSize>& size = service.workers_at_once;
  if (!size || size->seen <= service.workers_eligible) return {};
  const std::string range =
      size->min == size->max ? "" : fmt::format("{} to {} at a time, ", count_text(size->min), count_text(size->max));
  return fmt::format(" ({}{} in all)", range, count_text(size->seen));
}

/// By requests; where they are not counted by connections, accepted and pre-existing, which are also the connections of
/// the fair draw.
std::string effective_text(const ServiceRow& service, bool ascii) {
  if (const std::optional<double> by_requests = effective_by_requests(service))
    return fmt::format("; effective workers {} of {} by requests", decimal_text(*by_requests),
                       count_text(service.workers_eligible));
  const std::optional<double> effective = effective_by_connections(service);
  if (!effective) return {};
  std::string text =
      fmt::format("; effective workers {} of {}", decimal_text(*effective), count_text(service.workers_eligible));
  if (service.effective_workers.fair_p01)
    text += fmt::format(" (a fair draw: {})", at_least_text(decimal_text(*service.effective_workers.fair_p01), ascii));
  return text;
}

std::string active_text(const ServiceRow& service, bool final) {
  const ActiveStats& accepting = service.active_workers.accepting;
  const std::optional<ActiveStats> requests = active_by_requests(service);
  const ActiveStats serving = requests.value_or(service.active_workers.serving);
  if (serving.windows == 0) return {};
  if (!final) return fmt::format("; now {} accepting, {} serving", count_text(accepting.now), count_text(serving.now));
  if (requests)
    return fmt::format(
        "Active per window: {}-{} began a request (p50 {}, p95 {}), {}-{} accepted (p50 {}, p95 {}), in {}.",
        count_text(serving.min), count_text(serving.max), count_text(serving.p50), count_text(serving.p95),
        count_text(accepting.min), count_text(accepting.max), count_text(accepting.p50), count_text(accepting.p95),
        count_of(serving.windows, "window"));
  return fmt::format("Active per window: {}-{} accepting (median {}), {}-{} serving (median {}), in {}.",
                     count_text(accepting.min), count_text(accepting.max), count_text(accepting.p50),
                     count_text(serving.min), count_text(serving.max), count_text(serving.p50),
                     count_of(serving.windows, "window"));
}

std::string unread_text(const ServiceRow& service) {
  std::uint64_t unread = 0;
  for (const WorkerRow& row : service.workers) unread += row.unread_connections;
  return unread == 0 ? "" : fmt::format("; {} unread", count_of(unread, "connection"));
}

}  // namespace

std::vector<const WorkerRow*> table_rows(const ServiceRow& service) {
  std::vector<const WorkerRow*> rows = rows_in_order(service);
  std::erase_if(rows, [](const WorkerRow* row) { return is_apart(*row); });
  if (folds(service)) std::erase_if(rows, [&](const WorkerRow* row) { return is_idle(service, *row); });
  return rows;
}

std::vector<StyledLine> workers_lines(const ServiceRow& service, const TextOptions& options) {
  const std::string apart = apart_text(service);
  if (service.workers_eligible == 0 && apart.empty()) return {};
  const bool passed_on = !rows_where(service, is_acceptor).empty();
  std::string text = count_of(service.workers_eligible, "worker") + (passed_on ? " could serve" : " could accept") +
                     turnover_text(service);
  if (options.final && counts_requests(service))
    text += fmt::format("; {} had connections", count_text(service.workers_eligible - service.workers_idle));
  text += fmt::format("; {} idle", count_text(idle_workers(service)));
  text += apart;
  const std::string effective = effective_text(service, options.ascii);
  const std::string active = active_text(service, options.final);
  if (!options.final) {  // one line; the verdict above it already shows the evenness
    const bool judged = !service.verdict.summary.empty();
    return {StyledLine("  " + text + active + unread_text(service) + (judged ? "" : effective))};
  }
  std::vector<StyledLine> lines = wrapped(StyledLine("  "), text + effective, options.width);
  if (!active.empty()) append(lines, wrapped(StyledLine("  "), active, options.width));
  for (const std::string& fact : door_facts(service))
    for (StyledLine& line : wrapped(StyledLine("  "), fact + ".", options.width)) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> door_facts(const ServiceRow& service) {
  std::vector<std::string> facts;
  const bool by_thread = std::ranges::any_of(service.workers, [](const WorkerRow& row) { return row.tid.has_value(); });
  if (service.waiting_threads > 1 && !by_thread)
    facts.push_back(fmt::format("{} of one process wait for connections: --by thread tells them apart",
                                count_of(service.waiting_threads, "thread")));
  if (service.woken_first_pid)
    facts.push_back(fmt::format("Always woken first: {} {}", service.woken_first_tid ? "thread" : "pid",
                                service.woken_first_tid.value_or(*service.woken_first_pid)));
  return facts;
}

std::vector<StyledLine> below_table(const ServiceRow& service, bool ascii) {
  std::vector<StyledLine> lines;
  const std::vector<const WorkerRow*> idle =
      rows_where(service, [&](const WorkerRow& row) { return row.role == Role::worker && is_idle(service, row); });
  if (folds(service) && !idle.empty())
    lines.emplace_back(fmt::format("  {} idle: {}", count_text(idle.size()), workers_text(idle, kMostPids)));
  if (service.workers_forgotten > 0)
    lines.emplace_back(fmt::format("  Not listed any more: {} that left without a connection",
                                   count_of(service.workers_forgotten, "worker")),
                       Style::faint);
  if (const std::string names = names_of(rows_where(service, is_acceptor), ascii); !names.empty())
    lines.emplace_back("  Accepted by " + names + ", handed over to the workers", Style::faint);
  if (const std::string names = names_of(rows_where(service, is_supervisor), ascii); !names.empty())
    lines.emplace_back("  Supervised by " + names, Style::faint);
  if (const std::string names = names_of(rows_where(service, is_holder), ascii); !names.empty())
    lines.emplace_back("  Hold the listening socket, but do not wait for connections: " + names, Style::faint);
  return lines;
}

StyledLine severity_word(Severity severity) {
  switch (severity) {
    case Severity::ok: return StyledLine("OK", Style::strong);
    case Severity::info: return StyledLine("INFO", Style::strong);
    case Severity::warning: return StyledLine("WARNING", Style::warning);
    case Severity::critical: return StyledLine("CRITICAL", Style::warning);
  }
  return {};
}

}  // namespace acceptscope
