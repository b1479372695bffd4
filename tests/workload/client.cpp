// SPDX-License-Identifier: BSD-2-Clause
#include "client.hpp"

#include <fmt/format.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <thread>

#include "protocol.hpp"

namespace workload {
namespace {

/// The client's side of one connection. Blocking: a client thread handles one connection at a time.
class ClientConnection {
 public:
  ClientConnection(const Options& options, std::uint32_t nth)
      : options_(&options),
        end_(options.ends[nth % options.ends.size()]),
        hold_(options.hold_ms[nth % options.hold_ms.size()]) {}

  [[nodiscard]] End end() const { return end_; }

  /// Connects and sends the request.
  void open(const Endpoint& server) {
    fd_ = UniqueFd{socket(server.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC, options_->mptcp_client ? kMptcp : 0)};
    if (!fd_) fail_with_errno("socket");
    if (options_->source_port != 0) bind_source_port(server);
    RequestHeader header{};
    header.payload_bytes = options_->request_bytes;
    header.response_bytes = options_->response_bytes;
    header.end = end_;
    header.connect_started_ns = now_ns();
    if (connect(fd_.get(), &server.generic, server.length) != 0) {
      fail_with_errno(fmt::format("connect to {} port {}", server.address(), server.port()));
    }
    header.connected_ns = now_ns();
    if (end_ == End::kQueueReset) {
      reset_in_queue();
      return;
    }
    std::vector<char> request(sizeof header + options_->request_bytes);
    std::memcpy(request.data(), &header, sizeof header);
    send_all(request);
  }

  /// Waits for the response and holds the connection for the planned time.
  void use() {
    if (end_ == End::kQueueReset) return;
    if (end_ != End::kHalfClosePeer) receive_response();
    if (end_ == End::kHalfCloseLocal) drain();
    std::this_thread::sleep_for(hold_);
  }

  /// Ends the connection in the planned way.
  void finish() {
    switch (end_) {
      case End::kPeer:
      case End::kShutdownAfterPeer:
      case End::kHold:
      case End::kQueueReset: break;
      case End::kReset: reset_on_close(fd_.get()); break;
      case End::kLocal:
      case End::kLocalReset:
        send_all({'.'});
        drain();
        break;
      case End::kHalfClosePeer:
        shutdown(fd_.get(), SHUT_WR);
        receive_response();
        drain();
        break;
      case End::kHalfCloseLocal: send_all({'.'}); break;
    }
    fd_.reset();
  }

  /// Reads until the peer has ended the connection, in any way.
  void drain() const {
    std::array<char, 4096> buffer;
    for (;;) {
      const ssize_t received = recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (received == 0 || (received < 0 && errno != EINTR)) return;
    }
  }

 private:
  void bind_source_port(const Endpoint& server) const {
    const int on = 1;
    setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const Endpoint source = Endpoint::of(server.generic.sa_family == AF_INET ? "0.0.0.0" : "::", options_->source_port);
    if (bind(fd_.get(), &source.generic, source.length) != 0) fail_with_errno("bind to the source port");
  }

  /// Resets the connection once it is certain to be in the server's accept queue: an acknowledged byte proves that the
  /// last packet of the handshake, which another CPU than that of the reset may process, has arrived.
  void reset_in_queue() {
    send_all({'.'});
    for (int unacknowledged = 1; unacknowledged > 0;) {
      if (ioctl(fd_.get(), SIOCOUTQ, &unacknowledged) != 0) fail_with_errno("SIOCOUTQ");
      if (unacknowledged > 0) std::this_thread::yield();
    }
    reset_on_close(fd_.get());
    fd_.reset();
  }

  void send_all(const std::vector<char>& data) const {
    for (std::size_t sent = 0; sent < data.size();) {
      const ssize_t count = send(fd_.get(), data.data() + sent, data.size() - sent, MSG_NOSIGNAL);
      if (count >= 0) {
        sent += static_cast<std::size_t>(count);
      } else if (errno != EINTR) {
        fail_with_errno("send");
      }
    }
  }

  void receive_response() const {
    std::array<char, 65536> buffer;
    for (std::size_t left = options_->response_bytes; left > 0;) {
      const ssize_t received = recv(fd_.get(), buffer.data(), std::min(left, buffer.size()), 0);
      if (received == 0) throw Failure("the server ended the connection before it had answered");
      if (received > 0) {
        left -= static_cast<std::size_t>(received);
      } else if (errno != EINTR) {
        fail_with_errno("recv");
      }
    }
  }

  const Options* options_;
  End end_;
  std::chrono::milliseconds hold_;
  UniqueFd fd_;
};

/// One thread of the client: makes every `concurrency`-th connection of the run, one at a time.
class ClientThread {
 public:
  ClientThread(const Options& options, Truth& truth, const std::vector<std::uint16_t>& ports, int finish)
      : options_(options), truth_(truth), ports_(ports), finish_(finish) {}

  void run(std::uint32_t first) {
    // With --gate, nothing is answered until all connections are made, so make them all first.
    const bool all_first = options_.gate || options_.never_accept;
    std::vector<ClientConnection> opened;
    for (std::uint32_t index = first; index < options_.total_connections(); index += options_.concurrency) {
      std::optional<ClientConnection> connection = open(index);
      if (!connection) continue;
      if (all_first) {
        opened.push_back(std::move(*connection));
      } else {
        use(std::move(*connection));
      }
    }
    for (ClientConnection& connection : opened) use(std::move(connection));
    end_held();
  }

 private:
  std::optional<ClientConnection> open(std::uint32_t index) {
    const std::uint32_t service = index % options_.services;
    const std::uint32_t nth = index / options_.services;
    ClientConnection connection{options_, nth};
    const bool done =
        attempt([&] { connection.open(Endpoint::of(options_.address_for(service, nth), ports_[service])); });
    truth_.counters().client_opened.fetch_add(1);
    if (!done) return std::nullopt;
    return connection;
  }

  void use(ClientConnection connection) {
    if (options_.never_accept) {
      held_.push_back(std::move(connection));
      truth_.counters().client_settled.fetch_add(1);
      return;
    }
    const bool done = attempt([&] { connection.use(); });
    if (done && connection.end() == End::kHold) {
      held_.push_back(std::move(connection));
      truth_.counters().client_settled.fetch_add(1);
    } else if (done && attempt([&] { connection.finish(); })) {
      truth_.counters().client_settled.fetch_add(1);
    }
  }

  void end_held() {
    wait_for(finish_, POLLIN);
    for (ClientConnection& connection : held_) {
      if (options_.never_accept || options_.finish != Finish::kPeer) connection.drain();
    }
    held_.clear();
  }

  /// Runs one step. Reports and counts a failure, which settles the connection, and returns false.
  template <class Step>
  [[nodiscard]] bool attempt(const Step& step) {
    try {
      step();
      return true;
    } catch (const Failure& failure) {
      fmt::print(stderr, "workload: client: {}\n", failure.what());
      truth_.counters().client_failures.fetch_add(1);
      truth_.counters().client_settled.fetch_add(1);
      return false;
    }
  }

  const Options& options_;
  Truth& truth_;
  const std::vector<std::uint16_t>& ports_;
  int finish_;
  std::vector<ClientConnection> held_;
};

}  // namespace

void run_client_process(const Options& options, Truth& truth, const std::vector<std::uint16_t>& ports, int finish) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t i = 0; i < options.concurrency; ++i) {
      threads.emplace_back([&, i] { ClientThread{options, truth, ports, finish}.run(i); });
    }
  }
  _exit(0);
}

}  // namespace workload
