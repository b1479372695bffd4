// SPDX-License-Identifier: BSD-2-Clause
#include "app/signals.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <utility>

#include "app/app.hpp"
#include "util/output_file.hpp"

namespace acceptscope {
namespace {

constexpr std::array<int, 3> kEndSignals{SIGINT, SIGTERM, SIGHUP};

template <class Numbers>
sigset_t set_of(const Numbers& numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}

sigset_t end_signals(HangUp hang_up) {
  sigset_t set = set_of(kEndSignals);
  if (hang_up == HangUp::reopens) sigdelset(&set, SIGHUP);
  return set;
}

/// Blocks the signals and makes them readable.
Result<UniqueFd> readable(const sigset_t& set) {
  sigprocmask(SIG_BLOCK, &set, nullptr);
  UniqueFd fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) return system_failure(errno, "cannot receive signals");
  return fd;
}

extern "C" void quit_at_once(int) {
  remove_temporary_files();
  _exit(kExitFailed);
}

}  // namespace

Result<EndSignals> EndSignals::block(HangUp hang_up) {
  return readable(end_signals(hang_up)).map([hang_up](UniqueFd&& fd) {
    EndSignals signals;
    signals.fd_ = std::move(fd);
    signals.hang_up_ = hang_up;
    return signals;
  });
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
  const sigset_t set = end_signals(hang_up_);
  for (const int number : kEndSignals)
    if (sigismember(&set, number) == 1) sigaction(number, &action, nullptr);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

Result<AskingSignals> AskingSignals::block(HangUp hang_up) {
  sigset_t set = set_of(std::array{SIGUSR1});
  if (hang_up == HangUp::reopens) sigaddset(&set, SIGHUP);
  return readable(set).map([](UniqueFd&& fd) {
    AskingSignals signals;
    signals.fd_ = std::move(fd);
    return signals;
  });
}

AskingSignals::Asked AskingSignals::take() {
  Asked asked;
  signalfd_siginfo info{};
  while (read(fd_.get(), &info, sizeof info) == sizeof info) {
    asked.dump |= info.ssi_signo == SIGUSR1;
    asked.reopen |= info.ssi_signo == SIGHUP;
  }
  return asked;
}

void restore_default_signals() {
  for (const int number : kEndSignals) std::signal(number, SIG_DFL);
  std::signal(SIGPIPE, SIG_DFL);
  sigset_t set = set_of(kEndSignals);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace acceptscope
