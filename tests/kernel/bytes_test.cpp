// SPDX-License-Identifier: BSD-2-Clause
// Bytes are those of the application, in whatever order packets, calls and closes come.
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "listener.hpp"
#include "shared.hpp"

namespace acceptscope::test {
namespace {

class Bytes : public BackendTest {
 protected:
  Listener listener_;
};

const json& only_worker(const json& dump) { return dump["services"].at(0)["workers"].at(0); }

/// Reads until the peer closes.
std::size_t read_all(const UniqueFd& fd) {
  std::vector<char> buffer(65536);
  std::size_t total = 0;
  for (ssize_t n = 0; (n = recv(fd.get(), buffer.data(), buffer.size(), 0)) > 0;) total += static_cast<std::size_t>(n);
  return total;
}

void send_all(const UniqueFd& fd, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = send(fd.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    ASSERT_GT(n, 0);
    sent += static_cast<std::size_t>(n);
  }
}

/// Burns a little time, a little more each time.
void dawdle(int round) {
  std::atomic<int> steps{0};
  while (steps.fetch_add(1, std::memory_order_relaxed) < round * 13 % 2500) {
  }
}

TEST_P(Bytes, AreRightThoughBothSidesCloseAtOnce) {
  constexpr int kRounds = 3000;
  Tracer tracer(backend(), {"--port", listener_.port_text()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  std::atomic<int> round{-1}, closed{-1};
  UniqueFd client;
  std::jthread other_side([&] {
    for (int i = 0; i < kRounds; ++i) {
      while (round.load() < i) std::this_thread::yield();
      dawdle(i * 7);
      client.reset();
      closed.store(i);
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    client = connect_to(listener_.port());
    UniqueFd accepted = listener_.accept();
    char bytes[8];
    send_all(client, "hello");
    EXPECT_EQ(recv(accepted.get(), bytes, sizeof bytes, 0), 5);
    round.store(i);
    dawdle(i);
    accepted.reset();
    while (closed.load() < i) std::this_thread::yield();
  }
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  expect_count("accepts", traced.dump, traced.dump["totals"]["accepts"], kRounds);
  if (programs_skipped(traced.dump) != 0) return;
  EXPECT_EQ(only_worker(traced.dump)["bytes_received"], kRounds * 5);
  EXPECT_EQ(only_worker(traced.dump)["bytes_sent"], 0);
}

TEST_P(Bytes, SentAreAllThatWasWrittenThoughAcknowledgementsCome) {
  constexpr int kRounds = 400;
  const std::string answer(90'000, 'x');
  Tracer tracer(backend(), {"--port", listener_.port_text()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  std::atomic<std::size_t> arrived{0};
  std::jthread clients([&] {
    for (int i = 0; i < kRounds; ++i) {
      const UniqueFd client = connect_to(listener_.port());
      send_all(client, "GET ");
      arrived += read_all(client);
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    const UniqueFd accepted = listener_.accept();
    char request[8];
    EXPECT_EQ(recv(accepted.get(), request, sizeof request, 0), 4);
    send_all(accepted, answer);  // and closes at once, while the client still reads
  }
  clients.join();
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  EXPECT_EQ(arrived, kRounds * answer.size());
  if (programs_skipped(traced.dump) != 0) return;
  EXPECT_EQ(only_worker(traced.dump)["bytes_sent"], kRounds * answer.size());
  EXPECT_EQ(only_worker(traced.dump)["bytes_received"], kRounds * 4);
}

TEST_P(Bytes, AreThoseOfTheConnectionThoughTheSocketIsDisconnected) {
  Tracer tracer(backend(), {"--port", listener_.port_text()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  for (int i = 0; i < 10; ++i) {
    const UniqueFd client = connect_to(listener_.port());
    const UniqueFd accepted = listener_.accept();
    char bytes[8];
    send_all(client, "hello");
    EXPECT_EQ(recv(accepted.get(), bytes, sizeof bytes, 0), 5);
    send_all(accepted, "ok");
    EXPECT_EQ(recv(client.get(), bytes, sizeof bytes, 0), 2);
    sockaddr nowhere{};
    nowhere.sa_family = AF_UNSPEC;
    EXPECT_EQ(connect(accepted.get(), &nowhere, sizeof nowhere), 0);
  }
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  if (programs_skipped(traced.dump) != 0) return;
  EXPECT_EQ(traced.dump["losses"]["missed_close"], 0);
  for (const json& connection : traced.dump["connections"]) {
    EXPECT_EQ(connection["bytes_received"], 5);
    EXPECT_EQ(connection["bytes_sent"], 2);
  }
}

TEST_P(Bytes, OfADisconnectedSocketEndWhenItListensAgain) {
  Tracer tracer(backend(), {"--port", listener_.port_text()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const UniqueFd client = connect_to(listener_.port());
  const UniqueFd accepted = listener_.accept();
  send_all(accepted, "ok");
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  EXPECT_EQ(connect(accepted.get(), &nowhere, sizeof nowhere), 0);
  EXPECT_EQ(listen(accepted.get(), 4), 0);
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  expect_count("closes", traced.dump, traced.dump["totals"]["closes"], 1);
  if (programs_skipped(traced.dump) != 0) return;
  EXPECT_EQ(traced.dump["losses"]["missed_close"], 0);
  EXPECT_EQ(traced.dump["connections"].at(0)["bytes_sent"], 2);
}

TEST_P(Bytes, NotAcknowledgedArePartOfThoseSent) {
  Tracer tracer(backend(), {"--port", listener_.port_text()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const UniqueFd client = connect_to(listener_.port());
  const UniqueFd accepted = listener_.accept();
  const std::string much(65'536, 'x');
  std::size_t sent = 0;
  for (ssize_t n = 0; (n = send(accepted.get(), much.data(), much.size(), MSG_DONTWAIT)) > 0;)
    sent += static_cast<std::size_t>(n);
  int queued = -1;
  std::vector<int> looks;
  EXPECT_TRUE(eventually([&] {  // the peer reads nothing: at last nothing more is acknowledged
    const int before = std::exchange(queued, -1);
    ioctl(accepted.get(), SIOCOUTQ, &queued);
    looks.push_back(queued);
    return queued == before && looks.size() > 20;
  }));
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  if (programs_skipped(traced.dump) != 0) return;
  const json& connection = traced.dump["connections"].at(0);
  EXPECT_EQ(connection["bytes_sent"], sent);
  EXPECT_GT(connection["bytes_unacknowledged"], 0);
  EXPECT_LE(connection["bytes_unacknowledged"], sent);
}

INSTANTIATE_TEST_SUITE_P(, Bytes, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
