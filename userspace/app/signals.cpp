// SPDX-License-Identifier: BSD-2-Clause
#include "app/signals.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "app/app.hpp"
#include "util/output_file.hpp"

namespace acceptscope {
namespace {

constexpr std::array<int, 3> kEndSignals{SIGINT, SIGTERM, SIGHUP};

sigset_t end_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kEndSignals) sigaddset(&set, number);
  return set;
}

extern "C" void quit_at_once(int) {
  remove_temporary_files();
  _exit(kExitFailed);
}

}  // namespace

Result<EndSignals> EndSignals::block() {
  const sigset_t set = end_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  EndSignals signals;
  signals.fd_.reset(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals.fd_) return system_failure(errno, "cannot receive signals");
  return signals;
}

bool EndSignals::arrived() const {
  pollfd ready{fd_.get(), POLLIN, 0};
  return poll(&ready, 1, 0) > 0;
}

void EndSignals::quit_at_once_from_now_on() {
  signalfd_siginfo first{};
  while (read(fd_.get(), &first, sizeof first) > 0) {
  }
  struct sigaction action {};
  action.sa_handler = quit_at_once;
  for (const int number : kEndSignals) sigaction(number, &action, nullptr);
  const sigset_t set = end_signals();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

void restore_default_signals() {
  for (const int number : kEndSignals) std::signal(number, SIG_DFL);
  std::signal(SIGPIPE, SIG_DFL);
  const sigset_t set = end_signals();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace acceptscope
