// SPDX-License-Identifier: BSD-2-Clause
// How connections end: which side closes first, which process closes, and when.
#include "shared.hpp"

namespace acceptscope::test {
namespace {

class Closing : public TruthTest {};

Plan connections_that_end(const std::string& end) {
  return {.workload = {"--connections", "24", "--hold-ms", "0,3,30", "--end", end}};
}

/// Connections that are held until the server or the client ends while it is traced.
Plan held_until(const std::string& finish, const std::string& accepting = "epoll") {
  return {.workload = {"--connections", "24", "--end", "hold,peer", "--finish", finish, "--accept", accepting},
          .finish_while_traced = true};
}

TRUTH_TEST(Closing, ThePeerFirst, connections_that_end("peer"))
TRUTH_TEST(Closing, TheServerFirst, connections_that_end("local"))
TRUTH_TEST(Closing, ResetByThePeer, connections_that_end("reset"))
TRUTH_TEST(Closing, ResetByTheServer, connections_that_end("local-reset"))
TRUTH_TEST(Closing, HalfClosedByThePeer, connections_that_end("half-close-peer"))
TRUTH_TEST(Closing, HalfClosedByTheServerWhichLingers, connections_that_end("half-close-local"))
TRUTH_TEST(Closing, ThePeerFirstThoughTheServerShutsDownBeforeItCloses, connections_that_end("shutdown-after-peer"))

TRUTH_TEST(Closing, AllWaysMixed,
           connections_that_end("peer,local,reset,local-reset,half-close-peer,half-close-local,shutdown-after-peer"))

TRUTH_TEST(Closing, HeldConnectionsEndedByThePeer, held_until("peer"))
TRUTH_TEST(Closing, HeldConnectionsEndedByTheServer, held_until("local"))
TRUTH_TEST(Closing, WorkersThatExitWithOpenConnections, held_until("exit"))
TRUTH_TEST(Closing, WorkersThatAreKilledWithOpenConnections, held_until("kill"))
TRUTH_TEST(Closing, BlockedWorkersThatAreKilledWithOpenConnections, held_until("kill", "blocking"))

TRUTH_TEST(Closing, KilledThreads,
           {.workload = {"--workers", "2", "--threads", "3", "--connections", "24", "--end", "hold", "--finish",
                         "kill"},
            .finish_while_traced = true})

TRUTH_TEST(Closing, ResetWhileStillInTheAcceptQueue,
           {.workload = {"--workers", "2", "--connections", "20", "--gate", "--gate-ms", "10", "--end",
                         "queue-reset,peer"}})

TRUTH_TEST(Closing, TheOwnerIsWhoAcceptedThoughAChildClosesLast,
           {.workload = {"--workers", "2", "--connections", "20", "--accept", "blocking", "--fork-after-accept",
                         "--end", "peer,local,reset"}})

TRUTH_TEST(Closing, AReusedPortIsAnotherConnection,
           {.workload = {"--workers", "2", "--connections", "20", "--concurrency", "1", "--source-port", "23456",
                         "--end", "reset"}})

SHARED_PLAN(Closing, ConnectionsThatNobodyAccepts,
            {.workload = {"--workers", "2", "--connections", "9", "--backlog", "8", "--never-accept", "--gate"},
             .finish_while_traced = true});
TEST_P(Closing, ConnectionsThatNobodyAccepts) {
  expect_truth_of_shared_plan();
  if (!is_exact()) return;
  EXPECT_EQ(outcome_.traced.dump["totals"]["never_accepted"], 9);
}

TRUTH_TEST(Closing, BytesAreThoseOfTheSocketApi,
           {.workload = {"--workers", "2", "--connections", "6", "--concurrency", "2", "--request-bytes", "300000",
                         "--response-bytes", "3000000", "--end", "peer,local,half-close-local"}})

TRUTH_TEST(Closing, AConnectionWithoutAResponseSentNoBytes,
           {.workload = {"--workers", "1", "--connections", "8", "--request-bytes", "0", "--response-bytes", "0",
                         "--end", "peer,local,half-close-peer,half-close-local"}})

INSTANTIATE_TEST_SUITE_P(, Closing, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
