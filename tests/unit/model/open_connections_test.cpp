// SPDX-License-Identifier: BSD-2-Clause
#include "model/open_connections.hpp"

#include <gmock/gmock.h>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

OpenPlacement as_recorded(const Owner& owner) { return {owner.service, true, true}; }

TEST(OpenConnections, AgesAreExactPerWorkerAndPerService) {
  const std::vector<OpenConnection> open{
      open_connection().by(worker(1)).accepted_at(1s).bytes(10, 100), open_connection().by(worker(1)).accepted_at(4s),
      open_connection().by(worker(1)).accepted_at(2s), open_connection().by(worker(2)).accepted_at(9s).bytes(1, 2)};
  const OpenSummaries summaries = summarize(open, kStart + 10s, as_recorded);

  const OpenSummary& first = summaries.owners.at({service(), worker(1)});
  EXPECT_EQ(first.count, 3u);
  EXPECT_EQ(first.age_sum, 9s + 6s + 8s);
  EXPECT_EQ(first.age_p50, 8s);
  EXPECT_EQ(first.age_max, 9s);
  const OpenSummary& all = summaries.services.at(service());
  EXPECT_EQ(all.count, 4u);
  EXPECT_EQ(all.age_p50, 6s);  // of 1, 6, 8, 9: rank ceil(4 / 2) = 2
  EXPECT_EQ(all.age_max, 9s);
  EXPECT_EQ(all.bytes_received, 11u);
  EXPECT_EQ(all.bytes_sent, 102u);
}

TEST(OpenConnections, OneAcceptedAfterTheTickBeganIsNotYoungerThanNothing) {
  const std::vector<OpenConnection> open{open_connection().accepted_at(10s + 1us)};

  EXPECT_EQ(summarize(open, kStart + 10s, as_recorded).services.at(service()).age_max, 0ns);
}

TEST(OpenConnections, PlacementIsAskedOncePerOwnerAndHides) {
  std::vector<OpenConnection> open(100, open_connection().by(worker(1)));
  open.push_back(open_connection().by(worker(2)));
  int asked = 0;
  const OpenSummaries summaries = summarize(open, kStart + 1s, [&asked](const Owner& owner) {
    ++asked;
    return OpenPlacement{service("0.0.0.0:8000"), owner.worker == worker(2), false};
  });

  EXPECT_EQ(asked, 2);
  EXPECT_EQ(summaries.owners.size(), 1u);
  EXPECT_EQ(summaries.services.at(service("0.0.0.0:8000")).count, 1u);
  EXPECT_EQ(summaries.services.at(service("0.0.0.0:8000")).without_counters, 1u);
}

TEST(OpenConnections, RequestsWaitForTheOwnerIfNobodyElseServesItsConnection) {
  const std::vector<OpenConnection> open{open_connection().by(worker(1)).waiting(4s),
                                         open_connection().by(worker(1)).waiting(7s).served_by(1),
                                         open_connection().by(worker(1)).waiting(),
                                         open_connection().by(worker(1)).waiting(1s).served_by(2),
                                         open_connection().by(worker(1)).waiting(1s).held_by(worker(2)),
                                         open_connection().by(worker(1)).unread(80)};
  const OpenSummary& waits = summarize(open, kStart + 10s, as_recorded).owners.at({service(), worker(1)});

  EXPECT_EQ(waits.waiting, 3u);
  EXPECT_EQ(waits.oldest_waiting, 6s);
}

TEST(OpenConnections, RequestsOfAConnectionThatWasHandedOverWaitForItsHolder) {
  const std::vector<OpenConnection> open{open_connection().by(worker(1)).waiting(4s).held_by(worker(2)),
                                         open_connection().by(worker(1)).waiting(7s).held_by(worker(2)),
                                         open_connection().by(worker(1)).held_by(worker(2))};
  const OpenSummaries summaries =
      summarize(open, kStart + 10s, as_recorded, [](const OpenConnection& connection) { return connection.held_by; });
  const OpenSummary& holder = summaries.owners.at({service(), worker(2)});

  EXPECT_EQ(holder.waiting, 2u);
  EXPECT_EQ(holder.oldest_waiting, 6s);
  EXPECT_EQ(summaries.owners.at({service(), worker(1)}).waiting, 0u);
}

TEST(OpenConnections, ActivityUnreadBytesAndHandOversAreSummedUp) {
  const std::vector<OpenConnection> open{open_connection().active().unread(100), open_connection().unread(20),
                                         open_connection().active().held_by(worker(9))};
  const OpenSummary all = summarize(open, kStart + 10s, as_recorded).services.at(service());

  EXPECT_EQ(all.active, 2u);
  EXPECT_EQ(all.unread, 2u);
  EXPECT_EQ(all.unread_bytes, 120u);
  EXPECT_EQ(all.given.connections, 1u);
}

}  // namespace
}  // namespace acceptscope::testing
