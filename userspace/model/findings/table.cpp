// SPDX-License-Identifier: BSD-2-Clause
#include "model/findings/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "model/findings/rules.hpp"
#include "model/names.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

using namespace rules;

std::vector<FindingKind> make_kinds() {
  const auto time = [](Nanoseconds duration) { return coarse_duration_text(duration); };
  const auto part = [](double value) { return coarse_share_text(value); };
  return {
      {VerdictCode::queue_stuck, Harm::refused_or_hanging, Severity::warning, Severity::critical,
       fmt::format(
           "Connections wait at a listening socket that nobody has accepted from for {} or more, although not all "
           "workers are occupied, or others have sockets of their own; critical if at least {} wait, or one for {}.",
           time(kStuckTime), kFewestConnections, time(kHangingWait)),
       "Look at the processes that hold the socket: one is stopped, deadlocked or busy with one request.",
       fmt::format(
           "A queue that anybody empties has another connection at its head within milliseconds; one that waits at "
           "the head for {} has been passed by nobody. TCP itself retries after 1 s and 2 s more: after {} clients "
           "give up.",
           time(kStuckTime), time(kHangingWait)),
       queue_stuck},
      {VerdictCode::clients_refused, Harm::refused_or_hanging, Severity::warning, Severity::critical,
       fmt::format(
           "Connections left the accept queue without an accept: their listening socket was closed. Critical if they "
           "are at least {} of the new connections.",
           part(kRefusedPart)),
       "Accept what waits before the socket is closed, or keep it open; with SO_REUSEPORT, net.ipv4.tcp_migrate_req=1.",
       fmt::format(
           "Each is a client with an error, so one is enough. {} is an error rate that nobody calls an accident.",
           part(kRefusedPart)),
       clients_refused},
      {VerdictCode::accept_queue_saturated, Harm::refused_or_hanging, Severity::warning, Severity::critical,
       fmt::format(
           "The listening socket dropped connection attempts (critical), or 1 in 20 connections waited {} or more "
           "(critical: {}), or at least {} wait for {} or more, or waited and none was accepted. Those that still "
           "wait count with their wait so far. Without drops, all_busy says it where all workers are busy.",
           time(kLongWait), time(kHangingWait), kFewestConnections, time(kStuckTime)),
       "Find out what keeps the workers from accepting, or add workers. A larger backlog only bridges bursts.",
       fmt::format(
           "Each drop is a client refused, so one is enough. An event loop that is not stuck accepts within a "
           "millisecond or two, and users notice {}: the wait is the harm, whatever the backlog. With fewer than "
           "{} samples the 95 % quantile is the worst one.",
           time(kLongWait), kFewestWaits),
       accept_queue_saturated},
      {VerdictCode::worker_stalled, Harm::refused_or_hanging, Severity::warning, Severity::critical,
       fmt::format(
           "Requests lie unread in a worker that has begun none for {0} or more, while others work or it is the "
           "only one; or for {1} (critical), whatever the others do. Also if it went on later.",
           time(kStallTime), time(kLongStall)),
       "Look at what this worker does: a call that blocks its event loop, a deadlock, a stop. Restart it if it does not "
       "come back.",
       fmt::format("An event loop that is not stuck reads within a millisecond or two, and one busy with its requests "
                   "begins others meanwhile. {0} is seen at two looks or more, with nothing begun between them. After "
                   "{1} people have reloaded the page, and clients with short timeouts have given up.",
                   time(kStallTime), time(kLongStall)),
       worker_stalled},
      {VerdictCode::worker_saturated, Harm::out_of_reach, Severity::warning, Severity::critical,
       fmt::format("In some workers 1 in 20 requests lies unread for {0} or more, or one does now for {1}, while more "
                   "than {2} of the workers have room: busy less than {3} of the time, and no request of theirs waits. "
                   "Critical if the wait is {4} or more.",
                   time(kLongWait), time(kStallTime), part(1 - kAllPart), part(kBusyPart), time(kCriticalWait)),
       "Another spread, not more workers: renew kept connections, and move calls that block to threads.",
       fmt::format("As for accepts, users notice {0}, and with fewer than {1} samples the 95 % quantile is the worst "
                   "one. A worker that is busy less than {2} of the time could do as much again. A spare worker or two "
                   "in {3} that just began are no room.",
                   time(kLongWait), kFewestWaits, part(kBusyPart), 20),
       worker_saturated},
      {VerdictCode::all_busy, Harm::out_of_reach, Severity::warning, Severity::critical,
       fmt::format("Requests lie unread as long, or 1 in 20 connections waits {0} or more to be accepted, and at least "
                   "{1} of the workers have no room: each is busy at least {2} of the time, or lets requests wait "
                   "itself. A worker that never had two connections at once is busy while it has one. Critical if the "
                   "wait is {3} or more.",
                   time(kLongWait), part(kAllPart), part(kBusyPart), time(kCriticalWait)),
       "More workers, or shorter requests; where idle connections occupy workers, a shorter keep-alive timeout.",
       fmt::format("As for worker_saturated. What is busy {0} of the time on average is busy all the time when it "
                   "matters: a queue of work at {0} load already waits as long as it is served.",
                   part(kBusyPart)),
       all_busy},
      {VerdictCode::keepalive_pinning, Harm::out_of_reach, Severity::info, Severity::critical,
       fmt::format("Long-lived connections are on fewer workers than chance explains; critical if they and the traffic "
                   "are on at most {} of the workers; info if the requests are even all the same.",
                   part(kCriticalPart)),
       "Renew pooled connections (a maximum age or number of requests), and let the kernel deal the new ones: "
       "SO_REUSEPORT.",
       fmt::format(
           "Uneven is what a fair draw gives in less than 1 % of cases, and less than {0} of what it typically "
           "gives: a fifth of the workers' worth is not used. At least {1} connections: 8 to 0 on two workers "
           "happens in 0.8 % of fair draws. Long-lived: older than {2}, which no connection per request is, and "
           "half of the run or more, or {3} open ones for each that closed. With the work on {4} of the workers "
           "the CPU time of the others is out of reach.",
           part(kMaterialPart), kFewestConnections, time(kLongAge), kOpenPerClosed, part(kCriticalPart)),
       keepalive_pinning},
      {VerdictCode::accept_skew, Harm::out_of_reach, Severity::info, Severity::warning,
       fmt::format(
           "Few workers accept most of the connections, more unevenly than chance explains. Info if the requests "
           "are even all the same; or if nobody waits and workers serve one connection at a time, or one worker "
           "accepts nothing beside {} or more that accept evenly.",
           kFewestOthers),
       "One listening socket per worker (SO_REUSEPORT), or fewer accepts per wake-up. If waits and response times are "
       "good, nothing.",
       fmt::format(
           "Uneven as for keepalive_pinning. Never a critical finding: short connections are dealt again, so "
           "nothing stays out of reach. Not within the first {}, which have seen a single burst; one wake-up may "
           "accept a whole burst.",
           time(kLongAge)),
       accept_skew},
      {VerdictCode::uneven_traffic, Harm::risk, Severity::info, Severity::warning,
       fmt::format("The connections are even, but requests and busy time are on fewer workers than chance explains; "
                   "where requests are not counted, the bytes, with as few workers that exchange any per window. "
                   "Warning if a worker is busy at least {} of the time.",
                   part(kBusyPart)),
       "Spread requests over more connections, or renew busy ones. If no worker is busy, nothing.",
       fmt::format("Fewer effective workers than {0} of the workers, and than a fair draw of one in {1} connections "
                   "gives in 99 % of cases: if the traffic of connections varies by as much as its mean, {1} of them "
                   "are worth one. At least {2} connections, as for keepalive_pinning, and {3} requests or {4} "
                   "windows, which a single burst does not fill.",
                   part(kTrafficPart), kTrafficVariation, kFewestConnections, kFewestRequests, kFewestWindows),
       uneven_traffic},
      {VerdictCode::draining, Harm::risk, Severity::info, Severity::info,
       fmt::format("Processes that gave the listening socket up and live on hold more than one in {} of the open "
                   "connections.",
                   kDrainingPart),
       "Limit how long old workers live after a reload, or how long connections do.",
       "With most connections on them, old settings and old code still serve most clients, and the spread over the new "
       "workers says little.",
       draining},
      {VerdictCode::not_told, Harm::fact, Severity::info, Severity::info,
       fmt::format("The worker of more than {0} of the connections is not known, or more than {0} of the accepts and "
                   "closes may be missing, or several threads of the only process wait for connections, or those that "
                   "accept are in a pid namespace that this run cannot look into.",
                   part(kUntoldPart)),
       "See the losses: each names what was lost and what makes room. Threads: --by thread. Containers: run it with the "
       "host's pids. What was not seen is not called fine.",
       fmt::format(
           "{} of the connections, all on one worker, move the effective workers of an even spread by less than "
           "chance does; more of them could hide an idle worker or a pinned one.",
           part(kUntoldPart)),
       not_told},
      {VerdictCode::handed_over, Harm::fact, Severity::info, Severity::info,
       "Most connections are handed over by those that accept them, and it is not known who has them.",
       "Select those that have the connections, too: then the spread is judged by them.",
       fmt::format("If one in {} is served by another worker, the acceptor says nothing about the spread.",
                   kHandedOverPart),
       handed_over},
      {VerdictCode::too_few_connections, Harm::fact, Severity::info, Severity::info,
       "There were never as many connections at a time as workers.",
       "If clients wait: more connections. If not: fewer workers do the same work.",
       "With fewer connections than workers some workers are idle, whoever accepts.", too_few_connections},
      {VerdictCode::too_early, Harm::fact, Severity::info, Severity::info,
       "The accepts are uneven, but neither the run nor the connections are old enough to know why.",
       "Trace for longer.",
       fmt::format("A run or connections of less than {} may be a single burst, and one wake-up may accept all of it.",
                   time(kLongAge)),
       too_early},
      {VerdictCode::no_traffic, Harm::fact, Severity::info, Severity::info,
       "No connection was open or accepted, or no worker of the service is known.", "Trace while there is traffic.",
       "Without a connection there is nothing to judge.", no_traffic},
      {VerdictCode::balanced, Harm::none, Severity::ok, Severity::ok,
       "No rule found anything, and what the rules rest on was seen: the workers and their connections.", "Nothing.",
       "At least one connection with a known worker: nothing seen is not called fine.", balanced},
  };
}

}  // namespace

std::span<const FindingKind> finding_kinds() {
  static const std::vector<FindingKind> kinds = make_kinds();
  return kinds;
}

Harm harm_of(VerdictCode code) {
  const auto kind = std::ranges::find(finding_kinds(), code, &FindingKind::code);
  return kind == finding_kinds().end() ? Harm::none : kind->harm;
}

std::string severities_text(const FindingKind& kind) {
  const std::string least(enum_name(kind.least));
  return kind.least == kind.most ? least : fmt::format("{} to {}", least, enum_name(kind.most));
}

}  // namespace acceptscope
