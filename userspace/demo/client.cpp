// SPDX-License-Identifier: BSD-2-Clause
#include "demo/client.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

#include "demo/process.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope::demo {
namespace {

using Clock = std::chrono::steady_clock;

/// How a client behaves. Both send about the same number of requests, so that only the connections differ.
struct Behaviour {
  unsigned lanes;                   ///< concurrent lanes, each sending a request or thinking
  std::chrono::milliseconds think;  ///< between a response and the lane's next request
  bool keep_alive;
};
constexpr Behaviour kPinned{40, std::chrono::milliseconds{100}, true};
constexpr Behaviour kSpread{40, std::chrono::milliseconds{100}, false};
constexpr std::chrono::milliseconds kPoolPause{30};
constexpr std::size_t kMostRequests = 20'000;  // well below the ephemeral ports; TIME_WAIT holds each for a minute

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: demo\r\nConnection: keep-alive\r\n\r\n";
constexpr std::string_view kOnlyRequest = "GET / HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n";

/// One connection at a time, one request at a time on it.
struct Lane {
  UniqueFd fd;
  bool waiting = false;  ///< for a response
  Clock::time_point next_request;
};

class Client {
 public:
  Client(const Behaviour& behaviour, std::uint16_t port, std::chrono::nanoseconds duration)
      : behaviour_(behaviour), port_(port), end_(Clock::now() + duration), lanes_(behaviour.lanes) {}

  /// The exit status.
  int run() {
    if (behaviour_.keep_alive && !fill_pool()) return complain("connect");
    stagger();
    while (Clock::now() < end_) {
      if (!send_due_requests()) return complain("send a request");
      if (!receive_responses()) return complain("receive a response");
    }
    return 0;
  }

 private:
  /// Opens the pool in two bursts. In each, the few workers that reach the accept queue first take all connections.
  bool fill_pool() {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      if (i == lanes_.size() / 2) std::this_thread::sleep_for(kPoolPause);
      if (!connect(lanes_[i])) return false;
    }
    return true;
  }

  /// Spreads the first requests over one think time.
  void stagger() {
    const auto start = Clock::now() + behaviour_.think;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      lanes_[i].next_request = start + behaviour_.think * static_cast<int>(i) / static_cast<int>(lanes_.size());
    }
  }

  bool connect(Lane& lane) const {
    lane.fd = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return lane.fd && ::connect(lane.fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  bool send_due_requests() {
    const auto now = Clock::now();
    for (Lane& lane : lanes_) {
      if (lane.waiting || lane.next_request > now || requests_ >= kMostRequests) continue;
      if (!lane.fd && !connect(lane)) return false;
      const std::string_view request = behaviour_.keep_alive ? kRequest : kOnlyRequest;
      if (::send(lane.fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
      lane.waiting = true;
      ++requests_;
    }
    return true;
  }

  /// Sleeps until a response arrives, a request is due or the time is up; then reads the responses.
  bool receive_responses() {
    auto wake = end_;
    std::vector<pollfd> polled;
    std::vector<Lane*> owners;
    for (Lane& lane : lanes_) {
      if (!lane.waiting) {
        if (requests_ < kMostRequests) wake = std::min(wake, lane.next_request);
        continue;
      }
      polled.push_back({lane.fd.get(), POLLIN, 0});
      owners.push_back(&lane);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::max(wake - Clock::now(), Clock::duration{0}));
    if (::poll(polled.data(), polled.size(), static_cast<int>(left.count())) < 0) return errno == EINTR;
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].revents != 0 && !take_response(*owners[i])) return false;
    }
    return true;
  }

  /// Responses are a few bytes long and arrive in one piece.
  bool take_response(Lane& lane) const {
    std::array<char, 1024> bytes{};
    if (::recv(lane.fd.get(), bytes.data(), bytes.size(), 0) <= 0) return false;
    if (!behaviour_.keep_alive) lane.fd.reset();
    lane.waiting = false;
    lane.next_request = Clock::now() + behaviour_.think;
    return true;
  }

  int complain(const char* action) const {
    const int error = errno;
    std::fprintf(stderr, "acceptscope: the demo's client cannot %s on 127.0.0.1:%u: %s\n", action, unsigned{port_},
                 std::strerror(error));
    return 1;
  }

  const Behaviour& behaviour_;
  std::uint16_t port_;
  Clock::time_point end_;
  std::vector<Lane> lanes_;
  std::size_t requests_ = 0;
};

}  // namespace

Result<pid_t> start_client(ClientKind kind, std::uint16_t port, std::chrono::nanoseconds duration) {
  const Behaviour& behaviour = kind == ClientKind::pinned ? kPinned : kSpread;
  return spawn("demo-client", {}, [&] { return Client(behaviour, port, duration).run(); });
}

}  // namespace acceptscope::demo
