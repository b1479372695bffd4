// SPDX-License-Identifier: BSD-2-Clause
#include "app/terminal/tui_view.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace acceptscope {
namespace {

sigset_t terminal_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGWINCH, SIGTSTP, SIGCONT}) sigaddset(&set, number);
  return set;
}

}  // namespace

TuiView::TuiView(Screen screen, bool ascii, std::uint32_t host_netns)
    : screen_(std::move(screen)), ascii_(ascii), host_netns_(host_netns) {}

Result<TuiView> TuiView::open(int fd, bool color, bool ascii, std::uint32_t host_netns) {
  Result<Screen> screen = Screen::open(fd, color);
  if (!screen) return tl::unexpected(screen.error());
  TuiView view(*std::move(screen), ascii, host_netns);
  const sigset_t set = terminal_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  view.signals_.reset(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!view.signals_) return system_failure(errno, "cannot receive signals");
  return view;
}

TuiView::~TuiView() {
  if (!signals_) return;  // moved from, or never opened
  screen_.leave();        // a pending stop signal must find the normal terminal
  const sigset_t set = terminal_signals();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

TuiOptions TuiView::options() const { return {screen_.width(), screen_.height(), ascii_, host_netns_}; }

void TuiView::show(Snapshot snapshot) {
  history_.add(snapshot);
  if (!state_.paused) {
    shown_ = std::move(snapshot);
    shown_history_ = history_;
    state_ = on_snapshot(std::move(state_), shown_);
  }
  paint();
}

void TuiView::update(Snapshot snapshot) {
  if (state_.paused) {
    shown_.connections = std::move(snapshot.connections);
    shown_.connections_omitted = snapshot.connections_omitted;
  } else {
    shown_ = std::move(snapshot);
  }
  paint();
}

std::optional<TuiRequest> TuiView::next_request() {
  const auto input = screen_.next_input();
  if (!input) return std::nullopt;
  if (const TuiMouse* const mouse = std::get_if<TuiMouse>(&*input)) {
    state_ = on_mouse(*mouse, std::move(state_), shown_, options());
    paint();
    return TuiRequest::none;
  }
  TuiTurn turn = on_key(std::get<TuiKey>(*input), std::move(state_), shown_, options());
  state_ = std::move(turn.state);
  if (turn.request == TuiRequest::repaint) screen_.forget();
  if (turn.request != TuiRequest::list_connections) paint();  // else the list comes at once, in update()
  return turn.request;
}

void TuiView::take_signals() {
  signalfd_siginfo signal{};
  while (read(signals_.get(), &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
    if (signal.ssi_signo == SIGTSTP) stop();
    if (signal.ssi_signo == SIGCONT) screen_.leave();  // another process had the terminal: take it again
  }
  screen_.follow_size();
  screen_.forget();
  paint();
}

/// The default action of SIGTSTP stops the process inside sigprocmask(); after SIGCONT it continues there.
void TuiView::stop() {
  screen_.leave();
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTSTP);
  raise(SIGTSTP);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  sigprocmask(SIG_BLOCK, &set, nullptr);
}

void TuiView::tell(OutsideText message) {
  state_.message = std::move(message);
  paint();
}

void TuiView::paint() { screen_.paint(render_tui(shown_, shown_history_, state_, options())); }

}  // namespace acceptscope
