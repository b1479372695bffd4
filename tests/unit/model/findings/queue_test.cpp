// SPDX-License-Identifier: BSD-2-Clause
// Findings about connections that wait to be accepted.
#include <gmock/gmock.h>

#include <algorithm>

#include "model/verdict.hpp"
#include "unit/model/service_row_builder.hpp"

namespace acceptscope::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// The finding with that code; code no_traffic if there is none.
Finding finding(ServiceRow service, VerdictCode code, Nanoseconds duration = 60s) {
  FairDraws draws;
  judge(service, duration, {}, draws);
  const auto found = std::ranges::find(service.findings, code, &Finding::code);
  return found == service.findings.end() ? Finding{} : *found;
}

bool finds(const ServiceRow& service, VerdictCode code) { return finding(service, code).code == code; }

ServiceRowBuilder loaded(std::size_t workers = 4) { return service_of(workers).closed(Counts(workers, 500), 5ms); }

/// A listening socket whose queue holds `depth` connections, the first for `oldest`, and none left it for
/// `not_emptied`.
ListenerRow socket_of(std::uint32_t pid, std::uint64_t depth, Nanoseconds oldest, Nanoseconds not_emptied) {
  ListenerRow row;
  row.inode = 9000 + pid;
  row.holders = {pid};
  row.depth = row.depth_max = depth;
  if (depth != 0) row.oldest_wait = oldest, row.not_emptied = not_emptied;
  return row;
}

/// One socket for each of `workers`; the first one's queue is as told.
ServiceRow reuseport(std::size_t workers, std::uint64_t depth, Nanoseconds oldest, Nanoseconds not_emptied) {
  ServiceRow row = loaded(workers);
  row.reuseport = true;
  row.listen_sockets = static_cast<std::uint32_t>(workers);
  for (std::uint32_t i = 0; i < workers; ++i) row.listeners.push_back(socket_of(101 + i, 0, 0s, 0s));
  row.listeners[0] = socket_of(101, depth, oldest, not_emptied);
  row.accept_queue.depth = depth;
  row.accept_queue.oldest_wait = oldest;
  row.accept_wait.count = 500 * workers + depth;
  row.accept_wait.waiting = depth;
  row.accept_wait.p50 = 30us;
  row.accept_wait.p95 = oldest;
  return row;
}

// ---- queue_stuck

TEST(QueueStuck, OneSocketOfEightThatNobodyEmptiesIsAnAlarm) {
  const Finding stuck = finding(reuseport(8, 19, 6s, 4s), VerdictCode::queue_stuck);

  EXPECT_EQ(stuck.severity, Severity::critical);
  EXPECT_EQ(stuck.summary, "19 clients hang at 1 of 8 listening sockets that nobody accepts from, for up to 6.0 s");
  EXPECT_THAT(raw(stuck.evidence),
              Contains("Socket inode 9101, of process 101: 19 connections in its queue, none accepted for ≥ 4.0 s."));
  EXPECT_THAT(raw(stuck.advice), Contains(HasSubstr("SO_REUSEPORT")));
}

TEST(QueueStuck, AQueueThatMovesIsNone) {
  EXPECT_FALSE(finds(reuseport(8, 19, 6s, 0s), VerdictCode::queue_stuck));
  EXPECT_FALSE(finds(reuseport(8, 1, 900ms, 900ms), VerdictCode::queue_stuck));
}

TEST(QueueStuck, AFewThatHangForSecondsAreAWarningAndThenCritical) {
  EXPECT_EQ(finding(reuseport(8, 2, 1500ms, 1s), VerdictCode::queue_stuck).severity, Severity::warning);
  EXPECT_EQ(finding(reuseport(8, 2, 5s, 5s), VerdictCode::queue_stuck).severity, Severity::critical);
}

TEST(QueueStuck, IsNotTheWordForASharedSocketWhoseWorkersAreAllOccupied) {
  ServiceRow row = loaded(4);
  row.listen_sockets = 1;
  row.listeners = {socket_of(101, 12, 6s, 4s)};
  row.accept_queue.looks = 5;
  row.accept_queue.occupied_workers = 4;
  EXPECT_FALSE(finds(row, VerdictCode::queue_stuck));

  row.accept_queue.occupied_workers = 2;
  EXPECT_TRUE(finds(row, VerdictCode::queue_stuck));
}

TEST(QueueStuck, IsNotTheWordForAFullServerThatAcceptedAllBeforeTheRun) {
  ServiceRow row = service_of(4).preexisting(Counts(4, 1), 60s).requests(Counts(4, 9000), {60s, 60s, 60s, 60s});
  row.listen_sockets = 1;
  row.listeners = {socket_of(101, 12, 60s, 60s)};
  row.accept_queue.looks = 5;
  row.accept_queue.occupied_workers = 4;
  EXPECT_FALSE(finds(row, VerdictCode::queue_stuck));

  row.requests->load = {.count = 4, .in_flight = 4};
  EXPECT_TRUE(finds(row, VerdictCode::queue_stuck)) << "nobody answers";
}

TEST(QueueStuck, AClosedSocketIsNoLongerStuck) {
  ServiceRow row = reuseport(8, 19, 6s, 4s);
  row.listeners[0].closed = true;
  EXPECT_FALSE(finds(row, VerdictCode::queue_stuck));
}

TEST(QueueStuck, WhoWaitsThereIsNotSaidTwice) {
  EXPECT_FALSE(finds(reuseport(8, 300, 6s, 4s), VerdictCode::accept_queue_saturated));

  ServiceRow slow = reuseport(8, 300, 6s, 4s);
  slow.workers[0].accept_wait.buckets = {{1ms, 400}, {300ms, 100}};
  EXPECT_TRUE(finds(slow, VerdictCode::accept_queue_saturated)) << "those that were accepted waited, too";
}

// ---- clients_refused

TEST(ClientsRefused, AreThoseThatWereWaitingWhenTheSocketWasClosed) {
  ServiceRow row = service_of(2).closed({30, 16}, 5ms);
  row.never_accepted = 14;
  row.accept_queue.never_accepted_wait_max = 3s;
  row.reuseport = true;
  row.listeners = {socket_of(101, 14, 3s, 3s)};
  row.listeners[0].closed = true;
  row.listeners[0].never_accepted = 14;
  const Finding refused = finding(row, VerdictCode::clients_refused);

  EXPECT_EQ(refused.severity, Severity::critical);
  EXPECT_EQ(refused.summary, "14 of 60 new connections were refused while waiting to be accepted, after up to 3.0 s");
  EXPECT_THAT(raw(refused.evidence),
              Contains("Socket inode 9101, of process 101, was closed with 14 connections in its "
                       "queue: the kernel reset them."));
  EXPECT_THAT(raw(refused.advice), Contains(HasSubstr("tcp_migrate_req")));
}

TEST(ClientsRefused, OneOfManyIsAWarningAndWithoutReuseportThereIsNothingToMigrate) {
  ServiceRow row = loaded();
  row.never_accepted = 1;
  const Finding refused = finding(row, VerdictCode::clients_refused);

  EXPECT_EQ(refused.severity, Severity::warning);
  EXPECT_THAT(raw(refused.advice), Not(Contains(HasSubstr("tcp_migrate_req"))));
}

TEST(ClientsRefused, IsNotFoundWhereNobodyWas) { EXPECT_FALSE(finds(loaded(), VerdictCode::clients_refused)); }

// ---- accept_queue_saturated

TEST(AcceptQueueSaturated, TheWaitIsTheHarmWhateverTheBacklog) {
  const Finding waits = finding(loaded().queue(12, 4096).waits(2000, 40ms, 460ms), VerdictCode::accept_queue_saturated);

  EXPECT_EQ(waits.severity, Severity::warning);
  EXPECT_EQ(waits.summary, "1 in 20 connections waited 460 ms or more to be accepted");
  EXPECT_FALSE(finds(loaded().queue(120, 128).waits(2000, 1ms, 9ms), VerdictCode::accept_queue_saturated));
  EXPECT_FALSE(finds(loaded().queue(12, 4096).waits(19, 40ms, 460ms), VerdictCode::accept_queue_saturated));
}

TEST(AcceptQueueSaturated, ThoseWhoStillWaitCountHoweverFewWereAccepted) {
  ServiceRow row = service_of(8).open(Counts(8, 1), 20s).queue(12, 511).waits(20, 35us, 20s);
  row.accept_wait.waiting = 12;
  row.accept_queue.depth = 12;
  row.accept_queue.oldest_wait = 20s;
  row.accept_queue.looks = 18;
  row.accept_queue.occupied_workers = 8;
  const Finding waits = finding(row, VerdictCode::accept_queue_saturated);
  EXPECT_EQ(waits.severity, Severity::critical) << "clients hang";
  EXPECT_THAT(raw(waits.evidence), Contains(HasSubstr("12 still wait and count with their wait so far")));
  EXPECT_THAT(raw(waits.evidence), Contains("In 18 looks at which connections waited, 8.0 of 8 workers had as many "
                                            "connections as they ever had at once, on average."));

  row.accept_wait.count = 16;  // too few for a quantile
  row.accept_wait.p95.reset();
  EXPECT_EQ(finding(row, VerdictCode::accept_queue_saturated).summary,
            "12 connections wait to be accepted, for up to 20 s");
}

TEST(AcceptQueueSaturated, DeferredHandshakesAreNoDrops) {
  ServiceRow row = loaded().queue(3, 511, 0);
  row.accept_queue.drops = 200;
  EXPECT_FALSE(finds(row, VerdictCode::accept_queue_saturated));

  row.accept_queue.overflows.reset();
  EXPECT_FALSE(finds(row, VerdictCode::accept_queue_saturated)) << "not known is no alarm";

  row.accept_queue.overflows = 17;
  const Finding dropping = finding(row, VerdictCode::accept_queue_saturated);
  EXPECT_EQ(dropping.severity, Severity::critical);
  EXPECT_THAT(raw(dropping.evidence), Contains("183 more packets were dropped, which may be deferred handshakes "
                                               "(TCP_DEFER_ACCEPT) or resets: no harm."));
}

}  // namespace
}  // namespace acceptscope::testing
