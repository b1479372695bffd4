// SPDX-License-Identifier: BSD-2-Clause
#include "model/peer_table.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

std::optional<ServiceKey> as_recorded(const Owner& owner) { return owner.service; }

std::string numbered(std::size_t i) { return fmt::format("10.{}.{}.{}:5", i >> 16, i >> 8 & 255, i & 255); }

TEST(PeerTable, ClosedAndOpenConnectionsOfAnAddressAreOneRow) {
  PeerTable peers;
  peers.add(service(), closed_connection().from("10.0.0.1:1").by(worker(1)).accepted_at(1s).closed_at(3s));
  peers.add(service(), closed_connection().from("10.0.0.1:2").by(worker(2)).found_at().closed_at(4s));
  const std::vector<OpenConnection> open{open_connection().from("10.0.0.1:3").by(worker(2)).found_at(),
                                         open_connection().from("10.0.0.2:4").by(worker(1)).accepted_at(9s)};
  peers.replace_open(open, kStart + 10s, as_recorded);
  const std::vector<PeerRow> rows = peers.rows(service());

  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0], (PeerRow{address("10.0.0.1"), 3, 1, 2, 2s + 4s + 10s, 2}));
  EXPECT_EQ(rows[1], (PeerRow{address("10.0.0.2"), 1, 1, 0, 1s, 1}));
}

TEST(PeerTable, OpenOnesAreThoseOfTheLastTick) {
  PeerTable peers;
  peers.replace_open(std::vector<OpenConnection>{open_connection()}, kStart + 1s, as_recorded);
  peers.replace_open({}, kStart + 2s, as_recorded);

  EXPECT_TRUE(peers.rows(service()).empty());
}

TEST(PeerTable, ServicesAreApartAndHiddenOwnersAreNotThere) {
  PeerTable peers;
  const std::vector<OpenConnection> open{open_connection().by(worker(1)), open_connection().by(worker(2)),
                                         open_connection().by(worker(1)).on(service("127.0.0.1:2"))};
  peers.replace_open(open, kStart + 1s, [](const Owner& owner) {
    return owner.worker == worker(1) ? std::optional(owner.service) : std::nullopt;
  });

  EXPECT_EQ(peers.rows(service()).at(0).connections, 1u);
  EXPECT_EQ(peers.rows(service("127.0.0.1:2")).at(0).connections, 1u);
}

TEST(PeerTable, ListsTheBusiestTwenty) {
  PeerTable peers;
  for (std::size_t i = 0; i < 30; ++i)
    for (std::size_t n = 0; n <= i; ++n) peers.add(service(), closed_connection().from(numbered(i)));
  const std::vector<PeerRow> rows = peers.rows(service());

  ASSERT_EQ(rows.size(), PeerTable::kListed);
  EXPECT_EQ(rows.front().connections, 30u);
  EXPECT_EQ(rows.back().connections, 11u);
}

TEST(PeerTable, MemoryIsBoundedAndAnOpenHeavyHitterIsSeenHoweverLateItComes) {
  PeerTable peers;
  std::vector<OpenConnection> open;
  for (std::size_t i = 0; i < PeerTable::kMaxAddresses + 100; ++i) {
    peers.add(service(), closed_connection().from(numbered(i)));
    open.push_back(open_connection().from(numbered(i)));
  }
  for (int i = 0; i < 5; ++i) open.push_back(open_connection().from("192.0.2.1:1"));
  peers.add(service(), closed_connection().from("192.0.2.1:1"));
  peers.replace_open(open, kStart + 1s, as_recorded);

  EXPECT_EQ(peers.rows(service()).at(0).address, address("192.0.2.1"));
  EXPECT_EQ(peers.rows(service()).at(0).connections, 5u);  // the closed one found no room
}

TEST(PeerTable, ManyAddressesWithOneConnectionEachAreStillListed) {
  PeerTable peers;
  std::vector<OpenConnection> open;
  for (std::size_t i = 0; i < PeerTable::kMaxAddresses + 1000; ++i) open.push_back(open_connection().from(numbered(i)));
  peers.replace_open(open, kStart + 1s, as_recorded);

  EXPECT_EQ(peers.rows(service()).size(), PeerTable::kListed);
}

}  // namespace
}  // namespace acceptscope::testing
