// SPDX-License-Identifier: BSD-2-Clause
#include "model/redact.hpp"

#include <gmock/gmock.h>

#include <iterator>
#include <set>

namespace acceptscope {
namespace {

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

IpAddress client(std::uint32_t i) {
  IpAddress peer = address("10.0.0.0");
  peer.bytes[13] = static_cast<std::uint8_t>(i >> 16);
  peer.bytes[14] = static_cast<std::uint8_t>(i >> 8);
  peer.bytes[15] = static_cast<std::uint8_t>(i);
  return peer;
}

TEST(Redactor, NumbersPeersInOrderOfFirstAppearance) {
  Redactor redactor;

  EXPECT_EQ(redactor.pseudonym(address("192.0.2.9")).to_string(), "2001:db8::1");
  EXPECT_EQ(redactor.pseudonym(address("fe80::1")).to_string(), "2001:db8::2");
  EXPECT_EQ(redactor.pseudonym(address("192.0.2.9")).to_string(), "2001:db8::1");
}

TEST(Redactor, MappedAndPlainIpv4AreOnePeer) {
  Redactor redactor;

  EXPECT_EQ(redactor.pseudonym(address("10.0.0.1")), redactor.pseudonym(address("::ffff:10.0.0.1")));
}

TEST(Redactor, PseudonymsStayApartBeyondAByte) {
  Redactor redactor;
  for (std::uint32_t i = 0; i + 1 < 70'000; ++i) static_cast<void>(redactor.pseudonym(client(i)));

  EXPECT_EQ(redactor.pseudonym(client(70'000)).to_string(), "2001:db8::1:1170");
}

TEST(Redactor, RemembersTheAddressesSeenLastAndGivesNoPseudonymTwice) {
  Redactor redactor;
  const IpAddress steady = address("192.0.2.9");
  const IpAddress once = address("192.0.2.10");
  const IpAddress steady_pseudonym = redactor.pseudonym(steady);
  const IpAddress first_pseudonym = redactor.pseudonym(once);
  std::set<IpAddress> given{steady_pseudonym, first_pseudonym};
  std::uint32_t others = 0;
  while (others < 3 * Redactor::kRemembered) {
    given.insert(redactor.pseudonym(client(others++)));
    ASSERT_EQ(redactor.pseudonym(steady), steady_pseudonym);
  }

  EXPECT_EQ(given.size(), 2u + others);
  EXPECT_EQ(redactor.pseudonym(client(others - 1000)), *std::prev(given.end(), 1000));
  EXPECT_FALSE(given.contains(redactor.pseudonym(once)));  // forgotten long ago: a new pseudonym that no address had
}

TEST(Redactor, ReplacesThePeerAndNothingElse) {
  Redactor redactor;
  Tick tick;
  tick.open.resize(1);
  tick.open[0].local = {address("127.0.0.1"), 8000};
  tick.open[0].peer = {address("127.0.0.1"), 51'234};

  redactor.redact(tick);

  EXPECT_EQ(tick.open[0].local.to_string(), "127.0.0.1:8000");
  EXPECT_EQ(tick.open[0].peer.to_string(), "[2001:db8::1]:51234");
}

}  // namespace
}  // namespace acceptscope
