// SPDX-License-Identifier: BSD-2-Clause
// Who waits for connections on a listening socket, and how, against processes that wait in each of the ways.
#include <fcntl.h>
#include <fmt/format.h>
#include <liburing.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "comparison.hpp"
#include "listener.hpp"

namespace acceptscope::test {
namespace {

/// A forked process of the test that runs `act`, which never returns; ends with this object, or with the test.
class Actor {
 public:
  explicit Actor(const std::function<void()>& act) : pid_(fork()) {
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      act();
      _exit(1);
    }
  }
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;
  ~Actor() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }
  /// Waits until `threads` threads of it sleep in the system call; false if it is not seen to.
  [[nodiscard]] bool sleeps_in(std::initializer_list<long> calls, std::size_t threads = 1) const {
    return eventually([&] {
      std::size_t sleeping = 0;
      std::error_code ignored;
      for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid_), ignored)) {
        long call = -1;
        std::ifstream(task.path() / "syscall") >> call;
        sleeping += static_cast<std::size_t>(std::ranges::count(calls, call));
      }
      return sleeping == threads;
    });
  }

 private:
  pid_t pid_;
};

[[noreturn]] void idle() {
  for (;;) pause();
}

/// Not to be taken for a sibling of those that block in accept(), which is busy now and then.
[[noreturn]] void idle_as_another_program() {
  prctl(PR_SET_NAME, "sleep");
  idle();
}

int watching_set(int listener, bool exclusive = false) {
  const int set = epoll_create1(0);
  epoll_event event{.events = EPOLLIN | (exclusive ? std::uint32_t{EPOLLEXCLUSIVE} : 0U), .data = {}};
  epoll_ctl(set, EPOLL_CTL_ADD, listener, &event);
  return set;
}

void sleep_on(int set) {
  epoll_event event{};
  for (;;) epoll_wait(set, &event, 1, -1);
}

const std::initializer_list<long> kEpollWait{
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
#endif
    SYS_epoll_pwait};
const std::initializer_list<long> kPoll{
#ifdef SYS_poll
    SYS_poll,
#endif
    SYS_ppoll};
const std::initializer_list<long> kPause{
#ifdef SYS_pause
    SYS_pause,
#endif
    SYS_ppoll};

class Door : public BackendTest {
 protected:
  /// Traces the socket's port for as long as it takes to look at it twice.
  Traced look(const Listener& listener, const Arguments& more = {}) {
    Arguments arguments{"--port", listener.port_text(), "--duration", "5s", "--interval", "200ms"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Tracer tracer(backend(), arguments);
    if (!tracer.starts()) return {.errors = tracer.refusal()};
    return tracer.stop(std::nullopt);
  }

  static std::set<std::uint32_t> pids(const json& service, const std::string& role) {
    std::set<std::uint32_t> found;
    for (const json& row : service["workers"])
      if (row["role"] == role) found.insert(row["pid"].get<std::uint32_t>());
    return found;
  }
  static std::set<std::uint32_t> tids(const json& service) {
    std::set<std::uint32_t> found;
    for (const json& row : service["workers"])
      if (row["role"] == "worker" && !row["tid"].is_null()) found.insert(row["tid"].get<std::uint32_t>());
    return found;
  }
};

TEST_P(Door, WhoWaitsIsAWorkerInWhateverWayAndWhoOnlyHoldsTheSocketIsNot) {
  Listener listener;
  const int fd = listener.fd();
  const Actor exclusive([fd] { sleep_on(watching_set(fd, true)); });
  ASSERT_TRUE(exclusive.sleeps_in(kEpollWait));
  const Actor accepting([fd] { accept(fd, nullptr, nullptr); });
  ASSERT_TRUE(accepting.sleeps_in({SYS_accept, SYS_accept4}));
  const Actor polling([fd] {
    pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
    poll(&wanted, 1, -1);
  });
  ASSERT_TRUE(polling.sleeps_in(kPoll));
  // It is never seen to sleep in epoll_wait(): its set watches the socket, though.
  const Actor busy([fd] {
    watching_set(fd, true);
    idle();
  });
  ASSERT_TRUE(busy.sleeps_in(kPause));
  // The last that is not exclusive is woken first. Its child inherits the socket and the set, and waits for nothing.
  const Actor last([fd] {
    const int set = watching_set(fd);
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      idle();
    }
    sleep_on(set);
  });
  ASSERT_TRUE(last.sleeps_in(kEpollWait));
  const Actor holder(idle_as_another_program);
  listener.close();
  const Traced traced = look(listener);
  SKIP_IF_REFUSED(traced.dump.is_null() && traced.exit_status == -1, traced.errors);

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  const json& service = traced.dump["services"].at(0);
  EXPECT_EQ(pids(service, "worker"),
            (std::set{exclusive.pid(), accepting.pid(), polling.pid(), busy.pid(), last.pid()}));
  std::set<std::uint32_t> holders = pids(service, "holder");
  EXPECT_EQ(holders.size(), 2U);
  EXPECT_TRUE(holders.contains(holder.pid()));
  EXPECT_EQ(pids(service, "supervisor"), std::set<std::uint32_t>{});
  EXPECT_EQ(service["workers_eligible"], 5);
  EXPECT_EQ(service["workers_idle"], 5);
  EXPECT_EQ(service["epoll_exclusive"], false);
  EXPECT_EQ(service["woken_first_pid"], last.pid());
  EXPECT_EQ(service["waiting_threads"], 1);
}

TEST_P(Door, ThreadsThatWaitAreTold) {
  Listener listener;
  const int fd = listener.fd();
  const Actor pool([fd] {
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([fd] { sleep_on(watching_set(fd, true)); });
    threads.emplace_back([fd] { accept(fd, nullptr, nullptr); });
    threads.front().join();
  });
  ASSERT_TRUE(pool.sleeps_in(kEpollWait, 3) && pool.sleeps_in({SYS_accept, SYS_accept4}));
  listener.close();
  const Traced by_process = look(listener);
  SKIP_IF_REFUSED(by_process.dump.is_null() && by_process.exit_status == -1, by_process.errors);
  const Traced by_thread = look(listener, {"--by", "thread"});

  ASSERT_EQ(by_process.exit_status, 0) << by_process.errors;
  ASSERT_EQ(by_thread.exit_status, 0) << by_thread.errors;
  const json& one = by_process.dump["services"].at(0);
  EXPECT_EQ(one["workers_eligible"], 1);
  EXPECT_EQ(one["waiting_threads"], 4);
  EXPECT_NE(by_process.output.find("--by thread"), std::string::npos);
  const json& threads = by_thread.dump["services"].at(0);
  EXPECT_EQ(threads["workers_eligible"], 4);
  EXPECT_EQ(threads["workers_idle"], 4);
  EXPECT_EQ(tids(threads).size(), 4U);
  EXPECT_FALSE(tids(threads).contains(pool.pid())) << "the thread that only waits for the others";
  EXPECT_EQ(by_thread.output.find("--by thread"), std::string::npos);
}

TEST_P(Door, ARequestOfIoUringWaitsForItsProcess) {
  Listener listener;
  const int fd = listener.fd();
  const auto armed = [](io_uring& ring) { return io_uring_queue_init(4, &ring, 0) == 0; };
  io_uring probe{};
  if (!armed(probe)) GTEST_SKIP() << "no io_uring here";
  io_uring_queue_exit(&probe);
  const Actor uring([&] {
    io_uring ring{};
    io_uring_cqe* done = nullptr;
    if (!armed(ring)) return;
    io_uring_prep_accept(io_uring_get_sqe(&ring), fd, nullptr, nullptr, 0);
    io_uring_submit(&ring);
    io_uring_wait_cqe(&ring, &done);
  });
  ASSERT_TRUE(uring.sleeps_in({SYS_io_uring_enter}));
  const Actor holder(idle_as_another_program);
  listener.close();
  const Traced traced = look(listener);
  SKIP_IF_REFUSED(traced.dump.is_null() && traced.exit_status == -1, traced.errors);

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  EXPECT_EQ(pids(traced.dump["services"].at(0), "worker"), std::set{uring.pid()});
  EXPECT_EQ(pids(traced.dump["services"].at(0), "holder"), std::set{holder.pid()});
}

TEST_P(Door, WithoutTheKernelsFunctionsEveryHolderMayAccept) {
  Listener listener;
  const int fd = listener.fd();
  const Actor watching([fd] { sleep_on(watching_set(fd)); });
  const Actor holder(idle_as_another_program);
  ASSERT_TRUE(watching.sleeps_in(kEpollWait));
  listener.close();
  const Traced traced = look(listener, {"--simulate-missing", "wait_functions"});
  SKIP_IF_REFUSED(traced.dump.is_null() && traced.exit_status == -1, traced.errors);

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  EXPECT_EQ(pids(traced.dump["services"].at(0), "worker"), (std::set{watching.pid(), holder.pid()}));
}

INSTANTIATE_TEST_SUITE_P(, Door, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
