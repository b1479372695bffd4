// SPDX-License-Identifier: BSD-2-Clause
#include "output/plain_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "output/escape.hpp"
#include "output/fields.hpp"
#include "output/human.hpp"
#include "output/plain_lines.hpp"
#include "output/plain_table.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kLabelWidth = 14;
constexpr std::size_t kArgumentsWidth = 80;

/// Processes (threads) that accepted; one that accepts on two services is one.
std::size_t workers_that_accepted(const Snapshot& snapshot) {
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::int64_t>> workers;
  for (const ServiceRow& service : snapshot.services)
    for (const WorkerRow& worker : service.workers)
      if (worker.accepts > 0)
        workers.emplace(worker.pid, worker.tid.value_or(0), worker.start_time.value_or(Instant{}).unix_ns);
  return workers.size();
}

/// " The busiest worker, uvicorn (PID 4121), took 49.9%."
std::string busiest_sentence(const Snapshot& snapshot, const PlainOptions& options) {
  if (snapshot.services.empty() || snapshot.services.front().workers.empty()) return {};
  const ServiceRow& service = snapshot.services.front();
  const WorkerRow& busiest = service.workers.front();  // they are sorted
  const std::string where =
      snapshot.services.size() == 1 ? "" : fmt::format(" of those on {}", service_name(service, snapshot, options));
  const std::string who =
      busiest.tid ? fmt::format("PID {}, TID {}", busiest.pid, *busiest.tid) : fmt::format("PID {}", busiest.pid);
  return fmt::format(" The busiest worker, {} ({}), took {}{}.", escape_text(busiest.comm, {.ascii = options.ascii}),
                     who, human_share(busiest.accepts, service.accepts), where);
}

StyledLine first_line(const Snapshot& snapshot, const PlainOptions& options) {
  const std::string duration = human_duration(snapshot.run.duration, options.ascii);
  if (snapshot.totals.accepts == 0)
    return StyledLine(fmt::format("Nothing was accepted in {} ({}; since {}).", duration,
                                  describe_filters(snapshot.run.filters, options.ascii),
                                  human_instant(snapshot.run.started_at)));
  const std::string where = snapshot.services.size() == 1 ? service_name(snapshot.services.front(), snapshot, options)
                                                          : human_count(snapshot.services.size(), "service");
  const Totals& totals = snapshot.totals;
  return StyledLine(fmt::format("{} accepted on {} in {} by {}: {} closed, {} open.{}",
                                human_count(totals.accepts, "connection"), where, duration,
                                human_count(workers_that_accepted(snapshot), "worker"), human_count(totals.closes),
                                human_count(totals.open), busiest_sentence(snapshot, options)));
}

template <class Stats>
std::string percentiles(const Stats& stats, bool ascii) {
  return fmt::format("p50 {}  p90 {}  p95 {}  p99 {}  max {}", human_duration(stats.p50, ascii),
                     human_duration(stats.p90, ascii), human_duration(stats.p95, ascii),
                     human_duration(stats.p99, ascii), human_duration(stats.max, ascii));
}

StyledLine detail(std::string label, std::string text) {
  return StyledLine().add_spaces(2).add_left(std::move(label), kLabelWidth, Style::faint).add(std::move(text));
}

std::string close_reasons(const CloseReasonCounts& reasons) {
  std::string text;
  for_each_field<CloseReasonCounts>([&](const auto& f) {
    if (f.of(reasons) > 0) text += fmt::format("{}{} {}", text.empty() ? "" : "  ", f.name, human_count(f.of(reasons)));
  });
  return text;
}

std::string accept_queue(const ServiceRow& service) {
  std::string text = "deepest " + human_count(service.accept_queue.depth_max);
  if (service.backlog) text += " of backlog " + human_count(*service.backlog);
  if (service.reuseport.value_or(false)) text += "  SO_REUSEPORT";
  return text;
}

/// Percentiles, and how many connections each covers.
void add_details(std::vector<StyledLine>& lines, const ServiceRow& service, bool ascii) {
  const LifetimeStats& lifetime = service.lifetime;
  if (lifetime.closed > 0)
    lines.push_back(detail(
        "lifetime", fmt::format("{}  of {} closed", percentiles(lifetime, ascii), human_count(lifetime.closed))));
  if (lifetime.open > 0)
    lines.push_back(detail(
        "still open",
        fmt::format("{}, not in any lifetime; age p50 {}  max {}", human_count(lifetime.open),
                    human_duration(lifetime.open_age_p50, ascii), human_duration(lifetime.open_age_max, ascii))));
  const WaitStats& wait = service.accept_wait;
  if (wait.count > 0)
    lines.push_back(
        detail("accept wait", fmt::format("{}  of {}", percentiles(wait, ascii), human_count(wait.count, "accept"))));
  if (const std::string reasons = close_reasons(service.close_reasons); !reasons.empty())
    lines.push_back(detail("closed by", reasons));
  lines.push_back(detail("accept queue", accept_queue(service)));
}

void add_service(std::vector<StyledLine>& lines, const ServiceRow& service, const WorkerTable& table,
                 const Snapshot& snapshot, const PlainOptions& options) {
  lines.emplace_back();
  lines.push_back(service_headline(service, snapshot, options));
  if (service.accepts == 0) return;
  if (!service.workers.empty()) lines.push_back(table.header());
  for (const WorkerRow& worker : service.workers) lines.push_back(table.row(service, worker));
  lines.emplace_back();
  add_details(lines, service, options.ascii);
}

/// "Backend kprobe (not fentry: Operation not permitted); ended by a signal."
std::string ending(const RunInfo& run) {
  std::string text = "Backend " + run.backend;
  for (const BackendRefusal& refused : run.backends_refused)
    text += fmt::format("{}not {}: {}", &refused == &run.backends_refused.front() ? " (" : ", ", refused.backend,
                        refused.reason);
  if (!run.backends_refused.empty()) text += ")";
  if (!run.end_reason) return text + ".";
  switch (*run.end_reason) {
    case EndReason::duration:
      return text + "; ended after the time asked for.";
    case EndReason::signal:
      return text + "; ended by a signal.";
    case EndReason::command:
      return text + "; ended with the command.";
  }
  return text + ".";
}

std::string command_ending(const CommandInfo& command, bool ascii) {
  std::string arguments;
  for (const std::string& argument : command.argv) arguments += (arguments.empty() ? "" : " ") + argument;
  const std::string shown = escape_text(arguments, {kArgumentsWidth, ascii});
  if (!command.exit_status) return fmt::format("Command '{}': still running.", shown);
  return fmt::format("Command '{}': exit status {}.", shown, *command.exit_status);
}

/// Losses and the check of the totals: said also when all is well.
void add_verdict_on_itself(std::vector<StyledLine>& lines, const Snapshot& snapshot, bool ascii) {
  std::vector<StyledLine> trouble = trouble_lines(snapshot, ascii);
  const Consistency& consistency = snapshot.consistency;
  const std::string seen = human_count(consistency.records_seen, "record");
  if (trouble.empty())
    lines.emplace_back(fmt::format("No losses; the kernel's totals and {} agree.", seen));
  else if (consistency.broken.empty())
    trouble.emplace_back(fmt::format("The kernel's totals and {} agree, {} lost ones counted in.", seen,
                                     human_count(consistency.records_lost)));
  std::move(trouble.begin(), trouble.end(), std::back_inserter(lines));
}

}  // namespace

std::vector<StyledLine> summary_lines(const Snapshot& snapshot, const PlainOptions& options) {
  const WorkerTable table(snapshot, options);
  std::vector<StyledLine> lines;
  lines.push_back(first_line(snapshot, options));
  if (snapshot.totals.accepts == 0)
    lines.emplace_back("Connections that were open before tracing began are not shown; only new ones are.");
  for (const ServiceRow& service : snapshot.services) add_service(lines, service, table, snapshot, options);
  lines.emplace_back();
  lines.emplace_back(ending(snapshot.run));
  if (snapshot.run.command) lines.emplace_back(command_ending(*snapshot.run.command, options.ascii));
  add_verdict_on_itself(lines, snapshot, options.ascii);
  return lines;
}

}  // namespace acceptscope
