// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "util/result.hpp"

namespace acceptscope {

/// An IPv6 address, or an IPv4 address in IPv4-mapped form: the kernel shows IPv4 peers of an AF_INET6 listener in this
/// form, but users think of them as IPv4.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const IpAddress&) const = default;

  /// From text such as "10.0.0.1", "::1", "::ffff:10.0.0.1"; the last equals 10.0.0.1.
  [[nodiscard]] static Result<IpAddress> parse(std::string_view text);
  [[nodiscard]] bool is_ipv4() const;
  /// 0.0.0.0 or ::
  [[nodiscard]] bool is_wildcard() const;
  /// "10.0.0.1" or RFC 5952 IPv6, without brackets.
  [[nodiscard]] std::string to_string() const;
};

/// Address and port, host byte order.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  auto operator<=>(const Endpoint&) const = default;
  /// "10.0.0.1:80", "[::1]:80"
  [[nodiscard]] std::string to_string() const;
};

}  // namespace acceptscope
