// SPDX-License-Identifier: BSD-2-Clause
#include "model/serving.hpp"

#include <gmock/gmock.h>

#include "unit/output/sample.hpp"

namespace acceptscope {
namespace {

using sample::service;
using sample::serving;
using sample::worker;
using testing::ElementsAre;
using namespace std::chrono_literals;

std::vector<std::uint32_t> pids(const std::vector<const WorkerRow*>& rows) {
  std::vector<std::uint32_t> result;
  for (const WorkerRow* row : rows) result.push_back(row->pid);
  return result;
}

/// Worker 1 accepts, 2 and 3 serve, 4 has nothing; 9 supervises.
ServiceRow handed_on() {
  return service("::", 80,
                 {serving(worker(1, 50, 5), 0, 0, 0s), serving(worker(2, 0, 0), 20, 1, 1s),
                  serving(worker(3, 0, 0), 30, 2, 2s), sample::idle_worker(4), sample::supervisor(9)});
}

TEST(Serving, WhereRequestsAreCountedAWorkerThatServesNoneIsIdle) {
  const ServiceRow row = handed_on();

  EXPECT_TRUE(counts_requests(row));
  EXPECT_TRUE(is_idle(row, row.workers[0]));
  EXPECT_FALSE(is_idle(row, row.workers[1]));
  EXPECT_TRUE(is_idle(row, row.workers[3]));
  EXPECT_EQ(workers_serving(row), 2u);
  EXPECT_EQ(idle_workers(row), 2u);
}

TEST(Serving, WhereRequestsAreNotCountedAWorkerWithoutAConnectionIsIdle) {
  const ServiceRow row = service("::", 80, {worker(1, 50, 5), sample::idle_worker(4)});

  EXPECT_FALSE(counts_requests(row));
  EXPECT_FALSE(is_idle(row, row.workers[0]));
  EXPECT_TRUE(is_idle(row, row.workers[1]));
  EXPECT_EQ(workers_serving(row), 0u);
  EXPECT_EQ(idle_workers(row), 1u);
}

TEST(Serving, ServiceWithoutASingleRequestIsJudgedByItsConnections) {
  const ServiceRow row = service("::", 80, {serving(worker(1, 50, 5), 0, 0, 0s)});

  EXPECT_FALSE(counts_requests(row));
  EXPECT_FALSE(is_idle(row, row.workers[0]));
}

TEST(Serving, RowsAreInTheOrderOfRequestsAndThenOfConnections) {
  EXPECT_THAT(pids(rows_in_order(handed_on())), ElementsAre(3, 2, 1, 4, 9));
  EXPECT_THAT(pids(rows_in_order(service("::", 80, {worker(1, 50, 5), worker(2, 20, 5)}))), ElementsAre(1, 2));
}

TEST(Serving, PlacesInReachAreThoseOfWorkersThatServeOrHoldAConnection) {
  const ServiceRow row = handed_on();

  const Places now = places_of(row, 32, true);
  EXPECT_EQ(now.total, 4u * 32);
  EXPECT_EQ(now.in_reach, 3u * 32) << "worker 1 holds connections, 2 and 3 serve";
  EXPECT_EQ(now.taken, 3u);
  EXPECT_EQ(places_of(row, 32, false).taken, row.requests->load.in_flight_peak);
}

}  // namespace
}  // namespace acceptscope
