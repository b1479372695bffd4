// SPDX-License-Identifier: BSD-2-Clause
#include "util/syscall_filter.hpp"

#include <asm/termbits.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <seccomp.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <memory>
#include <type_traits>

namespace acceptscope {
namespace {

/// Calls with any arguments, by what needs them. C libraries differ in the call they choose (open or openat), and so
/// do architectures: arm64 lacks the older ones.
constexpr auto kAllowed = std::to_array<const char*>(
    {// outputs, /proc, the file of the C++ locale
     "access", "close", "close_range", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fchown", "fcntl", "fdatasync",
     "flock", "fstat", "fstatfs", "fsync", "ftruncate", "getcwd", "getdents", "getdents64", "link", "linkat", "lseek",
     "lstat", "newfstatat", "open", "openat", "pread64", "preadv", "pwrite64", "pwritev", "read", "readlink",
     "readlinkat", "readv", "rename", "renameat", "renameat2", "stat", "statfs", "statx", "unlink", "unlinkat", "write",
     "writev",
     // the loop of events, time
     "clock_getres", "clock_gettime", "clock_nanosleep", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait",
     "eventfd2", "gettimeofday", "nanosleep", "pipe", "pipe2", "poll", "ppoll", "pselect6", "restart_syscall", "select",
     "signalfd4", "time", "timerfd_create", "timerfd_gettime", "timerfd_settime",
     // memory, and the order of memory accesses between processors
     "brk", "futex", "madvise", "membarrier", "mmap", "mprotect", "mremap", "munmap",
     // signals, also of a crash; the end
     "exit", "exit_group", "getpgid", "getpgrp", "getpid", "getppid", "gettid", "kill", "pause", "rt_sigaction",
     "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "sigaltstack", "tgkill",
     // who and where this is; privileges that are in reserve
     "capget", "capset", "getcpu", "getegid", "geteuid", "getgid", "getrandom", "getrlimit", "getrusage", "getuid",
     "prlimit64", "sched_getaffinity", "sched_yield", "sysinfo", "times", "uname",
     // children and helpers that run already
     "pidfd_open", "pidfd_send_signal", "recvfrom", "recvmsg", "sendmsg", "sendto", "shutdown", "wait4", "waitid"});

/// Commands of bpf(): those of maps, iterators, programs and links that exist. None loads or attaches anything.
constexpr auto kBpfCommands =
    std::to_array<unsigned int>({BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY,
                                 BPF_MAP_LOOKUP_AND_DELETE_ELEM, BPF_MAP_LOOKUP_BATCH, BPF_MAP_LOOKUP_AND_DELETE_BATCH,
                                 BPF_MAP_UPDATE_BATCH, BPF_MAP_DELETE_BATCH, BPF_PROG_TEST_RUN, BPF_ITER_CREATE,
                                 BPF_OBJ_GET_INFO_BY_FD, BPF_ENABLE_STATS, BPF_LINK_DETACH});

/// Requests of ioctl(): the terminal's modes and size, not its input (TIOCSTI); the end of a perf event.
constexpr auto kIoctlRequests = std::to_array<unsigned int>(
    {TCGETS, TCSETS, TCSETSW, TCSETSF, TCGETS2, TCSETS2, TCSETSW2, TCSETSF2, TCSBRK, TCFLSH, TCXONC, TIOCGWINSZ,
     TIOCGPGRP, TIOCOUTQ, FIONREAD, FIONBIO, FIOCLEX, PERF_EVENT_IOC_ENABLE, PERF_EVENT_IOC_DISABLE});

#ifdef ACCEPTSCOPE_SANITIZED
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

/// The kernel takes 32 bits of these arguments, whatever the others are.
constexpr std::uint64_t kLow32 = 0xffffffff;

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, Release>;

/// Returns 0, or the negative errno value. A call that this architecture lacks, or libseccomp does not know, needs no
/// rule: an older one is used instead.
int allow(const Filter& filter, const char* name, std::size_t& allowed) {
  const int number = seccomp_syscall_resolve_name(name);
  if (number < 0) return 0;
  ++allowed;
  return seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, number, 0);
}

/// Allows a call only with one of `values` as the argument that `index` counts from 0.
template <std::size_t N>
int allow_with(const Filter& filter, const char* name, unsigned int index, const std::array<unsigned int, N>& values) {
  for (const unsigned int value : values) {
    const scmp_arg_cmp is_value{index, SCMP_CMP_MASKED_EQ, kLow32, value};
    const int number = seccomp_syscall_resolve_name(name);
    if (const int error = seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, number, 1, &is_value); error != 0)
      return error;
  }
  return 0;
}

}  // namespace

/// Not EPERM: for ENOSYS, a C library falls back to an older call, which is in the list. Not the end of the process
/// either: a call that was forgotten may cost a detail, but never what was collected.
Result<std::size_t> filter_system_calls() {
  if (kIsSanitized) return failure("the leak detector of this build forks and traces");
  const auto failed = [](int error) { return system_failure(error, "cannot filter system calls (seccomp)"); };
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)));
  if (!filter) return failed(ENOMEM);
  std::size_t allowed = 2;  // bpf() and ioctl()
  for (const char* name : kAllowed)
    if (const int error = allow(filter, name, allowed); error != 0) return failed(error);
  if (const int error = allow_with(filter, "bpf", 0, kBpfCommands); error != 0) return failed(error);
  if (const int error = allow_with(filter, "ioctl", 1, kIoctlRequests); error != 0) return failed(error);
  static_cast<void>(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));  // a search tree, not a list
  if (seccomp_load(filter.get()) != 0) return failure("the kernel takes no seccomp filter");  // it tells no more
  return allowed;
}

}  // namespace acceptscope
