// SPDX-License-Identifier: BSD-2-Clause
#include "model/connection_table.hpp"

#include <gmock/gmock.h>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

TEST(ConnectionTable, CloseOfAnUnknownConnectionIsCountedNotGuessed) {
  ConnectionTable table(10);

  table.add(closed_connection().by(worker(7)).accepted_at(1s).closed_at(3s), true);

  EXPECT_EQ(table.records_seen(), 1u);
  EXPECT_EQ(table.of({service(), worker(7)}).seen, 1u);
  EXPECT_EQ(table.of({service(), worker(7)}).longest_lifetime, 2s);
  EXPECT_EQ(table.of({service(), worker(8)}).seen, 0u);
}

TEST(ConnectionTable, KeepsTheFirstRowsAndCountsTheRestForTheirOwner) {
  ConnectionTable table(2);
  for (std::uint32_t pid = 1; pid <= 5; ++pid) table.add(closed_connection().by(worker(pid)), true);

  EXPECT_EQ(table.closed().size(), 2u);
  EXPECT_EQ(table.records_seen(), 5u);
  EXPECT_EQ(table.of({service(), worker(2)}).omitted, 0u);
  EXPECT_EQ(table.of({service(), worker(3)}).omitted, 1u);
}

TEST(ConnectionTable, AnUnwantedRecordTakesNoRoomAndIsNotOmitted) {
  ConnectionTable table(1);
  table.add(closed_connection().by(worker(1)), false);
  table.add(closed_connection().by(worker(2)), true);

  EXPECT_EQ(table.records_seen(), 2u);
  EXPECT_EQ(table.of({service(), worker(1)}).omitted, 0u);
  ASSERT_EQ(table.closed().size(), 1u);
  EXPECT_EQ(table.closed().front().worker, worker(2));
}

TEST(ConnectionTable, OfTheOpenOnesTheLongestOwnedStay) {
  ConnectionTable table(3);
  table.add(closed_connection(), true);
  table.replace_open({open_connection().accepted_at(5s), open_connection().accepted_at(1s),
                      open_connection().accepted_at(9s), open_connection().accepted_at(3s)});

  std::vector<MonotonicTime> kept;
  for (const OpenConnection& connection : table.open()) kept.push_back(connection.accepted_at);
  EXPECT_THAT(kept, ::testing::UnorderedElementsAre(kStart + 1s, kStart + 3s));
}

TEST(ConnectionTable, OpenOnesOfOneTickReplaceThoseOfTheTickBefore) {
  ConnectionTable table(10);
  table.replace_open({open_connection(), open_connection()});
  table.replace_open({open_connection()});

  EXPECT_EQ(table.open().size(), 1u);
}

TEST(ConnectionTable, DoesNotGrowWithTheNumberOfConnections) {
  ConnectionTable table(100);
  for (int turn = 0; turn < 50; ++turn) {
    for (int i = 0; i < 1000; ++i) table.add(closed_connection(), true);
    table.replace_open(std::vector<OpenConnection>(1000));
    ASSERT_LE(table.closed().size(), 100u);
    ASSERT_LE(table.open().capacity(), 100u);
  }
  EXPECT_EQ(table.records_seen(), 50'000u);
}

TEST(ConnectionTable, DoesNotGrowWithOwnersWithoutEnd) {
  ConnectionTable table(0);
  const auto too_many = static_cast<std::uint32_t>(ConnectionTable::kMaxOwners) + 1000;
  for (std::uint32_t pid = 1; pid <= too_many; ++pid) table.add(closed_connection().by(worker(pid)), true);

  EXPECT_EQ(table.owners().size(), ConnectionTable::kMaxOwners + 1);
  EXPECT_EQ(table.of(Owner{}).omitted, 1000u);
}

}  // namespace
}  // namespace acceptscope::testing
