// SPDX-License-Identifier: BSD-2-Clause
// How connections end: who first, by whom, when.
#include "comparison.hpp"

namespace acceptscope::test {
namespace {

class Closing : public TruthTest {
 protected:
  void expect_truth_of_end(const std::string& end) {
    expect_truth_of({.workload = {"--connections", "24", "--hold-ms", "0,3,30", "--end", end}});
  }

  /// Connections that are held until the server or the client ends, while it is traced.
  void expect_truth_of_finish(const std::string& finish, const std::string& accepting = "epoll") {
    expect_truth_of({.workload = {"--connections", "24", "--end", "hold,peer", "--finish", finish, "--accept",
                                  accepting},
                     .finish_while_traced = true});
  }
};

TEST_P(Closing, ThePeerFirst) { expect_truth_of_end("peer"); }
TEST_P(Closing, TheServerFirst) { expect_truth_of_end("local"); }
TEST_P(Closing, ResetByThePeer) { expect_truth_of_end("reset"); }
TEST_P(Closing, ResetByTheServer) { expect_truth_of_end("local-reset"); }
TEST_P(Closing, HalfClosedByThePeer) { expect_truth_of_end("half-close-peer"); }
TEST_P(Closing, HalfClosedByTheServerWhichLingers) { expect_truth_of_end("half-close-local"); }
TEST_P(Closing, ThePeerFirstThoughTheServerShutsDownBeforeItCloses) { expect_truth_of_end("shutdown-after-peer"); }

TEST_P(Closing, AllWaysMixed) {
  expect_truth_of_end("peer,local,reset,local-reset,half-close-peer,half-close-local,shutdown-after-peer");
}

TEST_P(Closing, HeldConnectionsEndedByThePeer) { expect_truth_of_finish("peer"); }
TEST_P(Closing, HeldConnectionsEndedByTheServer) { expect_truth_of_finish("local"); }
TEST_P(Closing, WorkersThatExitWithOpenConnections) { expect_truth_of_finish("exit"); }
TEST_P(Closing, WorkersThatAreKilledWithOpenConnections) { expect_truth_of_finish("kill"); }
TEST_P(Closing, BlockedWorkersThatAreKilledWithOpenConnections) { expect_truth_of_finish("kill", "blocking"); }

TEST_P(Closing, KilledThreads) {
  expect_truth_of({.workload = {"--workers", "2", "--threads", "3", "--connections", "24", "--end", "hold", "--finish",
                                "kill"},
                   .finish_while_traced = true});
}

TEST_P(Closing, ResetWhileStillInTheAcceptQueue) {
  expect_truth_of({.workload = {"--workers", "2", "--connections", "20", "--gate", "--gate-ms", "10", "--end",
                                "queue-reset,peer"}});
}

TEST_P(Closing, TheOwnerIsWhoAcceptedThoughAChildClosesLast) {
  expect_truth_of({.workload = {"--workers", "2", "--connections", "20", "--accept", "blocking",
                                "--fork-after-accept", "--end", "peer,local,reset"}});
}

TEST_P(Closing, AReusedPortIsAnotherConnection) {
  expect_truth_of({.workload = {"--workers", "2", "--connections", "20", "--concurrency", "1", "--source-port",
                                "23456", "--end", "reset"}});
}

TEST_P(Closing, ConnectionsThatNobodyAccepts) {
  Workload workload({"--workers", "2", "--connections", "9", "--backlog", "8", "--never-accept", "--gate"});
  Tracer tracer(backend(), {"--port", workload.ports()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  ASSERT_EQ(workload.proceed()["phase"], "queued");
  const Truth truth = truth_of(workload.finish());
  ASSERT_EQ(truth.never_accepted, 9U);
  expect_truth(truth, tracer.stop());
}

TEST_P(Closing, BytesAreThoseOfTheSocketApi) {
  expect_truth_of({.workload = {"--workers", "2", "--connections", "6", "--concurrency", "2", "--request-bytes",
                                "300000", "--response-bytes", "3000000", "--end", "peer,local,half-close-local"}});
}

TEST_P(Closing, AConnectionWithoutAResponseSentNoBytes) {
  expect_truth_of({.workload = {"--workers", "1", "--connections", "8", "--request-bytes", "0", "--response-bytes",
                                "0", "--end", "peer,local,half-close-peer,half-close-local"}});
}

INSTANTIATE_TEST_SUITE_P(, Closing, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
