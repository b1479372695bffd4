// SPDX-License-Identifier: BSD-2-Clause
#include "model/selection.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace acceptscope {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

std::string port_error(std::string_view text) {
  const auto parsed = PortSet::parse(text);
  return parsed ? "parsed as " + parsed->to_string() : parsed.error().message().raw();
}

std::string duration_error(std::string_view text) {
  const auto parsed = parse_duration(text);
  return parsed ? "parsed as " + std::to_string(parsed->count()) + " ns" : parsed.error().message().raw();
}

TEST(PortSet, ContainsTheListedPortsAndRangesAndNoOthers) {
  const auto ports = PortSet::parse("80,443,8000-8010");
  ASSERT_TRUE(ports);

  const auto contains = [&ports](int port) { return ports->contains(static_cast<std::uint16_t>(port)); };
  for (const int port : {80, 443, 8000, 8005, 8010}) EXPECT_TRUE(contains(port)) << port;
  for (const int port : {0, 79, 81, 7999, 8011, 65535}) EXPECT_FALSE(contains(port)) << port;
  EXPECT_EQ(ports->size(), 13u);
  EXPECT_EQ(ports->to_string(), "80,443,8000-8010");
  EXPECT_THAT(ports->items(), ElementsAre("80", "443", "8000-8010"));
}

TEST(PortSet, JoinsWhatTouchesOrOverlaps) {
  EXPECT_EQ(PortSet::parse("8001, 80 ,8000,8002-8010,8005-8020,80")->to_string(), "80,8000-8020");
  EXPECT_EQ(PortSet::parse("1-65535,65535,1")->ranges(), (std::vector<PortRange>{{1, 65535}}));
}

TEST(PortSet, MergesTheListsOfARepeatedOption) {
  PortSet ports = *PortSet::parse("8000");
  ports.merge(*PortSet::parse("8001,443"));

  EXPECT_EQ(ports.to_string(), "443,8000-8001");
}

TEST(PortSet, WithoutPortsIsEmpty) {
  EXPECT_TRUE(PortSet{}.empty());
  EXPECT_EQ(PortSet{}.to_string(), "");
  EXPECT_FALSE(PortSet{}.contains(80));
}

TEST(PortSet, SaysWhatIsWrongAndHowItLooksRight) {
  const std::string hint = " (ports are 1 to 65535, such as 8000, 80,443 or 8000-8010)";
  EXPECT_EQ(port_error("0"), "port 0 is out of range" + hint);
  EXPECT_EQ(port_error("70000"), "port 70000 is out of range" + hint);
  EXPECT_EQ(port_error("99999999999999999999"), "port 99999999999999999999 is out of range" + hint);
  EXPECT_EQ(port_error("80-70000"), "port 70000 is out of range" + hint);
  EXPECT_EQ(port_error("8000-"), "port range '8000-' lacks an end" + hint);
  EXPECT_EQ(port_error("-8000"), "port range '-8000' lacks an end" + hint);
  EXPECT_EQ(port_error("a"), "'a' is not a port number" + hint);
  EXPECT_EQ(port_error("80;443"), "'80;443' is not a port number" + hint);
  EXPECT_EQ(port_error("1-2-3"), "'2-3' is not a port number" + hint);
  EXPECT_EQ(port_error("+80"), "'+80' is not a port number" + hint);
  EXPECT_EQ(port_error(""), "a port list has an empty item" + hint);
  EXPECT_EQ(port_error("80,,443"), "a port list has an empty item" + hint);
  EXPECT_EQ(port_error("80,"), "a port list has an empty item" + hint);
  EXPECT_EQ(port_error("8010-8000"), "port range '8010-8000' runs backwards (write it as 8000-8010)");
}

TEST(ParseDuration, TakesSecondsOrAUnit) {
  EXPECT_EQ(parse_duration("60").value(), 60s);
  EXPECT_EQ(parse_duration("60s").value(), 60s);
  EXPECT_EQ(parse_duration("2m").value(), 120s);
  EXPECT_EQ(parse_duration("1h").value(), 3600s);
  EXPECT_EQ(parse_duration("500ms").value(), 500ms);
  EXPECT_EQ(parse_duration("1.5").value(), 1500ms);
  EXPECT_EQ(parse_duration(".5m").value(), 30s);
  EXPECT_EQ(parse_duration(" 1 s ").value(), 1s);
  EXPECT_EQ(parse_duration("0.1").value(), 100ms);
  EXPECT_EQ(parse_duration("8760h").value(), kLongestDuration);
}

TEST(ParseDuration, SaysWhatIsWrong) {
  const std::string hint = " (such as 60, 60s, 2m, 1h, 500ms or 1.5)";
  EXPECT_EQ(duration_error("-1"), "duration '-1' is negative" + hint);
  EXPECT_EQ(duration_error("0"), "duration '0' is not positive" + hint);
  EXPECT_EQ(duration_error("0.0s"), "duration '0.0s' is not positive" + hint);
  EXPECT_EQ(duration_error("0.0000000001"), "duration '0.0000000001' is not positive" + hint);
  for (const char* const text : {"abc", "s", "-", "--1", "1x", "1.5.5", "1e3", "inf", "nan", "0x10", ".", "1 2"}) {
    EXPECT_EQ(duration_error(text), fmt::format("'{}' is not a duration{}", text, hint));
  }
  EXPECT_EQ(duration_error(""), "a duration is empty" + hint);
  EXPECT_EQ(duration_error("8761h"), "duration '8761h' is too long (at most 8760h, one year)");
  EXPECT_THAT(duration_error(std::string(400, '9')), ::testing::HasSubstr("is too long"));
}

}  // namespace
}  // namespace acceptscope
