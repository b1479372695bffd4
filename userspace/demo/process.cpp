// SPDX-License-Identifier: BSD-2-Clause
#include "demo/process.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace acceptscope::demo {
namespace {

constexpr std::chrono::milliseconds kPollInterval{5};
constexpr int kPolls = 400;  // two seconds

void close_all_but(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned first = STDERR_FILENO + 1;
  for (const int fd : keep) {
    const auto kept = static_cast<unsigned>(fd);
    if (kept > first) ::close_range(first, kept - 1, 0);
    first = std::max(first, kept + 1);
  }
  ::close_range(first, ~0U, 0);
}

void settle_in(const char* name, pid_t parent, std::vector<int> keep) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // the parent died before the prctl() above
  ::prctl(PR_SET_NAME, name);
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGTERM, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  close_all_but(std::move(keep));
}

}  // namespace

Result<pid_t> spawn(const char* name, std::initializer_list<int> keep, const std::function<int()>& body) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return system_failure(errno, std::string("cannot fork ") + name);
  if (pid > 0) return pid;
  settle_in(name, parent, keep);
  ::_exit(body());  // not exit(): the stdio buffers belong to the parent
}

void end_process(pid_t pid) {
  if (::kill(pid, SIGTERM) != 0) return;
  for (int i = 0; i < kPolls; ++i) {
    if (::waitpid(pid, nullptr, WNOHANG) != 0) return;
    std::this_thread::sleep_for(kPollInterval);
  }
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace acceptscope::demo
