// SPDX-License-Identifier: BSD-2-Clause
#include "model/service_resolver.hpp"

#include <gmock/gmock.h>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

TEST(ServiceResolver, PrefersTheExactListener) {
  ServiceResolver resolver;
  for (const char* const listener : {"127.0.0.1:8000", "0.0.0.0:8000", "[::]:8000"}) {
    resolver.add_listener(service(listener));
  }

  EXPECT_EQ(resolver.resolve(service("127.0.0.1:8000")), service("127.0.0.1:8000"));
  EXPECT_EQ(resolver.resolve(service("10.0.0.1:8000")), service("0.0.0.0:8000"));
  EXPECT_EQ(resolver.resolve(service("[::1]:8000")), service("[::]:8000"));
}

TEST(ServiceResolver, FallsBackToTheIpv6WildcardForIpv4ButNotTheOtherWayRound) {
  ServiceResolver resolver;
  resolver.add_listener(service("[::]:8000"));
  resolver.add_listener(service("0.0.0.0:9000"));

  EXPECT_EQ(resolver.resolve(service("10.0.0.1:8000")), service("[::]:8000"));
  EXPECT_EQ(resolver.resolve(service("[::1]:9000")), service("[::1]:9000"));
}

TEST(ServiceResolver, StaysOnThePortAndInTheNetworkNamespace) {
  ServiceResolver resolver;
  resolver.add_listener(service("0.0.0.0:8000", 1));

  EXPECT_EQ(resolver.resolve(service("10.0.0.1:8000", 1)), service("0.0.0.0:8000", 1));
  EXPECT_EQ(resolver.resolve(service("10.0.0.1:8000", 2)), service("10.0.0.1:8000", 2));
  EXPECT_EQ(resolver.resolve(service("10.0.0.1:8001", 1)), service("10.0.0.1:8001", 1));
}

TEST(ServiceResolver, WithoutAnyListenerTheAddressItselfIsTheService) {
  EXPECT_EQ(ServiceResolver{}.resolve(service("10.0.0.1:8000")), service("10.0.0.1:8000"));
}

}  // namespace
}  // namespace acceptscope::testing
