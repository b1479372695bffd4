// SPDX-License-Identifier: BSD-2-Clause
#include "app/terminal/rescue.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>

#include "util/output_file.hpp"

namespace acceptscope {
namespace {

constexpr std::array kCrashes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/// A signal handler can only reach static storage.
struct Rescue {
  std::atomic<bool> armed{false};
  int fd = -1;
  termios modes{};
  std::array<char, 256> farewell{};
  std::size_t length = 0;
};
Rescue rescue;
static_assert(std::atomic<bool>::is_always_lock_free);  // otherwise the handler must not read it

/// A stack overflow leaves no room for a handler on the stack itself.
alignas(16) std::array<char, std::size_t{32} * 1024> handler_stack;

/// Calls only what signal-safety(7) lists. The disposition is the default again (SA_RESETHAND), and the signal is not
/// blocked (SA_NODEFER).
extern "C" void on_crash(int number) {
  if (rescue.armed.exchange(false)) {
    static_cast<void>(!write(rescue.fd, rescue.farewell.data(), rescue.length));
    tcsetattr(rescue.fd, TCSANOW, &rescue.modes);
  }
  remove_temporary_files();
  raise(number);
}

}  // namespace

void rescue_terminal_from_crashes(int fd, const termios& modes, std::string_view farewell) {
  rescue.fd = fd;
  rescue.modes = modes;
  rescue.length = std::min(farewell.size(), rescue.farewell.size());
  std::copy_n(farewell.begin(), rescue.length, rescue.farewell.begin());
  rescue.armed = true;
  stack_t stack{};
  stack.ss_sp = handler_stack.data();
  stack.ss_size = handler_stack.size();
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_handler = on_crash;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
  for (const int number : kCrashes) sigaction(number, &action, nullptr);
}

void terminal_is_safe() {
  rescue.armed = false;
  for (const int number : kCrashes) std::signal(number, SIG_DFL);
}

}  // namespace acceptscope
