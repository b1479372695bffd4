// SPDX-License-Identifier: BSD-2-Clause
#include "model/service_resolver.hpp"

namespace acceptscope {
namespace {

constexpr IpAddress kAnyIpv4{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}};
constexpr IpAddress kAnyIpv6{};

}  // namespace

ServiceKey ServiceResolver::resolve(const ServiceKey& key) const {
  if (listeners_.contains(key)) return key;
  ServiceKey wildcard = key;
  if (key.endpoint.address.is_ipv4()) {
    wildcard.endpoint.address = kAnyIpv4;
    if (listeners_.contains(wildcard)) return wildcard;
  }
  wildcard.endpoint.address = kAnyIpv6;
  return listeners_.contains(wildcard) ? wildcard : key;
}

}  // namespace acceptscope
