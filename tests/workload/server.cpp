// SPDX-License-Identifier: BSD-2-Clause
#include "server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <thread>
#include <unordered_map>

#include "protocol.hpp"
#include "uring.hpp"

namespace workload {
namespace {

/// The server's side of one connection.
class Connection {
 public:
  Connection(UniqueFd fd, Truth& truth, ConnectionRecord& record)
      : fd_(std::move(fd)), truth_(&truth), record_(&record) {}

  /// Processes all available input; true once the connection is closed.
  [[nodiscard]] bool advance() {
    std::array<char, 65536> buffer;
    for (;;) {
      const ssize_t received = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (received > 0) {
        record_->bytes_received += static_cast<std::uint64_t>(received);
        if (consume(buffer.data(), static_cast<std::size_t>(received))) return true;
      } else if (received == 0) {
        end_of_input();
        return true;
      } else if (errno == EAGAIN) {
        return false;
      } else if (errno != EINTR) {
        close_as(ClosedBy::kReset);
        return true;
      }
    }
  }

  /// Advances until the connection is closed, or its request is answered and it is held.
  void serve() {
    while (!advance() && !held()) wait_for(fd_.get(), POLLIN);
  }

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool is_open() const { return static_cast<bool>(fd_); }
  [[nodiscard]] bool held() const { return answered_ && header_.end == End::kHold; }

  void close_as(ClosedBy by) {
    note_closing(by);
    fd_.reset();
    record_->close_returned_ns.store(now_ns(), std::memory_order_release);
    truth_->counters().closed.fetch_add(1, std::memory_order_acq_rel);
  }

  /// The process is about to exit with this connection open; the conductor records when it is gone.
  void leave_to_exit() {
    note_closing(ClosedBy::kWorkerExit);
    static_cast<void>(fd_.release());
  }

  /// Closes this process's file descriptor: a child continues with its own.
  void hand_over() { fd_.reset(); }

 private:
  void note_closing(ClosedBy by) {
    record_->closer = getpid();
    record_->closed_by.store(by, std::memory_order_release);
    record_->closing_ns = now_ns();
  }

  /// Reads input; true if that closed the connection.
  bool consume(const char* data, std::size_t size) {
    const std::size_t for_header = std::min(size, sizeof header_ - header_received_);
    std::memcpy(reinterpret_cast<char*>(&header_) + header_received_, data, for_header);
    header_received_ += for_header;
    size -= for_header;
    if (header_received_ < sizeof header_) return false;
    if (for_header > 0) {
      record_->connect_started_ns = header_.connect_started_ns;
      record_->connected_ns = header_.connected_ns;
    }
    const std::size_t for_payload = std::min<std::size_t>(size, header_.payload_bytes - payload_received_);
    payload_received_ += for_payload;
    size -= for_payload;
    if (payload_received_ == header_.payload_bytes && !answered_) answer();
    return size > 0 && last_word();
  }

  void answer() {
    answered_ = true;
    if (header_.end == End::kHalfClosePeer) return;  // answered once the client has shut down
    respond();
    if (header_.end == End::kHalfCloseLocal) shutdown(fd_.get(), SHUT_WR);
  }

  /// The byte after the request, with which the client asks the server to close first. True if that closed it.
  bool last_word() {
    if (header_.end == End::kHalfCloseLocal) return false;  // the byte only has to be counted
    if (header_.end == End::kLocalReset) reset_on_close(fd_.get());
    close_as(ClosedBy::kLocal);
    return true;
  }

  void end_of_input() {
    if (header_.end == End::kHalfClosePeer) respond();
    if (header_.end == End::kShutdownAfterPeer) shutdown(fd_.get(), SHUT_WR);
    close_as(header_.end == End::kHalfCloseLocal ? ClosedBy::kLocal : ClosedBy::kPeer);
  }

  void respond() {
    static constexpr std::array<char, 16384> kBody{};
    for (std::size_t left = header_.response_bytes; left > 0;) {
      // Recorded before sending: once the client has received everything, the ground truth can be requested.
      const std::size_t part = std::min(left, kBody.size());
      record_->bytes_sent += part;
      const ssize_t sent = send(fd_.get(), kBody.data(), part, MSG_DONTWAIT | MSG_NOSIGNAL);
      record_->bytes_sent -= part - static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
      if (sent >= 0) {
        left -= static_cast<std::size_t>(sent);
      } else if (errno == EAGAIN) {
        wait_for(fd_.get(), POLLOUT);
      } else if (errno != EINTR) {
        return;  // the client is gone: the next recv() returns the reason
      }
    }
  }

  UniqueFd fd_;
  Truth* truth_;
  ConnectionRecord* record_;
  RequestHeader header_{};
  std::size_t header_received_ = 0;
  std::size_t payload_received_ = 0;
  bool answered_ = false;
};

/// Accepts and serves connections: a worker process, or one of its threads.
class Worker {
 public:
  Worker(const WorkerPlan& plan, std::uint32_t slot, std::vector<Listener> listeners)
      : plan_(plan), options_(*plan.options), truth_(*plan.truth), slot_(slot), listeners_(std::move(listeners)) {}

  void run() {
    announce();
    if (!gate_opened()) return;
    switch (options_.accepting) {
      case Accepting::kEpoll: return run_epoll();
      case Accepting::kBlocking: return run_blocking();
      case Accepting::kUring:
      case Accepting::kUringMultishot: return run_uring();
    }
  }

 private:
  void announce() {
    WorkerRecord& record = truth_.workers()[slot_];
    prctl(PR_GET_NAME, record.comm.data());
    record.pid.store(getpid());
    record.tid.store(gettid());
  }

  /// Waits for the gate; false if the run finished first.
  [[nodiscard]] bool gate_opened() const {
    std::array<pollfd, 2> entries{pollfd{.fd = plan_.gate, .events = POLLIN, .revents = 0},
                                  pollfd{.fd = plan_.stop, .events = POLLIN, .revents = 0}};
    while (poll(entries.data(), entries.size(), -1) < 0 && errno == EINTR) {
    }
    return entries[0].revents != 0;
  }

  /// Accepts one connection; nullopt if there is none, or none any more.
  std::optional<Connection> accept_one(const Listener& listener) {
    Endpoint peer;
    std::memset(&peer, 0, sizeof peer);
    for (;;) {
      peer.length = sizeof peer.v6;
      const std::uint64_t entered_ns = now_ns();
      UniqueFd fd{accept4(listener.fd, &peer.generic, &peer.length, SOCK_CLOEXEC)};
      const std::uint64_t accepted_ns = now_ns();
      if (!fd) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EAGAIN || errno == EINVAL) return std::nullopt;  // EINVAL: the socket no longer listens
        fail_with_errno("accept");
      }
      return admit(listener, std::move(fd), peer, entered_ns, accepted_ns);
    }
  }

  /// Records an accepted connection.
  Connection admit(const Listener& listener, UniqueFd fd, const Endpoint& peer, std::uint64_t entered_ns,
                   std::uint64_t accepted_ns) {
    ConnectionRecord& record = truth_.add(slot_, listener.service);
    record.peer = peer;
    record.local = Endpoint::local_of(fd.get());
    record.accept_entered_ns = entered_ns;
    record.accepted_ns = accepted_ns;
    return Connection{std::move(fd), truth_, record};
  }

  void run_blocking() {
    std::vector<Connection> held;
    while (std::optional<Connection> connection = accept_one(listeners_.front())) {
      if (options_.fork_after_accept) {
        serve_in_child(*connection);
      } else {
        connection->serve();
      }
      if (connection->is_open()) held.push_back(std::move(*connection));
    }
    finish_when_stopped(held);
  }

  void run_uring() {
    const Listener& listener = listeners_.front();
    UringAcceptor acceptor(listener.fd, plan_.stop, options_.accepting == Accepting::kUringMultishot);
    std::vector<Connection> held;
    while (std::optional<UringAcceptor::Accepted> accepted = acceptor.next()) {
      const Endpoint peer = Endpoint::peer_of(accepted->fd.get());
      Connection connection =
          admit(listener, std::move(accepted->fd), peer, accepted->entered_ns, accepted->accepted_ns);
      connection.serve();
      if (connection.is_open()) held.push_back(std::move(connection));
    }
    finish_when_stopped(held);
  }

  void finish_when_stopped(std::vector<Connection>& held) const {
    wait_for(plan_.stop, POLLIN);
    for (Connection& connection : held) finish(connection);
  }

  /// The child continues only after this process has closed its own file descriptor, so that the child closes last.
  static void serve_in_child(Connection& connection) {
    Broadcast go_on = Broadcast::create();
    const pid_t child = fork();
    if (child < 0) fail_with_errno("fork");
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      go_on.writer.reset();
      wait_for(go_on.reader.get(), POLLIN);
      connection.serve();
      _exit(0);
    }
    connection.hand_over();
    go_on.send();
  }

  void finish(Connection& connection) const {
    switch (options_.finish) {
      case Finish::kLocal: connection.close_as(ClosedBy::kLocal); break;
      case Finish::kExit: connection.leave_to_exit(); break;
      case Finish::kPeer:
      case Finish::kKill:
        while (!connection.advance()) wait_for(connection.fd(), POLLIN);
        break;
    }
  }

  void run_epoll() {
    const UniqueFd epoll{epoll_create1(EPOLL_CLOEXEC)};
    if (!epoll) fail_with_errno("epoll_create1");
    const auto watch = [&epoll](int fd, std::uint32_t events) {
      epoll_event event{.events = events, .data = {.fd = fd}};
      if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) fail_with_errno("epoll_ctl");
    };
    for (const Listener& listener : listeners_) {
      watch(listener.fd, EPOLLIN | (options_.exclusive ? std::uint32_t{EPOLLEXCLUSIVE} : 0U));
    }
    watch(plan_.stop, EPOLLIN);

    std::unordered_map<int, Connection> connections;
    std::array<epoll_event, 64> events{};
    for (bool stopping = false; !stopping;) {
      const int count = epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        const auto listener = std::ranges::find(listeners_, fd, &Listener::fd);
        if (fd == plan_.stop) {
          stopping = true;
        } else if (listener != listeners_.end()) {
          accept_waiting(*listener, connections, watch);
        } else if (const auto found = connections.find(fd); found != connections.end() && found->second.advance()) {
          connections.erase(found);
        }
      }
    }
    for (auto& [fd, connection] : connections) finish(connection);
  }

  template <class Watch>
  void accept_waiting(const Listener& listener, std::unordered_map<int, Connection>& connections, const Watch& watch) {
    do {
      std::optional<Connection> connection = accept_one(listener);
      if (!connection) return;
      const int fd = connection->fd();
      watch(fd, EPOLLIN);
      connections.emplace(fd, std::move(*connection));
    } while (options_.drain);
  }

  const WorkerPlan& plan_;
  const Options& options_;
  Truth& truth_;
  std::uint32_t slot_;
  std::vector<Listener> listeners_;
};

/// Runs one worker; reports a failure, which ends the whole run.
void run_worker(const WorkerPlan& plan, std::uint32_t thread) {
  try {
    std::vector<Listener> listeners = plan.listeners;
    if (plan.options->reuseport) {
      const std::size_t each = listeners.size() / plan.options->threads;
      listeners = {plan.listeners.begin() + static_cast<std::ptrdiff_t>(thread * each),
                   plan.listeners.begin() + static_cast<std::ptrdiff_t>((thread + 1) * each)};
    }
    Worker{plan, plan.first_slot + thread, std::move(listeners)}.run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "workload: worker {}: {}\n", getpid(), error.what());
    plan.truth->counters().broken.store(true);
  }
}

}  // namespace

void run_worker_process(const WorkerPlan& plan) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGCHLD, SIG_IGN);  // children of --fork-after-accept are reaped automatically
  const std::vector<std::string>& comms = plan.options->comms;
  if (!comms.empty()) prctl(PR_SET_NAME, comms[plan.first_slot / plan.options->threads % comms.size()].c_str());

  if (plan.options->threads == 1) {
    run_worker(plan, 0);
  } else {
    std::vector<std::jthread> threads;
    for (std::uint32_t i = 0; i < plan.options->threads; ++i) threads.emplace_back(run_worker, std::cref(plan), i);
  }
  _exit(plan.truth->counters().broken.load() ? 1 : 0);
}

}  // namespace workload
