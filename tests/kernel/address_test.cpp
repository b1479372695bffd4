// SPDX-License-Identifier: BSD-2-Clause
// Address families, wildcards, network namespaces.

#include "network_namespace.hpp"
#include "shared.hpp"

namespace acceptscope::test {
namespace {

class Addressing : public TruthTest {};

TRUTH_TEST(Addressing, Ipv4, {.workload = {"--listen", "127.0.0.1", "--connections", "20"}})

TRUTH_TEST(Addressing, Ipv6, {.workload = {"--listen", "::1", "--connections", "20"}})

TRUTH_TEST(Addressing, Ipv4ClientsOfAnIpv6ListenerAreShownAsIpv4,
           {.workload = {"--listen", "::", "--connect", "127.0.0.1,::1", "--connections", "20"}})

TRUTH_TEST(Addressing, TheServiceOfAWildcardListenerIsTheWildcard,
           {.workload = {"--listen", "0.0.0.0", "--connect", "127.0.0.1,127.0.0.2", "--connections", "20"}})

TRUTH_TEST(Addressing, TheServiceOfAWildcardListenerIsTheWildcardAlsoForBlockedWorkers,
           {.workload = {"--listen", "0.0.0.0", "--connect", "127.0.0.1,127.0.0.2", "--connections", "20", "--accept",
                         "blocking"}})

TRUTH_TEST(Addressing, BothFamiliesAtOnce,
           {.workload = {"--listen", "127.0.0.1,::1", "--workers", "2", "--connections", "20"}})

TEST_P(Addressing, ThePortOfOneServiceInTwoNetworkNamespacesIsTwoServices) {
  const NetworkNamespace one("a");
  const NetworkNamespace other("b");
  Workload in_one({"--netns", one.name(), "--workers", "2", "--connections", "20"});
  const std::string port = std::to_string(in_one.port());
  Workload in_other({"--netns", other.name(), "--workers", "3", "--connections", "30", "--port", port});
  Tracer tracer(backend(), {"--port", port});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const Truth truth = together(truth_of(in_one.make_traffic()), truth_of(in_other.make_traffic()));
  const Traced traced = tracer.stop();
  expect_truth(truth, traced);
  EXPECT_EQ(traced.dump["services"].size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(, Addressing, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
