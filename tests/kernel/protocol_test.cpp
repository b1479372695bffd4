// SPDX-License-Identifier: BSD-2-Clause
// Unusual ways to accept a connection: many waiting tasks, io_uring, SYN cookies, Multipath TCP.
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <map>
#include <set>
#include <string>

#include "abilities.hpp"
#include "network_namespace.hpp"
#include "shared.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope::test {
namespace {

class Unusual : public TruthTest {};

std::optional<std::string> no_mptcp_here(const std::string&) { return no_mptcp(); }

/// The reason why io_uring cannot accept here. Probes the kernel with a listening socket: a supported submission stays
/// pending, because there is no client; an unsupported one fails at once.
std::optional<std::string> no_uring(bool multishot) {
  Ring ring;
  if (ring.error != 0) return std::string("this kernel has no io_uring: ") + std::strerror(-ring.error);
  const UniqueFd listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (listen(listener.get(), 1) != 0) return "cannot listen";
  io_uring_sqe* entry = io_uring_get_sqe(&ring.ring);
  if (multishot) {
    io_uring_prep_multishot_accept(entry, listener.get(), nullptr, nullptr, 0);
  } else {
    io_uring_prep_accept(entry, listener.get(), nullptr, nullptr, 0);
  }
  if (io_uring_submit(&ring.ring) != 1) return "this kernel takes no io_uring submission";
  io_uring_cqe* answer = nullptr;
  if (io_uring_peek_cqe(&ring.ring, &answer) != 0) return std::nullopt;
  return std::string("io_uring of this kernel refuses the accept: ") + std::strerror(-answer->res);
}

template <bool multishot>
std::optional<std::string> no_uring_accept(const std::string& backend) {
  if (auto reason = no_uring(multishot)) return reason;
  // Before 5.19 the tracepoint io_uring_complete has a different prototype than the programs expect.
  if (backend != "tracepoint" || kernel_version() >= 519) return std::nullopt;
  return "on this kernel, this backend finds io_uring accepts by walking: see AcceptsThatNoProgramSees";
}

// A return probe tracks a limited number of tasks at a time (kretprobe's maxactive): all of these are in the function.
TRUTH_TEST(Unusual, ManyTasksBlockedInAcceptSinceBeforeTheTracingBegan,
           {.workload = {"--workers", "4", "--threads", "40", "--accept", "blocking", "--connections", "400",
                         "--concurrency", "4"}})

TEST_P(Unusual, ConnectionsMadeWithSynCookies) {
  const NetworkNamespace netns("cookies");
  netns.run_inside({"sysctl", "-qw", "net.ipv4.tcp_syncookies=2"});  // always, not only when the queue overflows
  Workload workload({"--netns", netns.name(), "--workers", "2", "--connections", "20"});
  Tracer tracer(backend(), {"--port", workload.ports()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const Truth truth = truth_of(workload.make_traffic());
  expect_truth(truth, tracer.stop());
}

TRUTH_TEST(Unusual, IoUringAccepts,
           {.workload = {"--workers", "3", "--connections", "40", "--accept", "uring", "--end", "peer,local,reset"},
            .impossible = no_uring_accept<false>})

TRUTH_TEST(Unusual, IoUringAcceptsOfOneSubmission,
           {.workload = {"--workers", "3", "--connections", "40", "--accept", "uring-multishot", "--end",
                         "peer,local,reset"},
            .impossible = no_uring_accept<true>})

TRUTH_TEST(Unusual, IoUringAcceptsOfThreads,
           {.workload = {"--workers", "2", "--threads", "3", "--connections", "40", "--accept", "uring"},
            .impossible = no_uring_accept<false>})

TRUTH_TEST(Unusual, PlainClientsOfAMultipathListener,
           {.workload = {"--mptcp", "--workers", "3", "--connections", "30"}, .impossible = no_mptcp_here})

// The end of a Multipath TCP connection is part of its data sequence, not of the subflow states that are visible here.
// Therefore only the close itself, its time and the closing process are compared.
TEST_P(Unusual, MultipathClients) {
  if (const auto reason = no_mptcp()) GTEST_SKIP() << *reason;
  const Outcome outcome =
      trace(backend(), {.workload = {"--mptcp", "--mptcp-client", "--workers", "3", "--connections", "30"}});
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  const Truth truth = truth_of(outcome.truth);
  const json& dump = outcome.traced.dump;
  ASSERT_EQ(outcome.traced.exit_status, 0) << outcome.traced.errors;
  const bool is_exact = programs_skipped(dump) == 0;
  std::set<std::string> cannot_be_told;
  if (!knows_writes(backend())) cannot_be_told.insert("request_lost");
  if (is_exact) expect_nothing_lost(dump, cannot_be_told);
  expect_count("accepts", dump, dump["totals"]["accepts"], 30);
  expect_count("closes", dump, dump["totals"]["closes"], 30);
  std::map<int, const TrueConnection*> by_port;
  for (const TrueConnection& connection : truth.connections) by_port[connection.peer_port] = &connection;
  for (const json& record : dump["connections"]) {
    const TrueConnection* connection = by_port[record["peer"]["port"].get<int>()];
    ASSERT_NE(connection, nullptr) << record;
    if (is_exact || !record["pid"].is_null()) {
      EXPECT_EQ(record["pid"], connection->pid);
    }
    if (is_exact || !record["closed_by_pid"].is_null()) {
      EXPECT_EQ(record["closed_by_pid"], connection->closer_pid);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Unusual, all_backends(), backend_name);

class AcceptsThatNoProgramSees : public BackendTest {};

// The path that the tracepoint backend takes before 5.19, and on every kernel for 32-bit programs.
TEST_P(AcceptsThatNoProgramSees, AreCountedForWhoHoldsTheConnection) {
  if (const auto reason = no_uring(false)) GTEST_SKIP() << *reason;
  const Outcome outcome = undisturbed([&] {
    return trace(backend(),
                 {.workload = {"--workers", "3", "--connections", "30", "--accept", "uring", "--end", "hold"},
                  .tracer = {"--simulate-missing", "uring_trace"}});
  });
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  const Truth truth = truth_of(outcome.truth);
  const Traced& traced = outcome.traced;

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  EXPECT_EQ(traced.dump["losses"]["missed_accept"], 30) << "each is told as seen late";
  EXPECT_EQ(traced.dump["consistency"]["broken"], json::array());
  expect_true_totals(truth, traced.dump);
  expect_true_workers(truth, traced.dump, {.waits_known = false});
  std::map<int, int> owners;
  for (const TrueConnection& connection : truth.connections) owners[connection.peer_port] = connection.pid;
  for (const json& record : traced.dump["connections"]) {
    EXPECT_EQ(record["pid"], owners[record["peer"]["port"].get<int>()]) << record;
    EXPECT_EQ(record["preexisting"], false);
  }
}

INSTANTIATE_TEST_SUITE_P(, AcceptsThatNoProgramSees, testing::Values("tracepoint"), backend_name);

}  // namespace
}  // namespace acceptscope::test
