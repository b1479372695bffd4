// SPDX-License-Identifier: BSD-2-Clause
// storm COUNT [--same-pid]
//
// A storm of workers behind one listening socket: each is forked, accepts one connection and exits. Prints the port on
// a line and waits for a line; then runs the storm, prints the pid of the worker of each connection, in order, and the
// forks per second, as JSON, and waits for the end of its input. Workers share the memory of their parent, because
// copying its page tables takes longer than everything else. With --same-pid, every worker gets the pid of the first
// one (clone3(), Linux 5.5, in the initial pid namespace).
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t kAtOnce = 8;  // keeps every CPU busy

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int listen_on_loopback(sockaddr_in& address) {
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    fail("listen");
  return listener;
}

/// AddressSanitizer does not know the stacks below, and would report errors when the worker exits.
__attribute__((no_sanitize("address"))) [[noreturn]] void serve_one(int listener) {
  const int connection = accept(listener, nullptr, nullptr);
  char byte = 0;
  if (connection >= 0) static_cast<void>(!read(connection, &byte, 1));  // until the client closes
  _exit(connection >= 0 ? 0 : 1);
}
__attribute__((no_sanitize("address"))) int serve_inherited(void* listener) { serve_one(*static_cast<int*>(listener)); }

/// Forks a worker with pid `pid`.
pid_t fork_as(pid_t pid, int listener) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  arguments.set_tid = reinterpret_cast<std::uint64_t>(&pid);
  arguments.set_tid_size = 1;
  const auto worker = static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
  if (worker == 0) serve_one(listener);
  return worker;
}

/// Forks the `i`th worker of a round, i < kAtOnce; the `i`th worker of the previous round must have exited.
pid_t fork_worker(std::size_t i, int listener) {
  struct alignas(64) Stack {
    std::array<std::byte, 65536> bytes;
  };
  static std::array<Stack, kAtOnce> stacks;
  static int inherited;
  inherited = listener;
  return clone(serve_inherited, &stacks.at(i) + 1, CLONE_VM | SIGCHLD, &inherited);
}

void connect_and_close(const sockaddr_in& address) {
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  if (client < 0 || connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
  close(client);
}

/// Runs `count` workers at once, with one connection each; adds their pids. `wanted`: pid of the single worker, if not
/// 0.
void round(int listener, const sockaddr_in& address, std::size_t count, pid_t wanted, std::vector<pid_t>& pids) {
  const std::size_t first = pids.size();
  for (std::size_t i = 0; i < count; ++i) {
    const pid_t worker = wanted != 0 ? fork_as(wanted, listener) : fork_worker(i, listener);
    if (worker < 0) fail("clone");
    pids.push_back(worker);
  }
  for (std::size_t i = 0; i < count; ++i) connect_and_close(address);
  for (std::size_t i = first; i < pids.size(); ++i) {
    int status = 0;
    if (waitpid(pids[i], &status, 0) != pids[i] || status != 0) fail("worker");
  }
}

void wait_for_line() {
  for (int c = 0; (c = std::getchar()) != '\n';)
    if (c == EOF) std::exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 0;
  const bool same_pid = argc > 2 && std::string_view(argv[2]) == "--same-pid";
  if (count == 0) return 2;
  sockaddr_in address;
  const int listener = listen_on_loopback(address);
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  wait_for_line();

  const auto began = std::chrono::steady_clock::now();
  std::vector<pid_t> pids;
  while (pids.size() < count) {
    const std::size_t at_once = same_pid ? 1 : std::min<std::size_t>(kAtOnce, count - pids.size());
    round(listener, address, at_once, same_pid && !pids.empty() ? pids.front() : 0, pids);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;

  std::printf("{\"pids\":[%d", pids.front());
  for (std::size_t i = 1; i < pids.size(); ++i) std::printf(",%d", pids[i]);
  std::printf("],\"per_second\":%.0f}\n", static_cast<double>(count) / took.count());
  std::fflush(stdout);
  wait_for_line();
}
