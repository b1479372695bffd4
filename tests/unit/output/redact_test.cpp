// SPDX-License-Identifier: BSD-2-Clause
#include "output/redact.hpp"

#include <gmock/gmock.h>

namespace acceptscope {
namespace {

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

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
  IpAddress last;
  for (unsigned i = 0; i < 70'000; ++i) {
    IpAddress peer = address("10.0.0.0");
    peer.bytes[13] = static_cast<std::uint8_t>(i >> 16);
    peer.bytes[14] = static_cast<std::uint8_t>(i >> 8);
    peer.bytes[15] = static_cast<std::uint8_t>(i);
    last = redactor.pseudonym(peer);
  }

  EXPECT_EQ(last.to_string(), "2001:db8::1:1170");
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
