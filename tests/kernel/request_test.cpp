// SPDX-License-Identifier: BSD-2-Clause
// Requests: turns of a connection. Server and client are this process (or its children), step by step, so that every
// turn is known.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "abilities.hpp"
#include "comparison.hpp"
#include "listener.hpp"
#include "session.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope::test {
namespace {

using namespace std::chrono_literals;

/// Both ends of a connection.
struct Pair {
  UniqueFd client;
  UniqueFd server;
};

class Door {
 public:
  /// `protocol`: IPPROTO_MPTCP for Multipath TCP at both ends.
  explicit Door(int protocol = 0) : listener_({.backlog = 4096, .protocol = protocol}), protocol_(protocol) {}

  [[nodiscard]] std::string port() const { return listener_.port_text(); }

  [[nodiscard]] Pair connect() const {
    Pair pair{connect_to(listener_.port(), protocol_), {}};
    pair.server = listener_.accept();
    EXPECT_TRUE(pair.server);
    return pair;
  }

 private:
  Listener listener_;
  int protocol_;
};

void put(int fd, std::string_view text = "x") {
  EXPECT_EQ(send(fd, text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
}

/// Reads all of a message of `size` bytes.
void take(int fd, std::size_t size = 1) {
  std::array<char, 4096> buffer;
  EXPECT_EQ(recv(fd, buffer.data(), std::min(size, buffer.size()), MSG_WAITALL), ssize_t(size));
}

/// The client asks, and the server has read it.
void ask(const Pair& pair) {
  put(pair.client.get());
  take(pair.server.get());
}

/// The server answers.
void answer(const Pair& pair) {
  put(pair.server.get());
  take(pair.client.get());
}

void turn(const Pair& pair) {
  ask(pair);
  answer(pair);
}

/// A connection that the client resets in the middle of a request.
void ask_and_reset(const Door& door) {
  Pair pair = door.connect();
  ask(pair);
  const linger reset{1, 0};
  setsockopt(pair.client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  pair.client.reset();
}

double elapsed_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

class Requests : public BackendTest {
 protected:
  /// Otherwise a request is in flight until a packet acknowledges the answer.
  [[nodiscard]] bool knows_writes() const { return test::knows_writes(backend()); }

  /// Traces while `scene` runs; skips the test if the backend is refused.
  void trace_scene(const std::function<void(const Door&)>& scene, const Arguments& arguments = {}, int protocol = 0) {
    const Door door(protocol);
    Arguments all{"--port", door.port()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    Tracer tracer(backend(), all);
    SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
    scene(door);
    traced_ = tracer.stop();
    ASSERT_EQ(traced_.exit_status, 0) << traced_.errors;
    ASSERT_EQ(traced_.dump["services"].size(), 1U);
    service_ = traced_.dump["services"][0];
    exact_ = programs_skipped(traced_.dump) == 0;
  }

  [[nodiscard]] json worker(pid_t pid) const {
    for (const json& row : service_["workers"])
      if (row["pid"] == pid) return row;
    ADD_FAILURE() << "no worker " << pid << " in " << service_["workers"];
    return {};
  }

  /// Of the service and of this process, its only server.
  void expect_load(std::uint64_t count, std::uint64_t in_flight, std::uint64_t peak, std::uint64_t aborted) const {
    if (!exact_) GTEST_SKIP() << "the kernel skipped programs";
    for (const json& requests : {service_["requests"], worker(getpid())["requests"]}) {
      EXPECT_EQ(requests["count"], count);
      EXPECT_EQ(requests["in_flight"], in_flight);
      EXPECT_EQ(requests["aborted"], aborted);
      if (!knows_writes()) continue;
      EXPECT_EQ(requests["in_flight_peak"], peak);
      EXPECT_EQ(requests["response_seconds"]["count"], count - aborted - in_flight);
    }
  }

  Traced traced_;
  json service_;
  bool exact_ = false;
};

TEST_P(Requests, AreTheTurnsOfKeepAliveConnections) {
  trace_scene([](const Door& door) {
    const std::array<Pair, 3> pairs{door.connect(), door.connect(), door.connect()};
    for (int i = 0; i < 40; ++i)
      for (const Pair& pair : pairs) turn(pair);
  });
  if (IsSkipped() || HasFatalFailure()) return;
  expect_load(120, 0, 1, 0);
  if (!exact_) return;
  for (const json& row : traced_.dump["connections"]) {
    EXPECT_EQ(row["requests"], 40);
    EXPECT_EQ(row["served_by_pid"], getpid());
    EXPECT_EQ(row["served_by_workers"], 1);
  }
}

TEST_P(Requests, InFlightAtOnceMakeOneBusyTime) {
  double busy = 0;
  trace_scene([&busy](const Door& door) {
    const std::array<Pair, 3> pairs{door.connect(), door.connect(), door.connect()};
    const auto begin = std::chrono::steady_clock::now();
    for (const Pair& pair : pairs) ask(pair);
    std::this_thread::sleep_for(120ms);
    for (const Pair& pair : pairs) answer(pair);
    busy = elapsed_since(begin);
    std::this_thread::sleep_for(50ms);
  });
  if (IsSkipped() || HasFatalFailure()) return;
  expect_load(3, 0, 3, 0);
  if (!exact_) return;
  for (const json& requests : {service_["requests"], worker(getpid())["requests"]}) {
    EXPECT_GE(requests["busy_seconds"].get<double>(), 0.12);
    EXPECT_GE(requests["response_seconds"]["max"].get<double>(), 0.12);
    if (!knows_writes()) continue;
    EXPECT_LE(requests["busy_seconds"].get<double>(), busy);
    EXPECT_LE(requests["response_seconds"]["max"].get<double>(), busy);
  }
}

TEST_P(Requests, ThatAreNotAnsweredAreInFlightAtTheEnd) {
  std::vector<Pair> pairs;
  trace_scene([&pairs](const Door& door) {
    for (int i = 0; i < 4; ++i) pairs.push_back(door.connect());
    for (const Pair& pair : pairs) ask(pair);
    answer(pairs[0]);
  });
  if (IsSkipped() || HasFatalFailure()) return;
  expect_load(4, 3, 4, 0);
}

TEST_P(Requests, ResetInTheMiddleAreAborted) {
  trace_scene([](const Door& door) {
    for (int i = 0; i < 500; ++i) ask_and_reset(door);
  });
  if (IsSkipped() || HasFatalFailure()) return;
  expect_load(500, 0, 1, 500);
}

TEST_P(Requests, NeitherPeeksNorFailedReadsNorGreetingsBeginOne) {
  trace_scene([](const Door& door) {
    const Pair pair = door.connect();
    std::array<char, 16> buffer;
    answer(pair);  // a greeting
    EXPECT_EQ(recv(pair.server.get(), buffer.data(), buffer.size(), MSG_DONTWAIT), -1);
    put(pair.client.get());
    EXPECT_EQ(recv(pair.server.get(), buffer.data(), buffer.size(), MSG_PEEK), 1);
    answer(pair);
    take(pair.server.get());  // what was looked at: the only request, and nobody answers
    EXPECT_LE(recv(pair.server.get(), buffer.data(), 0, MSG_DONTWAIT), 0);
  });
  if (IsSkipped() || HasFatalFailure()) return;
  expect_load(1, 0, 1, 1);
}

TEST_P(Requests, AreReadAndAnsweredByAnyCall) {
  trace_scene([](const Door& door) {
    const Pair pair = door.connect();
    std::array<char, 16> buffer;
    iovec vector{buffer.data(), 1};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;

    put(pair.client.get());
    EXPECT_EQ(read(pair.server.get(), buffer.data(), 1), 1);
    EXPECT_EQ(write(pair.server.get(), "x", 1), 1);
    take(pair.client.get());

    put(pair.client.get());
    EXPECT_EQ(readv(pair.server.get(), &vector, 1), 1);
    EXPECT_EQ(writev(pair.server.get(), &vector, 1), 1);
    take(pair.client.get());

    put(pair.client.get());
    EXPECT_EQ(recvmsg(pair.server.get(), &message, 0), 1);
    EXPECT_EQ(sendmsg(pair.server.get(), &message, 0), 1);
    take(pair.client.get());

    const UniqueFd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    put(pair.client.get());
    take(pair.server.get());
    EXPECT_EQ(sendfile(pair.server.get(), file.get(), nullptr, 100), 100);
    take(pair.client.get(), 100);
  });
  if (IsSkipped() || HasFatalFailure()) return;
  expect_load(4, 0, 1, 0);
}

TEST_P(Requests, WhoseFirstBytesAreSplicedAreCountedWhenTheyAreAnswered) {
  trace_scene([](const Door& door) {
    const Pair pair = door.connect();
    std::array<int, 2> pipe{};
    ASSERT_EQ(pipe2(pipe.data(), O_CLOEXEC), 0);
    const UniqueFd out(pipe[0]);
    const UniqueFd in(pipe[1]);
    std::array<char, 16> buffer;
    for (int i = 0; i < 3; ++i) {
      put(pair.client.get());
      EXPECT_EQ(splice(pair.server.get(), nullptr, in.get(), nullptr, 16, 0), 1);
      EXPECT_EQ(read(out.get(), buffer.data(), buffer.size()), 1);
      answer(pair);
      turn(pair);
    }
  });
  if (IsSkipped() || HasFatalFailure() || !exact_) return;
  EXPECT_EQ(service_["requests"]["count"], 6);
  EXPECT_EQ(service_["requests"]["in_flight"], 0);
}

TEST_P(Requests, OfIoUringAreThoseOfItsTask) {
  if (const Ring ring; ring.error != 0) GTEST_SKIP() << "this kernel has no io_uring: " << std::strerror(-ring.error);
  trace_scene([](const Door& door) {
    const Pair pair = door.connect();
    Ring ring;
    std::array<char, 16> buffer;
    const auto done = [&ring] {
      io_uring_cqe* answer = nullptr;
      EXPECT_EQ(io_uring_submit_and_wait(&ring.ring, 1), 1);
      EXPECT_EQ(io_uring_wait_cqe(&ring.ring, &answer), 0);
      const int result = answer->res;
      io_uring_cqe_seen(&ring.ring, answer);
      return result;
    };
    for (int i = 0; i < 20; ++i) {
      put(pair.client.get());
      io_uring_prep_recv(io_uring_get_sqe(&ring.ring), pair.server.get(), buffer.data(), buffer.size(), 0);
      EXPECT_EQ(done(), 1);
      io_uring_prep_send(io_uring_get_sqe(&ring.ring), pair.server.get(), "x", 1, 0);
      EXPECT_EQ(done(), 1);
      take(pair.client.get());
    }
  });
  if (IsSkipped() || HasFatalFailure()) return;
  expect_load(20, 0, 1, 0);
}

/// Both directions of `fd` are encrypted by the kernel; both ends may use the same key for a test.
int encrypt(int fd) {
  if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls") != 0) return errno;
  tls12_crypto_info_aes_gcm_128 key{};
  key.info.version = TLS_1_2_VERSION;
  key.info.cipher_type = TLS_CIPHER_AES_GCM_128;
  for (const int direction : {TLS_TX, TLS_RX})
    if (setsockopt(fd, SOL_TLS, direction, &key, sizeof key) != 0) return errno;
  return 0;
}

TEST_P(Requests, ThatTheKernelDecryptsAreTheSame) {
  {
    const Door door;
    const Pair pair = door.connect();
    if (const int error = encrypt(pair.server.get()))
      GTEST_SKIP() << "this kernel has no TLS sockets: " << std::strerror(error);
  }
  trace_scene([](const Door& door) {
    const Pair pair = door.connect();
    EXPECT_EQ(encrypt(pair.client.get()), 0);
    EXPECT_EQ(encrypt(pair.server.get()), 0);
    for (int i = 0; i < 20; ++i) turn(pair);
  });
  if (IsSkipped() || HasFatalFailure()) return;
  expect_load(20, 0, 1, 0);
}

// Before 6.3 a request is counted when it is answered: how far the application has read, the first subflow does not
// tell.
TEST_P(Requests, OfMultipathClientsAreTurns) {
  if (const auto reason = no_mptcp()) GTEST_SKIP() << *reason;
  trace_scene(
      [](const Door& door) {
        const std::array<Pair, 2> pairs{door.connect(), door.connect()};
        for (int i = 0; i < 20; ++i)
          for (const Pair& pair : pairs) turn(pair);
      },
      {}, IPPROTO_MPTCP);
  if (IsSkipped() || HasFatalFailure() || !exact_) return;
  for (const json& requests : {service_["requests"], worker(getpid())["requests"]}) {
    EXPECT_EQ(requests["count"], knows_writes() ? 40 : 0);
    EXPECT_EQ(requests["in_flight"], 0);
  }
  const int lost = traced_.dump["losses"]["request_lost"].get<int>();
  EXPECT_LE(lost, knows_writes() ? 0 : 40);
  EXPECT_GE(lost, knows_writes() ? 0 : 38) << "the last one of a connection is not noticed if nothing comes after it";
}

TEST_P(Requests, WithAnInterimAnswerAreTwo) {
  trace_scene([](const Door& door) {
    const Pair pair = door.connect();
    for (int i = 0; i < 5; ++i) {
      ask(pair);     // a head with "Expect: 100-continue"
      answer(pair);  // "100 Continue"
      ask(pair);     // the body
      answer(pair);
    }
  });
  if (IsSkipped() || HasFatalFailure()) return;
  expect_load(10, 0, 1, 0);
}

TEST_P(Requests, OfTheServerThatHasShutDownItsSideAreNone) {
  trace_scene([](const Door& door) {
    const Pair pair = door.connect();
    turn(pair);
    ask(pair);
    shutdown(pair.server.get(), SHUT_WR);  // its FIN is no answer
    ask(pair);                             // what it still reads, nobody can answer
  });
  if (IsSkipped() || HasFatalFailure()) return;
  expect_load(2, 0, 1, 1);
}

TEST_P(Requests, AreExactWhereOneThreadReadsAndAnotherWrites) {
  const int turns = time_factor() > 4 ? 500 : 20000;
  trace_scene([turns](const Door& door) {
    const Pair pair = door.connect();
    std::array<int, 2> pipe{};
    ASSERT_EQ(pipe2(pipe.data(), O_CLOEXEC), 0);
    const UniqueFd out(pipe[0]);
    const UniqueFd in(pipe[1]);
    const auto copy = [turns](int from, int to) {  // the client's next request may be read before this write returns
      std::array<char, 1> byte;
      for (int i = 0; i < turns; ++i)
        if (read(from, byte.data(), 1) != 1 || write(to, byte.data(), 1) != 1) return;
    };
    std::thread reader(copy, pair.server.get(), in.get());
    std::thread writer(copy, out.get(), pair.server.get());
    for (int i = 0; i < turns; ++i) {
      put(pair.client.get());
      take(pair.client.get());
    }
    reader.join();
    writer.join();
  });
  if (IsSkipped() || HasFatalFailure() || !exact_) return;
  for (const json& requests : {service_["requests"], worker(getpid())["requests"]}) {
    EXPECT_EQ(requests["count"], turns);
    EXPECT_EQ(requests["in_flight"], 0);
    if (knows_writes()) {
      EXPECT_LE(requests["in_flight_peak"].get<int>(), 2) << "the next one may be read before a write is counted";
    }
  }
}

TEST_P(Requests, DoNotDriftOverAMillionWithTenThousandResets) {
  const std::uint64_t lasting = time_factor() > 4 ? 5000 : 1000000;
  const std::uint64_t resets = lasting / 100;
  trace_scene([lasting, resets](const Door& door) {
    const std::array<Pair, 4> pairs{door.connect(), door.connect(), door.connect(), door.connect()};
    std::thread resetting([&door, resets] {
      for (std::uint64_t i = 0; i < resets; ++i) ask_and_reset(door);
    });
    for (std::uint64_t i = 0; i < lasting; ++i) turn(pairs[i % pairs.size()]);
    resetting.join();
  });
  if (IsSkipped() || HasFatalFailure() || !exact_) return;
  for (const json& requests : {service_["requests"], worker(getpid())["requests"]}) {
    EXPECT_EQ(requests["count"], lasting + resets);
    EXPECT_EQ(requests["aborted"], resets);
    EXPECT_EQ(requests["in_flight"], 0);
    if (knows_writes()) {
      EXPECT_LE(requests["in_flight_peak"].get<int>(), 2);
    }
  }
}

TEST_P(Requests, OnKernelsThatReportNeitherCallsNorArrivals) {
  // 7.1 has tcp_release_cb_cond() (commit 6f459eda8b60): without deferred work the function is not called at all. Such
  // kernels have the tracepoints, so only the simulation fails there.
  if (backend() != "tracepoint" && kernel_version() >= 700)
    GTEST_SKIP() << "this kernel calls tcp_release_cb() only for deferred work, and has the tracepoints";
  trace_scene(
      [](const Door& door) {
        const std::array<Pair, 2> pairs{door.connect(), door.connect()};
        for (int i = 0; i < 20; ++i) {
          for (const Pair& pair : pairs) ask(pair);
          for (const Pair& pair : pairs) answer(pair);
          for (const Pair& pair : pairs) turn(pair);
        }
        put(pairs[0].client.get());
        std::this_thread::sleep_for(150ms);
        take(pairs[0].server.get());
        answer(pairs[0]);
      },
      {"--simulate-missing", "request_traces"});
  if (IsSkipped() || HasFatalFailure() || !exact_) return;
  for (const json& requests : {service_["requests"], worker(getpid())["requests"]}) {
    EXPECT_EQ(requests["count"], 81);
    EXPECT_EQ(requests["in_flight"], 0);
    EXPECT_EQ(requests["aborted"], 0);
    EXPECT_GE(requests["in_flight_peak"], 2);
    // Of the last answer on each of the two, nothing tells but an acknowledgement, which the client may delay to 200
    // ms.
    EXPECT_GE(requests["response_seconds"]["count"], 79) << "when a last answer was written may be unknown";
  }
  EXPECT_EQ(service_["requests"]["unread_wait_seconds"]["count"], 81);
  EXPECT_GE(service_["requests"]["unread_wait_seconds"]["max"].get<double>(), 0.13) << "to a timer tick";
}

TEST_P(Requests, SeveralReadsAndWritesAreOneTurn) {
  trace_scene([](const Door& door) {
    const Pair pair = door.connect();
    for (int i = 0; i < 5; ++i) {
      ask(pair);
      ask(pair);
      answer(pair);
      std::this_thread::sleep_for(20ms);
      answer(pair);
    }
    shutdown(pair.client.get(), SHUT_WR);
    std::array<char, 1> buffer;
    EXPECT_EQ(recv(pair.server.get(), buffer.data(), 1, 0), 0);
    answer(pair);  // after the half-close: of no request
  });
  if (IsSkipped() || HasFatalFailure()) return;
  expect_load(5, 0, 1, 0);
  if (!exact_ || !knows_writes()) return;
  const json& complete = service_["requests"]["complete_seconds"];
  EXPECT_EQ(complete["count"], 5);
  EXPECT_GE(complete["p50"].get<double>(), 0.0175) << "up to the second write; within a bucket of 12.5 %";
}

TEST_P(Requests, BelongToTheProcessThatReads) {
  pid_t child = -1;
  trace_scene([&child](const Door& door) {
    const Pair pair = door.connect();
    for (int i = 0; i < 3; ++i) turn(pair);
    child = fork();
    if (child == 0) {
      for (int i = 0; i < 7; ++i) {
        std::array<char, 1> buffer;
        if (recv(pair.server.get(), buffer.data(), 1, 0) != 1 || send(pair.server.get(), "x", 1, 0) != 1) _exit(1);
      }
      _exit(0);
    }
    for (int i = 0; i < 7; ++i) {
      put(pair.client.get());
      take(pair.client.get());
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  });
  if (IsSkipped() || HasFatalFailure() || !exact_) return;
  EXPECT_EQ(service_["requests"]["count"], 10);
  EXPECT_EQ(worker(getpid())["requests"]["count"], 3);
  EXPECT_EQ(worker(child)["requests"]["count"], 7);
  EXPECT_EQ(worker(child)["accepts"], 0);
  EXPECT_EQ(traced_.dump["connections"][0]["served_by_pid"], child);
  EXPECT_EQ(traced_.dump["connections"][0]["served_by_workers"], 2);
  EXPECT_EQ(traced_.dump["connections"][0]["requests"], 10);
}

TEST_P(Requests, InFlightWhenTracingBeganAreKnown) {
  const Door door;
  const std::array<Pair, 3> pairs{door.connect(), door.connect(), door.connect()};
  turn(pairs[0]);
  std::this_thread::sleep_for(50ms);  // the kernel remembers the times of the last data to a jiffy
  ask(pairs[0]);
  ask(pairs[1]);
  turn(pairs[2]);
  Tracer tracer(backend(), {"--port", door.port()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  answer(pairs[0]);
  traced_ = tracer.stop();
  ASSERT_EQ(traced_.exit_status, 0) << traced_.errors;
  service_ = traced_.dump["services"][0];
  if (programs_skipped(traced_.dump) != 0) GTEST_SKIP() << "the kernel skipped programs";
  for (const json& requests : {service_["requests"], worker(getpid())["requests"]}) {
    EXPECT_EQ(requests["count"], 2);
    EXPECT_EQ(requests["in_flight"], 1);
    EXPECT_EQ(requests["in_flight_peak"], 2);
    EXPECT_EQ(requests["response_seconds"]["count"], 0) << "when they were read is not known";
    EXPECT_GT(requests["busy_seconds"].get<double>(), 0);
  }
}

TEST_P(Requests, UnreadDataWaitsInTheWorker) {
  trace_scene([](const Door& door) {
    const Pair pair = door.connect();
    for (int i = 0; i < 5; ++i) turn(pair);
    put(pair.client.get());
    std::this_thread::sleep_for(150ms);
    take(pair.server.get());
    answer(pair);
  });
  if (IsSkipped() || HasFatalFailure() || !exact_) return;
  const json& wait = service_["requests"]["unread_wait_seconds"];
  EXPECT_EQ(wait["count"], 6);
  EXPECT_GE(wait["max"].get<double>(), kernel_version() < 603 ? 0.13 : 0.15) << "to a timer tick before 6.3";
  EXPECT_LT(wait["p50"].get<double>(), 0.1);
}

TEST_P(Requests, AreNotCountedOnDemand) {
  trace_scene([](const Door& door) { turn(door.connect()); }, {"--no-requests"});
  if (IsSkipped() || HasFatalFailure()) return;
  EXPECT_TRUE(service_["requests"].is_null());
  EXPECT_TRUE(worker(getpid())["requests"].is_null());
  EXPECT_TRUE(service_["active_workers"]["requests"].is_null());
  EXPECT_TRUE(traced_.dump["connections"][0]["requests"].is_null());
}

TEST_P(Requests, OnKernelsWithoutAtomicOperations) {
  trace_scene(
      [](const Door& door) {
        const std::array<Pair, 2> pairs{door.connect(), door.connect()};
        for (int i = 0; i < 20; ++i) {
          for (const Pair& pair : pairs) ask(pair);
          for (const Pair& pair : pairs) answer(pair);
        }
      },
      {"--simulate-missing", "atomic_fetch"});
  if (IsSkipped() || HasFatalFailure()) return;
  expect_load(40, 0, 2, 0);
}

INSTANTIATE_TEST_SUITE_P(, Requests, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
