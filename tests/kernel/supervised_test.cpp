// SPDX-License-Identifier: BSD-2-Clause
// A seccomp supervisor accepts for another process (seccomp_unotify(2)): two system calls return for one accept.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>

#include "listener.hpp"
#include "session.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope::test {
namespace {

constexpr int kConnections = 20;

/// Asks a supervisor about each accept4(). The notification descriptor; negative if that is not possible.
int install_filter() {
  std::array<sock_filter, 4> filter{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_accept4, 0, 1),
                                     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
                                     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  sock_fprog program{filter.size(), filter.data()};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

/// A child whose accepts are made by a thread of this process.
class Target {
 public:
  explicit Target(const Listener& listener) {
    std::array<int, 2> pipe_ends{};
    if (pipe(pipe_ends.data()) != 0) return;
    const UniqueFd reading(pipe_ends[0]);
    UniqueFd writing(pipe_ends[1]);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int notify = install_filter();
      if (write(writing.get(), &notify, sizeof notify) != sizeof notify || notify < 0) _exit(1);
      for (int i = 0; i < kConnections; ++i) {
        const int connection = accept4(listener.fd(), nullptr, nullptr, 0);
        char byte = 0;
        if (connection < 0 || read(connection, &byte, 1) != 1) _exit(1);
        close(connection);
      }
      _exit(0);
    }
    writing.reset();
    int theirs = -1;
    if (read(reading.get(), &theirs, sizeof theirs) != sizeof theirs || theirs < 0) return;
    const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    notify_.reset(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), theirs, 0)));
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  ~Target() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] bool is_supervised() const { return static_cast<bool>(notify_); }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Accepts for it, and hands the descriptors over.
  void supervise(const Listener& listener) const {
    for (int i = 0; i < kConnections; ++i) {
      seccomp_notif request{};
      if (ioctl(notify_.get(), SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) return;
      const UniqueFd accepted = listener.accept();
      seccomp_notif_addfd answer{};
      answer.id = request.id;
      answer.flags = SECCOMP_ADDFD_FLAG_SEND;
      answer.srcfd = static_cast<std::uint32_t>(accepted.get());
      if (ioctl(notify_.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &answer) < 0) return;
    }
  }

 private:
  pid_t pid_ = -1;
  UniqueFd notify_;
};

class Supervised : public BackendTest {};

TEST_P(Supervised, AnAcceptForAnotherIsOneAccept) {
  if (kernel_version() < 514) GTEST_SKIP() << "this kernel cannot answer with a descriptor (SECCOMP_ADDFD_FLAG_SEND)";
  const Listener listener;
  const Target target(listener);
  if (!target.is_supervised()) GTEST_SKIP() << "no seccomp user notification here";
  Tracer tracer(backend(), {"--port", listener.port_text()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  std::thread supervisor([&] { target.supervise(listener); });
  for (int i = 0; i < kConnections; ++i) {
    const UniqueFd client = connect_to(listener.port());
    char byte = 'x';
    EXPECT_EQ(send(client.get(), &byte, 1, MSG_NOSIGNAL), 1);
    EXPECT_EQ(recv(client.get(), &byte, 1, 0), 0);
  }
  supervisor.join();
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  if (programs_skipped(traced.dump) != 0) GTEST_SKIP() << "the kernel skipped programs";
  EXPECT_EQ(traced.dump["totals"]["accepts"], kConnections);
  EXPECT_EQ(traced.dump["totals"]["closes"], kConnections);
  EXPECT_EQ(traced.dump["losses"]["missed_close"], 0);
  EXPECT_EQ(traced.dump["consistency"]["broken"], json::array());
}

INSTANTIATE_TEST_SUITE_P(, Supervised, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
