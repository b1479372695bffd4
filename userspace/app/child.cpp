// SPDX-License-Identifier: BSD-2-Clause
#include "app/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "app/signals.hpp"

namespace acceptscope {
namespace {

constexpr int kStopTimeoutMs = 2000;

void leave_terminal(int instead) {
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
    if (isatty(fd) != 0) dup2(instead, fd);
  if (isatty(STDIN_FILENO) == 0) return;
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
}

[[noreturn]] void execute(const std::vector<std::string>& argv, int error_pipe, int instead_of_terminal) {
  restore_default_signals();
  if (instead_of_terminal >= 0) leave_terminal(instead_of_terminal);
  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments.front(), arguments.data());
  const int error = errno;
  static_cast<void>(!write(error_pipe, &error, sizeof error));
  _exit(127);
}

}  // namespace

Result<Child> Child::spawn(const std::vector<std::string>& argv, int instead_of_terminal) {
  const std::string what = "cannot run '" + argv.front() + "'";
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return system_failure(errno, what);
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return system_failure(errno, what);
  if (pid == 0) execute(argv, writing.get(), instead_of_terminal);
  writing.reset();
  int error = 0;  // a successful exec closes the pipe without writing to it
  if (read(reading.get(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
    waitpid(pid, nullptr, 0);
    return system_failure(error, what, "the command after '--' is looked up in PATH");
  }
  return adopt(pid);
}

Result<Child> Child::adopt(pid_t pid) {
  Child child;
  child.pid_ = pid;
  child.pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!child.pidfd_) return system_failure(errno, "cannot watch process " + std::to_string(pid));
  return child;
}

std::optional<int> Child::status() {
  int raw = 0;
  if (!status_ && waitpid(pid_, &raw, WNOHANG) == pid_)
    status_ = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
  return status_;
}

void Child::stop() {
  if (status()) return;
  kill(pid_, SIGTERM);
  pollfd waiting{pidfd_.get(), POLLIN, 0};
  poll(&waiting, 1, kStopTimeoutMs);
}

}  // namespace acceptscope
