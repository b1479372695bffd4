// SPDX-License-Identifier: BSD-2-Clause
// Who waits: the accept queue of each listening socket, also of those that come and go. The test itself is the server,
// and SO_MEMINFO tells it what the kernel counted for its sockets.
#include <fmt/format.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "listener.hpp"
#include "session.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope::test {
namespace {

using namespace std::chrono_literals;

std::uint64_t inode_of(int fd) {
  struct stat info {};
  EXPECT_EQ(fstat(fd, &info), 0);
  return info.st_ino;
}

/// A connection from beginning to end, served.
void serve_one(const Listener& listener) {
  const UniqueFd client = connect_to(listener.port());
  const UniqueFd server = listener.accept();
  EXPECT_TRUE(server);
}

class Waiting : public BackendTest {
 protected:
  /// Traces `port` while `scene` runs. Null if the backend is refused, or the kernel skipped programs.
  json traced(std::uint16_t port, const std::function<void()>& scene, Arguments arguments = {}) {
    if (arguments.empty()) arguments = {"--port", std::to_string(port)};
    Tracer tracer(backend(), arguments);
    if (!tracer.starts()) {
      refusal_ = tracer.refusal();
      return nullptr;
    }
    scene();
    json dump = tracer.stop().dump;
    if (programs_skipped(dump) == 0) return dump;
    refusal_ = "the kernel skipped programs";
    return nullptr;
  }

  static json service_of(const json& dump, std::uint16_t port) {
    for (const json& service : dump["services"])
      if (service["port"] == port) return service;
    return nullptr;
  }

  static json listener_of(const json& service, std::uint64_t inode) {
    for (const json& listener : service["listeners"])
      if (listener["inode"] == inode) return listener;
    return nullptr;
  }

  std::string refusal_;
};

#define SKIP_IF_NOTHING(dump)                                                        \
  if ((dump).is_null()) {                                                            \
    if (backend_is_required(backend()) && refusal_ != "the kernel skipped programs") \
      FAIL() << "must run here: " << refusal_;                                       \
    GTEST_SKIP() << refusal_;                                                        \
  }

TEST_P(Waiting, EachListeningSocketIsJudgedByItself) {
  const Listener working({.reuseport = true});
  const Listener stuck({.reuseport = true, .port = working.port()});
  std::vector<UniqueFd> clients, served;
  const auto begun = std::chrono::steady_clock::now();
  const json dump = traced(working.port(), [&] {
    while (stuck.depth() < 5 && clients.size() < 500) {
      clients.push_back(connect_to(working.port()));
      if (working.depth() > 0) served.push_back(working.accept());
    }
  });
  SKIP_IF_NOTHING(dump);
  ASSERT_EQ(stuck.depth(), 5u);
  const double most = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const json service = service_of(dump, working.port());
  ASSERT_EQ(service["listeners"].size(), 2u) << service["listeners"].dump();

  const json waiting = listener_of(service, inode_of(stuck.fd()));
  EXPECT_EQ(waiting["depth"], 5);
  EXPECT_EQ(waiting["depth_max"], 5);
  EXPECT_EQ(waiting["holders"], json::array({getpid()}));
  EXPECT_GT(waiting["oldest_wait_seconds"].get<double>(), 0);
  EXPECT_LT(waiting["oldest_wait_seconds"].get<double>(), most);
  const json other = listener_of(service, inode_of(working.fd()));
  EXPECT_EQ(other["depth"], 0);
  EXPECT_EQ(other["oldest_wait_seconds"], nullptr);

  EXPECT_EQ(service["accept_queue"]["waiting_now"], 5);
  EXPECT_EQ(service["accept_queue"]["oldest_wait_seconds"], waiting["oldest_wait_seconds"]);
  EXPECT_EQ(service["accept_wait_seconds"]["waiting"], 5);
  EXPECT_EQ(service["accept_wait_seconds"]["count"], clients.size());
  EXPECT_GE(service["accept_wait_seconds"]["max"], waiting["oldest_wait_seconds"]);
}

TEST_P(Waiting, WhoWaitedWhenTracingBeganIsSeen) {
  const Listener listener;
  const std::vector<UniqueFd> clients = connect_many_to(listener.port(), 7);
  const json dump = traced(listener.port(), [&] {
    const UniqueFd first = listener.accept();
    EXPECT_TRUE(first);
  });
  SKIP_IF_NOTHING(dump);
  const json service = service_of(dump, listener.port());

  EXPECT_EQ(service["accepts"], 1);
  EXPECT_EQ(service["accept_queue"]["waiting_now"], 6);
  EXPECT_EQ(service["accept_queue"]["depth_max"], 7);
  EXPECT_EQ(service["accept_wait_seconds"]["waiting"], 6);
  EXPECT_EQ(service["accept_wait_seconds"]["count"], 6) << "how long the accepted one waited is not known";
  EXPECT_GT(service["accept_queue"]["oldest_wait_seconds"].get<double>(), 0);
}

TEST_P(Waiting, ASocketThatIsClosedKeepsItsFigures) {
  Listener listener;
  const std::uint64_t inode = inode_of(listener.fd());
  std::vector<UniqueFd> clients;
  const json dump = traced(listener.port(), [&] {
    clients = connect_many_to(listener.port(), 30);
    listener.close();
  });
  SKIP_IF_NOTHING(dump);
  const json service = service_of(dump, listener.port());

  EXPECT_EQ(service["accept_queue"]["depth_max"], 30);
  EXPECT_EQ(service["accept_queue"]["waiting_now"], 0);
  EXPECT_EQ(service["never_accepted"], 30);
  EXPECT_GT(service["accept_queue"]["never_accepted_wait_max_seconds"].get<double>(), 0);
  const json closed = listener_of(service, inode);
  ASSERT_FALSE(closed.is_null()) << service["listeners"].dump();
  EXPECT_EQ(closed["closed"], true);
  EXPECT_EQ(closed["depth"], 30);
  EXPECT_EQ(closed["never_accepted"], 30);
  EXPECT_EQ(closed["holders"], json::array({getpid()}));
}

TEST_P(Waiting, OverflowsOutliveTheSocket) {
  constexpr int kBacklog = 2;
  auto listener = std::make_unique<Listener>(Listening{.backlog = kBacklog});
  const std::uint16_t port = listener->port();
  std::uint32_t dropped = 0;
  std::uint32_t dropped_later = 0;
  std::vector<UniqueFd> clients;
  std::unique_ptr<Listener> again;
  const json dump = traced(port, [&] {
    for (int i = 0; i < 10; ++i) clients.push_back(begin_to_connect(port));
    EXPECT_TRUE(eventually([&] { return listener->drops() >= 5; }));
    EXPECT_EQ(listener->depth(), kBacklog + 1u);
    clients.clear();  // no more retries
    dropped = listener->drops();
    listener.reset();
    again = std::make_unique<Listener>(Listening{.port = port});
    serve_one(*again);
    dropped_later = again->drops();
  });
  SKIP_IF_NOTHING(dump);
  const json service = service_of(dump, port);

  EXPECT_GE(service["accept_queue"]["drops"], dropped + dropped_later);
  EXPECT_LE(service["accept_queue"]["drops"], dropped + dropped_later + 1) << "one more before the socket was closed";
  EXPECT_EQ(service["accept_queue"]["overflows"], service["accept_queue"]["drops"]);
  EXPECT_EQ(service["accept_queue"]["depth_max"], kBacklog + 1);
  EXPECT_EQ(service["accepts"], 1);
}

TEST_P(Waiting, DeferredHandshakesAreNoOverflows) {
  const Listener listener({.deferred = true});
  const json dump = traced(listener.port(), [&] {
    for (int i = 0; i < 20; ++i) {
      const UniqueFd client = connect_to(listener.port());
      EXPECT_EQ(send(client.get(), "x", 1, MSG_NOSIGNAL), 1);
      const UniqueFd server = listener.accept();
      EXPECT_TRUE(server);
    }
  });
  SKIP_IF_NOTHING(dump);
  const std::uint32_t dropped = listener.drops();
  if (dropped == 0) GTEST_SKIP() << "this kernel does not count the bare ACKs as drops";
  const json queue = service_of(dump, listener.port())["accept_queue"];

  EXPECT_EQ(queue["drops"], dropped);
  EXPECT_EQ(queue["overflows"], 0);
}

TEST_P(Waiting, ConnectionsThatNobodyAcceptsAreFiltered) {
  Listener other;
  Workload selected({"--workers", "1", "--connections", "5"});
  std::vector<UniqueFd> clients;
  const json dump = traced(0,
                           [&] {
                             clients = connect_many_to(other.port(), 12);
                             other.close();
                             const Listener late;
                             clients.push_back(connect_to(late.port()));
                             selected.make_traffic();
                           },
                           {"--pid", std::to_string(selected.pid())});
  SKIP_IF_NOTHING(dump);

  EXPECT_EQ(dump["services"].size(), 1u) << dump["services"].dump();
  EXPECT_EQ(dump["totals"]["never_accepted"], 0);
  EXPECT_EQ(dump["totals"]["accepts"], 5);
}

TEST_P(Waiting, TheCommFilterHoldsForThem) {
  Listener other;
  Workload selected({"--workers", "1", "--connections", "5", "--comm", "chosen"});
  std::vector<UniqueFd> clients;
  const json dump = traced(0,
                           [&] {
                             clients = connect_many_to(other.port(), 12);
                             selected.make_traffic();
                             other.close();
                           },
                           {"--comm", "chosen"});
  SKIP_IF_NOTHING(dump);

  EXPECT_EQ(dump["services"].size(), 1u) << dump["services"].dump();
  EXPECT_EQ(dump["totals"]["never_accepted"], 0);
}

INSTANTIATE_TEST_SUITE_P(, Waiting, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
