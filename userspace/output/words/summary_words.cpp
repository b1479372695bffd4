// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/summary_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "model/names.hpp"
#include "model/serving.hpp"
#include "model/telling_command.hpp"
#include "output/words/cost_words.hpp"
#include "output/words/service_lines.hpp"
#include "output/words/worker_cells.hpp"
#include "output/words/worker_lines.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kArgumentsWidth = 80;
constexpr std::size_t kPeerLines = 3;

/// Processes (threads) with connections; a process with connections on two services counts once.
std::size_t workers_with_connections(const Snapshot& snapshot) {
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::int64_t>> workers;
  for (const ServiceRow& service : snapshot.services)
    for (const WorkerRow& worker : service.workers)
      if (held_by(worker).connections > 0)
        workers.emplace(worker.pid, worker.tid.value_or(0), worker.start_time.value_or(Instant{}).unix_ns);
  return workers.size();
}

/// " The busiest worker, uvicorn (PID 4121), has 49.9 %."
std::string busiest_sentence(const Snapshot& snapshot, const TextOptions& options) {
  if (snapshot.services.empty() || snapshot.services.front().workers.empty()) return {};
  const ServiceRow& service = snapshot.services.front();
  const WorkerRow& busiest = *rows_in_order(service).front();
  const std::string where =
      snapshot.services.size() == 1 ? "" : fmt::format(" of those on {}", service_name(service, snapshot, options));
  const std::string who =
      busiest.tid ? fmt::format("PID {}, TID {}", busiest.pid, *busiest.tid) : fmt::format("PID {}", busiest.pid);
  const std::string command = escape_text(telling_command(service, busiest), {.ascii = options.ascii});
  if (counts_requests(service))
    return fmt::format(" The busiest worker, {} ({}), served {} of the requests{}.", command, who,
                       share_text(busiest.requests ? busiest.requests->load.count : 0, service.requests->load.count),
                       snapshot.services.size() == 1 ? "" : " on " + service_name(service, snapshot, options));
  return fmt::format(" The busiest worker, {} ({}), has {}{}.", command, who,
                     share_text(held_by(busiest).connections, service.counts.connections()), where);
}

template <class Stats>
std::string percentiles(const Stats& stats, bool ascii) {
  return fmt::format("p50 {}  p90 {}  p95 {}  p99 {}  max {}", duration_text(stats.p50, ascii),
                     duration_text(stats.p90, ascii), duration_text(stats.p95, ascii), duration_text(stats.p99, ascii),
                     duration_text(stats.max, ascii));
}

std::string close_reasons(const CloseReasonCounts& reasons) {
  std::string text;
  for (const auto& [reason, count] : kCloseReasonCounts)
    if (reasons.*count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : "  ", enum_name(reason), count_text(reasons.*count));
  return text;
}

std::string accept_queue(const ServiceRow& service) {
  const AcceptQueue& queue = service.accept_queue;
  std::string text = "deepest " + count_text(queue.depth_max);
  if (service.backlog) text += " of backlog " + count_text(*service.backlog);
  if (queue.depth != 0) {
    text += fmt::format("  {} waiting now", count_text(queue.depth));
    if (queue.oldest_wait) text += ", up to " + duration_text(queue.oldest_wait);
  }
  if (queue.overflows) text += "  " + count_of(*queue.overflows, "overflow");
  if (const std::string others = other_drops_text(queue); !others.empty()) text += "  " + others;
  return text;
}

std::string listener(const ServiceRow& service) {
  std::string text = count_of(service.listen_sockets, "socket");
  if (service.reuseport) text += *service.reuseport ? "  SO_REUSEPORT" : "  without SO_REUSEPORT";
  if (service.accept_blocks.value_or(false)) text += "  workers wait in accept() or poll()";
  if (service.epoll_exclusive) text += *service.epoll_exclusive ? "  EPOLLEXCLUSIVE" : "  epoll without EPOLLEXCLUSIVE";
  return text;
}

std::string peer_text(const PeerRow& peer) {
  std::string text = fmt::format("{}  {}, {} open", peer.address.to_string(), count_of(peer.connections, "connection"),
                                 count_text(peer.open));
  if (peer.preexisting > 0) text += fmt::format(", {} from before", count_text(peer.preexisting));
  return text + fmt::format(", on {}", count_of(peer.workers, "worker"));
}

/// The clients of the connections.
void add_peers(std::vector<ServiceDetail>& details, const ServiceRow& service) {
  std::uint64_t others = service.peers_other;
  for (std::size_t i = 0; i < service.peers.size(); ++i) {
    if (i < kPeerLines)
      details.push_back({i == 0 ? "clients" : "", peer_text(service.peers[i])});
    else
      others += service.peers[i].connections;
  }
  if (others > 0 && !service.peers.empty())
    details.push_back({"", fmt::format("others  {}", count_of(others, "connection"))});
}

/// Percentiles of the requests, and the number of requests that they cover.
void add_request_details(std::vector<ServiceDetail>& details, const RequestStats& requests, bool ascii) {
  const auto add = [&](std::string label, const DurationStats& stats) {
    if (stats.count > 0)
      details.push_back(
          {std::move(label), fmt::format("{}  of {}", percentiles(stats, ascii), count_of(stats.count, "request"))});
  };
  add("response", requests.response);
  add("complete", requests.complete);
  add("unread wait", requests.unread_wait);
  if (requests.load.aborted > 0)
    details.push_back({"aborted", fmt::format("{} in flight when their connection was closed",
                                              count_of(requests.load.aborted, "request"))});
}

/// "Backend kprobe (not fentry: Operation not permitted); ended by a signal."
std::string ending(const RunInfo& run, bool ascii) {
  std::string text = "Backend " + escape_text(run.backend, {.ascii = ascii});
  for (const BackendRefusal& refused : run.backends_refused)
    text += fmt::format("{}not {}: {}", &refused == &run.backends_refused.front() ? " (" : ", ",
                        escape_text(refused.backend, {.ascii = ascii}), escape_text(refused.reason, {.ascii = ascii}));
  if (!run.backends_refused.empty()) text += ")";
  if (!run.end_reason) return text + ".";
  switch (*run.end_reason) {
    case EndReason::duration: return text + "; ended after the time asked for.";
    case EndReason::signal: return text + "; ended by a signal.";
    case EndReason::command: return text + "; ended with the command.";
  }
  return text + ".";
}

std::string command_ending(const CommandInfo& command, bool ascii) {
  const std::string shown = escape_text(joined(command.argv, " "), {kArgumentsWidth, ascii});
  if (!command.exit_status) return fmt::format("Command '{}': still running.", shown);
  return fmt::format("Command '{}': exit status {}.", shown, *command.exit_status);
}

/// Losses and the check of the totals: printed even if all is well.
void add_verdict_on_itself(std::vector<StyledLine>& lines, const Snapshot& snapshot, bool ascii) {
  std::vector<StyledLine> trouble = trouble_lines(snapshot, ascii);
  const Consistency& consistency = snapshot.consistency;
  const std::string seen = count_of(consistency.records_seen, "record");
  if (trouble.empty())
    lines.emplace_back(fmt::format("No losses; the kernel's totals and {} agree.", seen));
  else if (consistency.broken.empty())
    trouble.emplace_back(fmt::format("The kernel's totals and {} agree, {} lost ones counted in.", seen,
                                     count_text(consistency.records_lost)));
  append(lines, std::move(trouble));
}

}  // namespace

std::string run_in_a_sentence(const Snapshot& snapshot, const TextOptions& options) {
  const std::string duration = duration_text(snapshot.run.duration, options.ascii);
  const Totals& totals = snapshot.totals;
  if (totals.counts.connections() == 0)
    return fmt::format("Nothing was accepted in {} ({}; since {}). {}", duration,
                       describe_filters(snapshot.run.filters, options.ascii), instant_text(snapshot.run.started_at),
                       nobody_listens_text(snapshot, options.ascii));
  const std::string where = snapshot.services.size() == 1 ? service_name(snapshot.services.front(), snapshot, options)
                                                          : count_of(snapshot.services.size(), "service");
  const std::string connections =
      totals.counts.preexisting == 0
          ? count_of(totals.counts.accepts, "connection")
          : fmt::format("{} from before and {}", count_of(totals.counts.preexisting, "connection"),
                        count_text(totals.counts.accepts));
  const bool all_silent = totals.counts.accepts == 0 && std::ranges::all_of(snapshot.services, [](const auto& service) {
                            return service.counts.bytes() == 0;
                          });
  return fmt::format("{} accepted on {} in {}, by {}: {} closed, {} open.{}{}", connections, where, duration,
                     count_of(workers_with_connections(snapshot), "worker"), count_text(totals.counts.closed()),
                     count_text(totals.open), busiest_sentence(snapshot, options),
                     all_silent ? " No byte moved on them: their clients are elsewhere, or idle." : "");
}

std::vector<ServiceDetail> service_details(const ServiceRow& service, bool ascii) {
  if (service.counts.connections() == 0) return {};
  std::vector<ServiceDetail> details;
  if (counts_requests(service)) add_request_details(details, *service.requests, ascii);
  const LifetimeStats& lifetime = service.lifetime;
  if (lifetime.closed > 0)
    details.push_back(
        {"lifetime", fmt::format("{}  of {} closed", percentiles(lifetime, ascii), count_text(lifetime.closed))});
  if (lifetime.open > 0)
    details.push_back(
        {"still open", fmt::format("{}, not in any lifetime; age p50 {}  max {}", count_text(lifetime.open),
                                   age_text(lifetime.open_age_p50, service.counts.preexisting > 0, ascii),
                                   age_text(lifetime.open_age_max, service.counts.preexisting > 0, ascii))});
  if (service.counts.preexisting > 0)
    details.push_back({"from before", fmt::format("{}, of which {} closed since, not in any lifetime either",
                                                  count_text(service.counts.preexisting),
                                                  count_text(service.counts.preexisting_closes))});
  const WaitStats& wait = service.accept_wait;
  if (wait.count > 0)
    details.push_back(
        {"accept wait", fmt::format("{}  of {}", percentiles(wait, ascii), count_of(wait.count, "accept"))});
  if (const std::string reasons = close_reasons(service.close_reasons); !reasons.empty())
    details.push_back({"closed by", reasons});
  details.push_back({"accept queue", accept_queue(service)});
  if (service.listen_sockets > 0 || service.reuseport) details.push_back({"listener", listener(service)});
  add_peers(details, service);
  return details;
}

std::vector<StyledLine> closing_lines(const Snapshot& snapshot, bool ascii) {
  std::vector<StyledLine> lines{StyledLine(ending(snapshot.run, ascii))};
  if (snapshot.run.command) lines.emplace_back(command_ending(*snapshot.run.command, ascii));
  add_verdict_on_itself(lines, snapshot, ascii);
  for (const OutsideText& note : snapshot.run.notes) lines.emplace_back("Note: " + escape_text(note, {.ascii = ascii}));
  lines.emplace_back(fmt::format("Tracing cost {}.", cost_text(snapshot.overhead, snapshot.run.duration)));
  return lines;
}

}  // namespace acceptscope
