// SPDX-License-Identifier: BSD-2-Clause
#include "demo/prefork_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>

#include "demo/process.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope::demo {
namespace {

constexpr int kBacklog = 1024;
constexpr int kReadyTimeoutMs = 5000;
constexpr std::chrono::milliseconds kRequestTime{4};  // such as a database query

// Time from wake-up to accept(), as an interpreter's event loop needs it. A connection wakes all idle workers; while
// they get going, the rest of a burst arrives, and the first worker takes all of it. Observed with 8 workers on 2 CPUs:
// the pool of client.cpp goes to 1 to 3 workers (18 of 20 runs; to 4 in the others); connections opened one at a time
// go to all 8 workers, the busiest with less than twice its share (10 of 10). Without this delay, the pool went to 3 to
// 8 workers, depending on the scheduler, and more CPUs would spread it further.
constexpr int kShortestLoopUs = 1000;
constexpr int kLongestLoopUs = 5000;

constexpr std::size_t kLongestRequest = std::size_t{16} * 1024;
constexpr std::string_view kEndOfHead = "\r\n\r\n";
/// Names the worker that answered: the ground truth for comparisons with a trace.
std::string response_of_this_worker(bool last) {
  const std::string body = fmt::format("worker {}\n", ::getpid());
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: {}\r\n\r\n{}",
                     body.size(), last ? "close" : "keep-alive", body);
}

/// One worker's loop.
class Worker {
 public:
  explicit Worker(int listener) : listener_(listener), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  /// Level-triggered and without EPOLLEXCLUSIVE, as asyncio registers it: a connection wakes every waiting worker.
  bool watch_listener() { return watch(listener_); }

  int run() {
    std::array<epoll_event, 64> events{};
    for (;;) {
      const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
      if (ready < 0 && errno != EINTR) return 1;
      for (int i = 0; i < ready; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        fd == listener_ ? accept_all() : serve(fd);
      }
    }
  }

 private:
  struct Connection {
    UniqueFd fd;
    std::string request;
  };

  bool watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  }

  /// Accepts at most kBacklog connections, as asyncio does.
  void accept_all() {
    std::this_thread::sleep_for(std::chrono::microseconds{loop_time_us_(random_)});
    for (int i = 0; i < kBacklog; ++i) {
      UniqueFd fd(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) return;
      const int number = fd.get();
      if (watch(number)) connections_[number].fd = std::move(fd);
    }
  }

  void serve(int fd) {
    std::array<char, 4096> bytes{};
    const ssize_t n = ::read(fd, bytes.data(), bytes.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    Connection& connection = connections_[fd];
    if (n <= 0 || connection.request.size() > kLongestRequest) {
      connections_.erase(fd);
      return;
    }
    connection.request.append(bytes.data(), static_cast<std::size_t>(n));
    if (!answer_requests(connection)) connections_.erase(fd);
  }

  /// False if the connection must be closed.
  static bool answer_requests(Connection& connection) {
    for (auto end = connection.request.find(kEndOfHead); end != std::string::npos;
         end = connection.request.find(kEndOfHead)) {
      const bool last = connection.request.substr(0, end).find("Connection: close") != std::string::npos;
      connection.request.erase(0, end + kEndOfHead.size());
      std::this_thread::sleep_for(kRequestTime);
      const std::string response = response_of_this_worker(last);
      const ssize_t sent = ::send(connection.fd.get(), response.data(), response.size(), MSG_NOSIGNAL);
      if (sent != static_cast<ssize_t>(response.size()) || last) return false;
    }
    return true;
  }

  int listener_;
  UniqueFd epoll_;
  std::mt19937 random_{static_cast<std::mt19937::result_type>(::getpid())};
  std::uniform_int_distribution<int> loop_time_us_{kShortestLoopUs, kLongestLoopUs};
  std::unordered_map<int, Connection> connections_;
};

struct Listener {
  UniqueFd fd;
  std::uint16_t port = 0;
};

Result<Listener> listen_on_loopback() {
  const std::string what = "cannot listen on 127.0.0.1 for the demo";
  Listener listener;
  listener.fd = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (!listener.fd || ::bind(listener.fd.get(), generic, length) != 0 || ::listen(listener.fd.get(), kBacklog) != 0 ||
      ::getsockname(listener.fd.get(), generic, &length) != 0) {
    return system_failure(errno, what, "is the loopback interface up?");
  }
  listener.port = ntohs(address.sin_port);
  return listener;
}

int run_worker(int listener, int ready) {
  Worker worker(listener);
  if (!worker.watch_listener() || ::write(ready, "r", 1) != 1) return 1;
  ::close(ready);
  return worker.run();
}

/// Waits until `count` workers have reported that they are ready.
Result<void> wait_for_workers(int ready, unsigned count) {
  unsigned started = 0;
  while (started < count) {
    pollfd readable{ready, POLLIN, 0};
    const int polled = ::poll(&readable, 1, kReadyTimeoutMs);
    if (polled < 0 && errno == EINTR) continue;
    char byte = 0;
    if (polled <= 0 || ::read(ready, &byte, 1) != 1) {
      return failure(fmt::format("only {} of {} workers of the demo started", started, count));
    }
    ++started;
  }
  return {};
}

}  // namespace

Result<DemoServer> DemoServer::start(unsigned workers) {
  if (workers < 1 || workers > kMostWorkers) {
    return failure(fmt::format("the demo cannot run {} workers", workers), fmt::format("1 to {}", kMostWorkers));
  }
  Result<Listener> listener = listen_on_loopback();
  if (!listener) return tl::unexpected(listener.error());
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_failure(errno, "cannot make a pipe for the demo");
  const UniqueFd ready(ends[0]);
  UniqueFd say_ready(ends[1]);

  DemoServer server;
  server.port_ = listener->port;
  for (unsigned i = 0; i < workers; ++i) {
    const int listening = listener->fd.get();
    const int signal = say_ready.get();
    const auto pid = spawn("demo-worker", {listening, signal}, [=] { return run_worker(listening, signal); });
    if (!pid) return tl::unexpected(pid.error());
    server.worker_pids_.push_back(*pid);
  }
  say_ready.reset();  // so that the death of all workers is an end of file, not a timeout
  if (auto started = wait_for_workers(ready.get(), workers); !started) return tl::unexpected(started.error());
  return server;
}

void DemoServer::stop() {
  for (const pid_t pid : std::exchange(worker_pids_, {})) end_process(pid);
}

DemoServer::DemoServer(DemoServer&& other) noexcept
    : port_(other.port_), worker_pids_(std::exchange(other.worker_pids_, {})) {}

DemoServer& DemoServer::operator=(DemoServer&& other) noexcept {
  if (this == &other) return *this;
  stop();
  port_ = other.port_;
  worker_pids_ = std::exchange(other.worker_pids_, {});
  return *this;
}

DemoServer::~DemoServer() { stop(); }

}  // namespace acceptscope::demo
