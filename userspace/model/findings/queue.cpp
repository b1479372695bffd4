// SPDX-License-Identifier: BSD-2-Clause
/// Connections wait to be accepted.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "model/findings/rules.hpp"
#include "model/findings/sentences.hpp"
#include "text/numbers.hpp"

namespace acceptscope::rules {
namespace {

/// Whether one in twenty of the accepted connections waited for long: without those that still wait.
bool accepts_are_slow(const ServiceRow& service) {
  std::uint64_t all = 0, slow = 0;
  for (const WorkerRow& worker : service.workers) {
    for (const HistogramBucket& bucket : worker.accept_wait.buckets) {
      all += bucket.count;
      if (!bucket.le || *bucket.le > kLongWait) slow += bucket.count;
    }
  }
  return all >= kFewestWaits && slow * 20 >= all;
}

std::string pids_text(const std::vector<std::uint32_t>& pids) {
  std::string text;
  for (std::size_t i = 0; i < std::min(pids.size(), kMostPids); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", pids[i]);
  if (pids.size() > kMostPids) text += fmt::format(" and {} more", pids.size() - kMostPids);
  return text;
}

std::string socket_text(const ListenerRow& socket) {
  std::string text = "Socket";
  if (socket.inode) text += fmt::format(" inode {}", *socket.inode);
  if (!socket.holders.empty())
    text += fmt::format("{} of {} {}", socket.inode ? "," : "", socket.holders.size() == 1 ? "process" : "processes",
                        pids_text(socket.holders));
  return text;
}

void add_depth(Finding& finding, const ServiceRow& service, std::uint64_t depth) {
  std::string queue = fmt::format("The accept queue was up to {} deep", count_text(depth));
  if (service.backlog) queue += fmt::format("; the backlog is {}", count_text(*service.backlog));
  finding.evidence.push_back(queue + ".");
}

void add_waits(Finding& finding, const ServiceRow& service) {
  const WaitStats& wait = service.accept_wait;
  if (wait.count == 0 || !wait.p50 || !wait.p95) return;
  std::string text = fmt::format("Accept wait of {}: median {}, 95 % quantile {}", count_of(wait.count, "connection"),
                                 coarse_duration_text(*wait.p50), coarse_duration_text(*wait.p95));
  if (wait.waiting != 0)
    text += fmt::format("; {} still wait and count with their wait so far", count_text(wait.waiting));
  finding.evidence.push_back(text + ".");
}

/// Packets that the kernel counts as dropped at a listening socket, and that were no overflows.
void add_other_drops(Finding& finding, const AcceptQueue& queue) {
  const std::uint64_t others = queue.drops - std::min(queue.drops, queue.overflows.value_or(0));
  if (others == 0) return;
  finding.evidence.push_back(fmt::format("{} {} dropped, which may be {} (TCP_DEFER_ACCEPT) or {}: no harm.",
                                         count_of(others, "more packet"), others == 1 ? "was" : "were",
                                         others == 1 ? "a deferred handshake" : "deferred handshakes",
                                         others == 1 ? "a reset" : "resets"));
}

/// In the order of their rows: the sockets whose queue nobody empties.
std::vector<const ListenerRow*> stuck_sockets(const ServiceRow& service) {
  // All workers serve, each as many as it ever did: the queue is emptied as soon as one has room. See all_busy.
  const AcceptQueue& queue = service.accept_queue;
  const bool one_socket = service.listen_sockets <= 1;
  const bool serves = service.counts.accepts != 0 ||
                      (service.requests && service.requests->load.count > service.requests->load.in_flight);
  const bool all_occupied = service.workers_eligible != 0 && serves &&
                            queue.occupied_workers.value_or(0) >= kOccupiedPart * service.workers_eligible;
  std::vector<const ListenerRow*> stuck;
  if (one_socket && all_occupied) return stuck;
  for (const ListenerRow& socket : service.listeners)
    if (!socket.closed && socket.depth != 0 && socket.not_emptied.value_or(0ns) >= kStuckTime) stuck.push_back(&socket);
  return stuck;
}

}  // namespace

std::optional<Finding> queue_stuck(const Subject& subject) {
  const ServiceRow& service = subject.service;
  const std::vector<const ListenerRow*> stuck = stuck_sockets(service);
  if (stuck.empty()) return std::nullopt;
  std::uint64_t waiting = 0;
  Nanoseconds oldest{0};
  for (const ListenerRow* socket : stuck) {
    waiting += socket->depth;
    oldest = std::max({oldest, socket->oldest_wait.value_or(0ns), *socket->not_emptied});
  }
  Finding finding;
  finding.severity = waiting >= kFewestConnections || oldest >= kHangingWait ? Severity::critical : Severity::warning;
  const std::string sockets = service.listen_sockets == 1
                                  ? "the listening socket"
                                  : fmt::format("{} of {} listening sockets", stuck.size(), service.listen_sockets);
  finding.summary = fmt::format("{} {} at {} that nobody accepts from, for up to {}", count_of(waiting, "client"),
                                waiting == 1 ? "hangs" : "hang", sockets, coarse_duration_text(oldest));
  constexpr std::size_t kMostSockets = 4;
  for (std::size_t i = 0; i < std::min(stuck.size(), kMostSockets); ++i) {
    finding.evidence.push_back(fmt::format("{}: {} in its queue, none accepted for {}.", socket_text(*stuck[i]),
                                           count_of(stuck[i]->depth, "connection"),
                                           at_least_text(coarse_duration_text(*stuck[i]->not_emptied))));
  }
  if (stuck.size() > kMostSockets)
    finding.evidence.push_back(fmt::format("And {} more such sockets.", stuck.size() - kMostSockets));
  add_waits(finding, service);
  finding.advice.push_back(
      "Look at the processes that hold the socket: is one stopped, deadlocked or busy with one request, or does none of "
      "them accept? Restart it: its clients wait until then.");
  if (service.listen_sockets > 1) {
    finding.advice.push_back(
        "With SO_REUSEPORT each socket has a queue of its own, and the kernel goes on giving connections to one that "
        "nobody empties: close the sockets of workers that do not accept, or share one socket.");
  }
  return finding;
}

std::optional<Finding> clients_refused(const Subject& subject) {
  const ServiceRow& service = subject.service;
  const std::uint64_t refused = service.never_accepted;
  if (refused == 0) return std::nullopt;
  const std::uint64_t all = service.counts.accepts + refused;
  Finding finding;
  finding.severity =
      static_cast<double>(refused) >= kRefusedPart * static_cast<double>(all) ? Severity::critical : Severity::warning;
  finding.summary = fmt::format("{} of {} {} refused while waiting to be accepted", count_text(refused),
                                count_of(all, "new connection"), refused == 1 ? "was" : "were");
  if (const auto longest = service.accept_queue.never_accepted_wait_max)
    finding.summary += fmt::format(", after up to {}", coarse_duration_text(*longest));
  constexpr std::size_t kMostSockets = 4;
  std::size_t told = 0;
  for (const ListenerRow& socket : service.listeners) {
    if (socket.never_accepted == 0 || told++ >= kMostSockets) continue;
    finding.evidence.push_back(fmt::format("{}, was closed with {} in its queue: the kernel reset {}.",
                                           socket_text(socket), count_of(socket.never_accepted, "connection"),
                                           socket.never_accepted == 1 ? "it" : "them"));
  }
  finding.advice.push_back(
      "Accept what is in the queue before the listening socket is closed, or keep the socket open across restarts (a "
      "supervisor or systemd holds it).");
  if (service.reuseport.value_or(false)) {
    finding.advice.push_back(
        "SO_REUSEPORT: with net.ipv4.tcp_migrate_req=1 (Linux 5.14) the kernel moves the queue of a socket that is closed "
        "to the others of its group: expect no refused clients when one worker ends.");
  }
  return finding;
}

std::optional<Finding> accept_queue_saturated(const Subject& subject) {
  const ServiceRow& service = subject.service;
  const std::uint64_t overflows = service.accept_queue.overflows.value_or(0);
  const std::uint64_t depth = std::max(service.accept_queue.depth_max, service.accept_queue.depth);
  const WaitStats& wait = service.accept_wait;
  const bool stuck = !stuck_sockets(service).empty();  // who waits there is in another finding
  const bool slow = stuck ? accepts_are_slow(service) : accept_waits_are_long(service);
  const bool none = service.counts.accepts == 0 && depth >= kFewestConnections && subject.duration >= kLongAge &&
                    !stuck && service.never_accepted == 0;
  if (overflows == 0 && ((!slow && !none) || all_busy(subject)))
    return std::nullopt;  // that one says it with its cause

  Finding finding;
  const bool hanging = slow && wait.p95.value_or(0ns) >= kHangingWait;
  finding.severity = overflows > 0 || hanging ? Severity::critical : Severity::warning;
  if (overflows > 0) {
    finding.summary = fmt::format("{} {} dropped at the listening socket: workers do not accept fast enough",
                                  count_of(overflows, "connection attempt"), overflows == 1 ? "was" : "were");
  } else if (slow) {
    finding.summary = accept_waits_text(service);
  } else {
    finding.summary = fmt::format("{} waited and none was accepted in {}", count_of(depth, "connection"),
                                  coarse_duration_text(subject.duration));
  }
  add_depth(finding, service, depth);
  add_waits(finding, service);
  if (overflows > 0) add_other_drops(finding, service.accept_queue);
  const AcceptQueue& queue = service.accept_queue;
  if (queue.occupied_workers && queue.looks >= kFewestLooks) {
    finding.evidence.push_back(fmt::format(
        "In {} at which connections waited, {} of {} had as many connections as they ever had at once, on average.",
        count_of(queue.looks, "look"), decimal_text(*queue.occupied_workers),
        count_of(service.workers_eligible, "worker")));
  }
  finding.advice.push_back(
      "Find out what keeps the workers from accepting (long requests on the event loop, all of them busy) or add "
      "workers: expect the accept wait to fall below a few milliseconds.");
  finding.advice.push_back(fmt::format(
      "A larger backlog (now {}; net.core.somaxconn is its upper limit) bridges bursts, so that none is dropped, but the "
      "wait gets longer, not shorter.",
      service.backlog ? count_text(*service.backlog) : "not known"));
  return finding;
}

}  // namespace acceptscope::rules
