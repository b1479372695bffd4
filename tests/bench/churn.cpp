// SPDX-License-Identifier: BSD-2-Clause
//
// churn [--workers N] [--clients N]
//
// A prefork server and its clients on loopback, which make as many short connections per second as the machine allows:
// the load that a tracer slows down. Reads commands, one per line, and answers each with one line of JSON. Exits at the
// end of its standard input.
//
//   run MS         runs for MS milliseconds: number of connections, and the CPU time of both sides
//   hold N         opens N connections to a second port and leaves them open; a later `hold` replaces them
//   neighbour MS   runs a process that makes one system call after another: CPU time per call in nanoseconds
//
// A connection: connect, request, response, the server's close, the client's close. Each client process has its own
// loopback address and resets connections that the server has closed, so that no TIME_WAIT remains and ports do not run
// out.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <functional>
#include <iostream>
#include <limits>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "util/unique_fd.hpp"

namespace {

using acceptscope::UniqueFd;

constexpr int kBacklog = 4096;
constexpr unsigned kMaxClients = 64;
constexpr unsigned kHeldPerProcess = 15000;  ///< and per source address: fewer than the ephemeral ports
constexpr std::size_t kMessageBytes = 128;

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

double seconds_of(clockid_t clock) {
  timespec t{};
  if (clock_gettime(clock, &t) != 0) fail("clock_gettime");
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

sockaddr_in loopback(unsigned host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
  address.sin_port = htons(port);
  return address;
}

const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

struct Listener {
  UniqueFd fd;
  std::uint16_t port = 0;
};

Listener listen_on_loopback() {
  Listener listener{UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), 0};
  sockaddr_in address = loopback(0, 0);
  socklen_t size = sizeof address;
  if (listener.fd.get() < 0 || bind(listener.fd.get(), generic(address), sizeof address) != 0 ||
      listen(listener.fd.get(), kBacklog) != 0 ||
      getsockname(listener.fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    fail("cannot listen on loopback");
  listener.port = ntohs(address.sin_port);
  return listener;
}

/// A connection from 127.0.0.1 + `host`. The kernel selects the source port once it knows the destination.
UniqueFd connect_from(unsigned host, std::uint16_t port) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  const linger reset{1, 0};
  const sockaddr_in from = loopback(host, 0);
  const sockaddr_in to = loopback(0, port);
  if (fd.get() < 0 || setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0 ||
      setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset) != 0 ||
      bind(fd.get(), generic(from), sizeof from) != 0 || connect(fd.get(), generic(to), sizeof to) != 0)
    fail("cannot connect");
  return fd;
}

/// A process that ends with its parent and with this object.
class Process {
 public:
  explicit Process(const std::function<void()>& work) : pid_(fork()) {
    if (pid_ < 0) fail("fork");
    if (pid_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int status = 0;
    try {
      work();
    } catch (const std::exception& error) {
      std::cerr << "churn: " << error.what() << std::endl;
      status = 1;
    }
    _exit(status);
  }
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
  Process& operator=(Process&&) = delete;
  ~Process() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] pid_t pid() const { return pid_; }

  [[nodiscard]] double cpu_seconds() const {
    clockid_t clock{};
    if (clock_getcpuclockid(pid_, &clock) != 0) throw std::runtime_error("a worker is gone");
    return seconds_of(clock);
  }

  /// Waits for its exit; returns its CPU seconds.
  double join() {
    int status = 0;
    rusage usage{};
    if (wait4(std::exchange(pid_, 0), &status, 0, &usage) < 0) fail("wait4");
    if (status != 0) throw std::runtime_error("a process of the churn failed");
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }

 private:
  pid_t pid_;
};

void serve(int listener) {
  std::array<char, kMessageBytes> message{};
  for (;;) {
    const UniqueFd connection(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.get() < 0) fail("accept4");
    if (recv(connection.get(), message.data(), message.size(), 0) > 0)
      static_cast<void>(send(connection.get(), message.data(), message.size(), MSG_NOSIGNAL));
  }
}

/// Counters of the client processes, in shared memory.
class Counts {
 public:
  Counts() {
    void* memory =
        mmap(nullptr, kMaxClients * sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail("mmap");
    values_ = static_cast<std::uint64_t*>(memory);
  }
  [[nodiscard]] std::uint64_t& operator[](unsigned client) { return values_[client]; }

 private:
  std::uint64_t* values_;
};

std::uint64_t use(unsigned host, std::uint16_t port, double end) {
  std::array<char, kMessageBytes> message{};
  std::uint64_t connections = 0;
  for (; seconds_of(CLOCK_MONOTONIC) < end; ++connections) {
    const UniqueFd connection = connect_from(host, port);
    if (send(connection.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) fail("send");
    while (recv(connection.get(), message.data(), message.size(), 0) > 0) {
    }
  }
  return connections;
}

class Churn {
 public:
  Churn(unsigned workers, unsigned clients)
      : clients_(clients), listener_(listen_on_loopback()), held_(listen_on_loopback()) {
    for (unsigned i = 0; i < workers; ++i) workers_.emplace_back([this] { serve(listener_.fd.get()); });
  }

  [[nodiscard]] std::string ready() const {
    std::ostringstream out;
    out << R"({"port":)" << listener_.port << R"(,"held_port":)" << held_.port << "}";
    return out.str();
  }

  std::string run(unsigned milliseconds) {
    const double cpu_before = worker_seconds();
    const double start = seconds_of(CLOCK_MONOTONIC);
    const double end = start + milliseconds / 1e3;
    std::vector<Process> processes;
    for (unsigned i = 0; i < clients_; ++i)
      processes.emplace_back([this, i, end] { counts_[i] = use(i + 1, listener_.port, end); });
    double cpu = 0;
    for (Process& process : processes) cpu += process.join();
    std::uint64_t connections = 0;
    for (unsigned i = 0; i < clients_; ++i) connections += counts_[i];
    cpu += worker_seconds() - cpu_before;
    std::ostringstream out;
    out << R"({"connections":)" << connections << R"(,"seconds":)" << seconds_of(CLOCK_MONOTONIC) - start
        << R"(,"cpu_seconds":)" << cpu << "}";
    return out.str();
  }

  std::string hold(unsigned connections) {
    holders_.clear();
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe2");
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    unsigned host = kMaxClients;
    for (unsigned rest = connections; rest > 0;) {
      const unsigned count = std::min(rest, kHeldPerProcess);
      rest -= count;
      ++host;
      hold(count, writer.get(), [this] { return UniqueFd(accept4(held_.fd.get(), nullptr, nullptr, SOCK_CLOEXEC)); });
      hold(count, writer.get(), [this, host] { return connect_from(host, held_.port); });
    }
    writer.reset();
    char byte = 0;
    for (std::size_t i = 0; i < holders_.size(); ++i)
      if (read(reader.get(), &byte, 1) != 1) throw std::runtime_error("cannot hold so many connections");
    return R"({"held":)" + std::to_string(connections) + "}";
  }

 private:
  /// Starts a process that makes `count` connections, reports with one byte, and keeps them open.
  void hold(unsigned count, int done, const std::function<UniqueFd()>& make) {
    holders_.emplace_back([=] {
      const rlimit limit{count + 64, count + 64};
      if (setrlimit(RLIMIT_NOFILE, &limit) != 0) fail("cannot have so many descriptors");
      std::vector<UniqueFd> all;
      for (unsigned i = 0; i < count; ++i)
        if (all.push_back(make()); !all.back()) fail("cannot hold a connection");
      if (write(done, "", 1) != 1) fail("cannot tell that the connections are there");
      pause();
    });
  }

  [[nodiscard]] double worker_seconds() const {
    double sum = 0;
    for (const Process& worker : workers_) sum += worker.cpu_seconds();
    return sum;
  }

  unsigned clients_;
  Counts counts_;
  Listener listener_;
  Listener held_;
  std::vector<Process> workers_;
  std::vector<Process> holders_;
};

/// The minimum over blocks of calls: other load only adds time.
std::string neighbour(unsigned milliseconds) {
  constexpr unsigned kBlock = 2000;
  const double end = seconds_of(CLOCK_MONOTONIC) + milliseconds / 1e3;
  double least = std::numeric_limits<double>::max();
  while (seconds_of(CLOCK_MONOTONIC) < end) {
    const double before = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    for (unsigned i = 0; i < kBlock; ++i) syscall(SYS_getppid);
    least = std::min(least, seconds_of(CLOCK_THREAD_CPUTIME_ID) - before);
  }
  return R"({"ns_per_call":)" + std::to_string(least * 1e9 / kBlock) + "}";
}

void obey(Churn& churn) {
  std::cout << churn.ready() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command;
    unsigned number = 0;
    words >> command >> number;
    if (words.fail()) throw std::runtime_error("not a command with a number: " + line);
    if (command == "run")
      std::cout << churn.run(number) << std::endl;
    else if (command == "hold")
      std::cout << churn.hold(number) << std::endl;
    else if (command == "neighbour")
      std::cout << neighbour(number) << std::endl;
    else
      throw std::runtime_error("unknown command: " + line);
  }
}

}  // namespace

int main(int argc, char** argv) {
  unsigned workers = 4;
  unsigned clients = 4;
  CLI::App app{"A prefork server and its clients, as many connections a second as the machine gives"};
  app.add_option("--workers", workers, "worker processes")->check(CLI::Range(1u, 64u));
  app.add_option("--clients", clients, "client processes")->check(CLI::Range(1u, kMaxClients));
  CLI11_PARSE(app, argc, argv);
  try {
    Churn churn(workers, clients);
    obey(churn);
  } catch (const std::exception& error) {
    std::cerr << "churn: " << error.what() << std::endl;
    return 1;
  }
  return 0;
}
