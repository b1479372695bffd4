// SPDX-License-Identifier: BSD-2-Clause
#include "model/consistency.hpp"

#include <gmock/gmock.h>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// 10 accepts: 6 closed (including 1 lost record and 1 accept by an unknown worker), 3 open, 1 untracked; 2 belong to a
/// worker without counters, one of them closed.
struct Lossy {
  KernelSums sums;
  std::uint64_t records_seen = 4;
  Lossy() {
    sums.services.accepts = 10;
    sums.services.closes = 6;
    sums.workers.accepts = 7;
    sums.workers.closes = 4;
    sums.lifetimes = 4;
    sums.worker_untracked = 1;
    sums.open = 3;
    sums.losses.ring_full = 1;
    sums.losses.connection_map_full = 1;
    sums.losses.worker_map_full = 2;
    sums.losses.unattributed_accept = 1;
  }
};

/// 5 accepts, 3 closes, 2 open.
KernelSums lossless() {
  KernelSums sums;
  sums.services.accepts = sums.workers.accepts = 5;
  sums.services.closes = sums.workers.closes = sums.lifetimes = 3;
  sums.open = 2;
  return sums;
}

TEST(Consistency, HoldsAtTheEndWithoutLosses) {
  EXPECT_THAT(broken_at_end(lossless(), 3), IsEmpty());
  EXPECT_THAT(broken_at_end(KernelSums{}, 0), IsEmpty());
}

TEST(Consistency, HoldsAtTheEndWithEveryLossCounted) {
  const Lossy lossy;

  EXPECT_THAT(broken_at_end(lossy.sums, lossy.records_seen), IsEmpty());
}

TEST(Consistency, ALostRecordThatNobodyCountedIsNamedWithItsNumbers) {
  EXPECT_THAT(broken_at_end(lossless(), 2),
              ElementsAre("The services counted 3 closes, but 2 records were seen, 0 lost to a full ring, and 0 closes "
                          "had an accept by nobody known and so no record.",
                          "The workers counted 3 closes, but 2 records were seen and 0 lost to a full ring."));
}

TEST(Consistency, AnOpenConnectionTooManyIsNamed) {
  KernelSums sums = lossless();
  sums.open = 3;

  EXPECT_THAT(broken_at_end(sums, 3),
              ElementsAre("The services counted 5 accepts, but 3 closes, 3 connections are open and 0 could not be "
                          "tracked.",
                          "The workers counted 5 accepts, but 3 closes, 3 connections are open and 0 could not be "
                          "tracked."));
}

TEST(Consistency, ConnectionsThatNobodyIsKnownToHaveAcceptedMayBeOpen) {
  KernelSums sums = lossless();
  sums.services.accepts += 10;
  sums.services.closes += 2;
  sums.unattributed_open = 8;
  sums.losses.unattributed_accept = 10;
  EXPECT_THAT(broken_at_end(sums, 3), IsEmpty());
  EXPECT_THAT(broken_while_running(sums, sums, 3), IsEmpty());

  sums.unattributed_open = 7;
  EXPECT_THAT(broken_at_end(sums, 3), SizeIs(2));
}

TEST(Consistency, AnAcceptOfNoWorkerIsNamed) {
  Lossy lossy;
  lossy.sums.losses.unattributed_accept = 0;
  lossy.sums.services.closes = 5;
  lossy.sums.open = 4;

  EXPECT_THAT(
      broken_at_end(lossy.sums, lossy.records_seen),
      ElementsAre("The services counted 10 accepts, but the workers 7 accepts, with 2 more of workers without counters "
                  "and 0 by nobody known."));
}

TEST(Consistency, AHistogramThatMissesADurationIsNamed) {
  KernelSums sums = lossless();
  sums.lifetimes = 2;

  EXPECT_THAT(broken_at_end(sums, 3),
              ElementsAre("The workers counted 3 closes of accepts, but their lifetime histograms hold 2 durations."));
}

/// 2 of the lossless run's accepts are open; of 4 connections from before 1 closed.
KernelSums with_preexisting() {
  KernelSums sums = lossless();
  sums.services.preexisting = sums.workers.preexisting = 4;
  sums.services.preexisting_closes = sums.workers.preexisting_closes = 1;
  sums.open += 3;
  return sums;
}

TEST(Consistency, ConnectionsFromBeforeAreInTheBooksOnBothSides) {
  EXPECT_THAT(broken_at_end(with_preexisting(), 4), IsEmpty());
  EXPECT_THAT(broken_while_running(with_preexisting(), with_preexisting(), 4), IsEmpty());
}

TEST(Consistency, OneFromBeforeThatGotLostIsNamed) {
  KernelSums sums = with_preexisting();
  sums.open -= 1;

  EXPECT_THAT(
      broken_at_end(sums, 4),
      ElementsAre("The services counted 5 accepts and 4 pre-existing connections, but 4 closes, 4 connections are "
                  "open and 0 could not be tracked.",
                  "The workers counted 5 accepts and 4 pre-existing connections, but 4 closes, 4 connections are "
                  "open and 0 could not be tracked."));
}

TEST(Consistency, OneFromBeforeThatHasNoWorkerIsNamed) {
  KernelSums sums = with_preexisting();
  ++sums.services.preexisting;
  ++sums.services.preexisting_closes;

  EXPECT_THAT(broken_at_end(sums, 5), ::testing::SizeIs(2));
}

TEST(Consistency, AFullServiceMapLeavesInequalities) {
  KernelSums sums = lossless();
  sums.losses.service_map_full = 2;
  sums.services.accepts = 4;
  sums.services.closes = 2;
  EXPECT_THAT(broken_at_end(sums, 3), IsEmpty());

  sums.services.accepts = 6;
  EXPECT_EQ(broken_at_end(sums, 3).size(), 2u);
}

TEST(Consistency, WhileRunningCountersMayBeAheadOfOneAnother) {
  KernelSums before = lossless();
  KernelSums now = lossless();
  now.services.accepts =
      7;  // two accepts since then, one of them not yet in its worker's counters when these were read
  now.workers.accepts = 6;
  now.open = 5;
  now.services.closes = 4;

  EXPECT_THAT(broken_while_running(before, now, 3), IsEmpty());
  EXPECT_THAT(broken_while_running(KernelSums{}, now, 0), IsEmpty());
}

TEST(Consistency, WhileRunningNoRecordComesBeforeItsClose) {
  EXPECT_THAT(broken_while_running(lossless(), lossless(), 4),
              ElementsAre("The services counted 3 closes, but 4 records were seen, 0 lost to a full ring, and 0 closes "
                          "had an accept by nobody known and so no record."));
}

TEST(Consistency, WhileRunningNoCounterFallsBehindWhatFollowedFromIt) {
  KernelSums now = lossless();
  now.services.accepts = 2;

  EXPECT_THAT(
      broken_while_running(lossless(), now, 3),
      ElementsAre("The services counted 3 closes, but only 2 accepts.",
                  "The services counted 2 accepts, but the workers 5 accepts, with 0 more of workers without counters "
                  "and 0 by nobody known."));
}

TEST(Consistency, SumsAreOfAllServicesAndWorkers) {
  KernelSums sums;
  sums.add(ServiceCounters(counters_of(service("127.0.0.1:1")).accepts(3).closes(1)));
  sums.add(ServiceCounters(counters_of(service("127.0.0.1:2")).accepts(4).closes(2)));
  sums.add(WorkerCounters(counters_of(worker(1)).accepts(3).untracked(1).closed_after({1s})));
  sums.add(WorkerCounters(counters_of(worker(2)).accepts(4).closed_after({1s, 2s})));

  EXPECT_EQ(sums.services.accepts, 7u);
  EXPECT_EQ(sums.services.closes, 3u);
  EXPECT_EQ(sums.workers.accepts, 7u);
  EXPECT_EQ(sums.workers.closes, 3u);
  EXPECT_EQ(sums.worker_untracked, 1u);
  EXPECT_EQ(sums.lifetimes, 3u);
}

}  // namespace
}  // namespace acceptscope::testing
