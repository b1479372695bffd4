// SPDX-License-Identifier: BSD-2-Clause
#include "util/syscall_filter.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/bpf.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <functional>

#include "util/unique_fd.hpp"

namespace acceptscope {
namespace {

/// The errno value of `call`, 0 if it succeeds, in a process that has the filter; -1 if that process ends otherwise.
int errno_under_filter(const std::function<long()>& call) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !filter_system_calls()) ::_exit(255);
    errno = 0;
    ::_exit(call() == -1 ? errno : 0);
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 255) return -1;
  return WEXITSTATUS(status);
}

int errno_of_bpf(int command) {
  return errno_under_filter([command] {
    bpf_attr attributes{};
    return ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
  });
}

class SyscallFilter : public testing::Test {
  void SetUp() override {
    // In a child, because a filter cannot be taken off.
    if (errno_under_filter([] { return 0; }) != 0)
      GTEST_SKIP() << "no filter here: built with sanitizers, or the kernel";
  }
};

TEST_F(SyscallFilter, RefusesWhatARunDoesNotNeed) {
  char* const nothing[] = {nullptr};
  EXPECT_EQ(errno_under_filter([] { return ::socket(AF_INET, SOCK_STREAM, 0); }), ENOSYS);
  EXPECT_EQ(errno_under_filter([] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }), ENOSYS);
  EXPECT_EQ(errno_under_filter([&] { return ::execve("/bin/true", nothing, nothing); }), ENOSYS);
  EXPECT_EQ(errno_under_filter([] { return ::fork(); }), ENOSYS);
  EXPECT_EQ(errno_under_filter([] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }), ENOSYS);
  EXPECT_EQ(errno_under_filter([] { return ::mount("none", "/", "tmpfs", 0, nullptr); }), ENOSYS);
  EXPECT_EQ(errno_under_filter([] { return ::syscall(SYS_init_module, nullptr, 0, ""); }), ENOSYS);
  EXPECT_EQ(errno_under_filter([] { return ::syscall(SYS_process_vm_readv, 0, nullptr, 0, nullptr, 0, 0); }), ENOSYS);
  EXPECT_EQ(errno_under_filter([] { return ::syscall(SYS_io_uring_setup, 1, nullptr); }), ENOSYS);
  EXPECT_EQ(errno_under_filter([] { return ::prctl(PR_SET_DUMPABLE, 1); }), ENOSYS);
}

TEST_F(SyscallFilter, LeavesFilesAndProcfs) {
  EXPECT_EQ(errno_under_filter([] {
              const int fd = ::openat(AT_FDCWD, "/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
              if (fd < 0 && errno != EOPNOTSUPP) return -1L;
              return fd < 0 ? 0L : static_cast<long>(::write(fd, "x", 1));
            }),
            0);
  EXPECT_EQ(errno_under_filter([] { return ::open("/proc/self/status", O_RDONLY | O_CLOEXEC); }), 0);
}

TEST_F(SyscallFilter, LeavesMapsButLoadsAndAttachesNothing) {
  EXPECT_NE(errno_of_bpf(BPF_MAP_LOOKUP_ELEM), ENOSYS);
  EXPECT_NE(errno_of_bpf(BPF_ITER_CREATE), ENOSYS);
  for (const int command : {BPF_PROG_LOAD, BPF_MAP_CREATE, BPF_LINK_CREATE, BPF_PROG_ATTACH, BPF_RAW_TRACEPOINT_OPEN,
                            BPF_PROG_GET_FD_BY_ID, BPF_OBJ_PIN, BPF_BTF_LOAD})
    EXPECT_EQ(errno_of_bpf(command), ENOSYS) << command;
}

TEST_F(SyscallFilter, LeavesTheModesOfATerminalButNotItsInput) {
  EXPECT_EQ(errno_under_filter([] { return ::ioctl(-1, TCGETS, nullptr); }), EBADF);
  EXPECT_EQ(errno_under_filter([] { return ::ioctl(-1, TIOCSTI, "x"); }), ENOSYS);
  EXPECT_EQ(errno_under_filter([] { return ::ioctl(-1, 0x100000000 | TIOCSTI, "x"); }), ENOSYS);
}

TEST_F(SyscallFilter, LeavesTheTalkWithProcessesThatRunAlready) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
  const UniqueFd one(ends[0]);
  const UniqueFd other(ends[1]);
  EXPECT_EQ(errno_under_filter([&] { return ::send(one.get(), "x", 1, MSG_DONTWAIT); }), 0);
  EXPECT_EQ(errno_under_filter([&] {
              char byte = 0;
              return ::recv(other.get(), &byte, 1, MSG_DONTWAIT);
            }),
            0);
  EXPECT_EQ(errno_under_filter([] { return ::waitpid(-1, nullptr, WNOHANG); }), ECHILD);
}

TEST_F(SyscallFilter, ACrashStillEndsTheProcessWithItsSignal) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !filter_system_calls()) ::_exit(255);
    ::abort();
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
}

TEST_F(SyscallFilter, AKernelThatTakesNoFilterIsAnError) {
  EXPECT_EQ(errno_under_filter([] {  // where the first filter refuses seccomp(), as such a kernel does
              const auto second = filter_system_calls();
              return second || second.error().what != "the kernel takes no seccomp filter" ? -1L : 0L;
            }),
            0);
}

}  // namespace
}  // namespace acceptscope
