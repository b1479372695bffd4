// SPDX-License-Identifier: BSD-2-Clause
// Ways to a connection that are not the usual one: many waiting tasks, SYN cookies, Multipath TCP.
#include <fstream>

#include "network_namespace.hpp"
#include "shared.hpp"

namespace acceptscope::test {
namespace {

class Unusual : public TruthTest {
 protected:
  /// Skips where the kernel has no Multipath TCP.
  static bool has_mptcp() {
    std::ifstream enabled("/proc/sys/net/mptcp/enabled");
    char value = '0';
    return enabled >> value && value == '1';
  }
};

// A return probe has room for a limited number of tasks at a time (kretprobe's maxactive): all of these are inside.
TRUTH_TEST(Unusual, ManyTasksBlockedInAcceptSinceBeforeTheTracingBegan,
           {.workload = {"--workers", "4", "--threads", "40", "--accept", "blocking", "--connections", "400",
               "--concurrency", "4"}})

TEST_P(Unusual, ConnectionsMadeWithSynCookies) {
  const NetworkNamespace netns("cookies");
  netns.run_inside({"sysctl", "-qw", "net.ipv4.tcp_syncookies=2"});  // always, not only under attack
  Workload workload({"--netns", netns.name(), "--workers", "2", "--connections", "20"});
  Tracer tracer(backend(), {"--port", workload.ports()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const Truth truth = truth_of(workload.make_traffic());
  expect_truth(truth, tracer.stop());
}

TEST_P(Unusual, PlainClientsOfAMultipathListener) {
  if (!has_mptcp()) GTEST_SKIP() << "this kernel has no Multipath TCP, or it is switched off";
  expect_truth_of({.workload = {"--mptcp", "--workers", "3", "--connections", "30"}});
}

// How a Multipath connection ended is in its data sequence, not in the states of the subflows that are seen here: of the
// close only the fact, the moment and the closer are compared.
TEST_P(Unusual, MultipathClients) {
  if (!has_mptcp()) GTEST_SKIP() << "this kernel has no Multipath TCP, or it is switched off";
  const Outcome outcome =
      trace(backend(), {.workload = {"--mptcp", "--mptcp-client", "--workers", "3", "--connections", "30"}});
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  const Truth truth = truth_of(outcome.truth);
  const json& dump = outcome.traced.dump;
  ASSERT_EQ(outcome.traced.exit_status, 0) << outcome.traced.errors;
  expect_nothing_lost(dump);
  EXPECT_EQ(dump["totals"]["accepts"], 30);
  EXPECT_EQ(dump["totals"]["closes"], 30);
  std::map<int, const TrueConnection*> by_port;
  for (const TrueConnection& connection : truth.connections) by_port[connection.peer_port] = &connection;
  for (const json& record : dump["connections"]) {
    const TrueConnection* connection = by_port[record["peer"]["port"].get<int>()];
    ASSERT_NE(connection, nullptr) << record;
    EXPECT_EQ(record["pid"], connection->pid);
    EXPECT_EQ(record["closed_by_pid"], connection->closer_pid);
  }
}

INSTANTIATE_TEST_SUITE_P(, Unusual, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
