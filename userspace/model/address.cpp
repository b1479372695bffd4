// SPDX-License-Identifier: BSD-2-Clause
#include "model/address.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace acceptscope {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // RFC 4291, 2.5.5.2

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  IpAddress address;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data() + kMappedPrefix.size()) == 1) return address;
  return failure("'" + terminated + "' is not an IPv4 or IPv6 address", "such as 127.0.0.1, 0.0.0.0 or ::1");
}

bool IpAddress::is_ipv4() const { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin()); }

bool IpAddress::is_wildcard() const {
  const auto first = is_ipv4() ? bytes.begin() + kMappedPrefix.size() : bytes.begin();
  return std::all_of(first, bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool ipv4 = is_ipv4();
  inet_ntop(ipv4 ? AF_INET : AF_INET6, bytes.data() + (ipv4 ? kMappedPrefix.size() : 0), text.data(), text.size());
  return text.data();
}

std::string Endpoint::to_string() const {
  const std::string host = address.to_string();
  return (address.is_ipv4() ? host : "[" + host + "]") + ":" + std::to_string(port);
}

}  // namespace acceptscope
