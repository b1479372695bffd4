// SPDX-License-Identifier: BSD-2-Clause
#include "model/address.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace acceptscope {
namespace {

TEST(IpAddress, PrintsWhatItParsed) {
  for (const char* const text :
       {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::8:800:200c:417a", "fe80::1"}) {
    const auto parsed = IpAddress::parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->to_string(), text);
  }
}

TEST(IpAddress, AMappedAddressIsTheIpv4Address) {
  const auto mapped = IpAddress::parse("::ffff:10.0.0.1");

  EXPECT_EQ(*mapped, *IpAddress::parse("10.0.0.1"));
  EXPECT_TRUE(mapped->is_ipv4());
  EXPECT_EQ(mapped->to_string(), "10.0.0.1");
}

TEST(IpAddress, TellsFamiliesAndWildcardsApart) {
  EXPECT_TRUE(IpAddress::parse("0.0.0.0")->is_wildcard());
  EXPECT_TRUE(IpAddress::parse("::")->is_wildcard());
  EXPECT_FALSE(IpAddress::parse("::1")->is_wildcard());
  EXPECT_FALSE(IpAddress::parse("0.0.0.1")->is_wildcard());
  EXPECT_TRUE(IpAddress::parse("0.0.0.0")->is_ipv4());
  EXPECT_FALSE(IpAddress::parse("::")->is_ipv4());
  EXPECT_NE(*IpAddress::parse("0.0.0.0"), *IpAddress::parse("::"));
}

TEST(IpAddress, RefusesWhatIsNone) {
  for (const char* const text : {"", "10.0.0", "10.0.0.256", "localhost", "::g", "10.0.0.1:80", "[::1]", "1.2.3.4 "}) {
    const auto parsed = IpAddress::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message().raw(), ::testing::HasSubstr(fmt::format("'{}'", text)));
  }
}

TEST(Endpoint, PutsBracketsAroundIpv6Only) {
  EXPECT_EQ((Endpoint{*IpAddress::parse("10.0.0.1"), 80}).to_string(), "10.0.0.1:80");
  EXPECT_EQ((Endpoint{*IpAddress::parse("::1"), 8000}).to_string(), "[::1]:8000");
  EXPECT_EQ((Endpoint{*IpAddress::parse("::ffff:10.0.0.1"), 1}).to_string(), "10.0.0.1:1");
}

}  // namespace
}  // namespace acceptscope
