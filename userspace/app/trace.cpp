// SPDX-License-Identifier: BSD-2-Clause
#include "app/trace.hpp"

#include <linux/capability.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/app.hpp"
#include "app/child.hpp"
#include "app/confinement.hpp"
#include "app/environment.hpp"
#include "app/intake.hpp"
#include "app/outputs.hpp"
#include "app/run_setup.hpp"
#include "app/signals.hpp"
#include "app/terminal/live_view.hpp"
#include "capture/process_reader.hpp"
#include "capture/procfs.hpp"
#include "capture/tracer.hpp"
#include "model/run.hpp"
#include "util/privileges.hpp"

namespace acceptscope {
namespace {

/// Expires at `first`, and then `every` so often; no delay adds up.
UniqueFd timer(MonotonicTime first, Nanoseconds every) {
  const auto spec = [](std::int64_t ns) {
    return timespec{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  };
  UniqueFd fd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  const itimerspec when{spec(every.count()), spec(first.ns + clock_offsets().monotonic.count())};
  timerfd_settime(fd.get(), TFD_TIMER_ABSTIME, &when, nullptr);
  return fd;
}

/// Takes the expirations of `timer`, so that it is no longer readable.
void acknowledge(const UniqueFd& timer) {
  std::uint64_t expirations = 0;
  static_cast<void>(!read(timer.get(), &expirations, sizeof expirations));
}

/// One run. Single-threaded: every event is a readable file descriptor.
class Session {
 public:
  Session(const cli::Options& options, const std::vector<Attempt>& attempts, ProcessReader processes, Tracer tracer,
          Outputs outputs, EndSignals signals, AskingSignals asking)
      : options_(options),
        run_(new_run(options, attempts)),
        tracer_(std::move(tracer)),
        outputs_(std::move(outputs)),
        signals_(std::move(signals)),
        asking_(std::move(asking)),
        intake_(tracer_, std::move(processes), run_, outputs_, options.by, attempts.back().plan.proc_view.hides,
                options.redact_peers),
        view_(outputs_.take_standard_output() ? STDERR_FILENO : STDOUT_FILENO, options, ProcFs("/proc").own_netns()) {}

  TraceEnd go(const StartChild& start_child) {
    const auto stop = [this] { return signals_.arrived(); };
    Result<void> begun = tracer_.begin(stop).map([this](MonotonicTime at) { run_.start(at); });
    if (begun) begun = begin(start_child);
    // The demo attaches a second time, and needs its privileges again. A COMMAND runs by now, and keeps its own.
    if (begun && !start_child)
      begun = confine().map([this](const Confinement& left) { system_calls_ = left.system_calls; });
    if (!begun) {
      view_.leave_screen();
      return {complain(begun.error()), false};
    }
    const EndReason reason = loop();
    view_.leave_screen();  // later messages, and a second Ctrl-C, need the normal terminal
    const MonotonicTime ended = tracer_.end();
    signals_.quit_at_once_from_now_on();
    stop_child();
    report(intake_.take_all());
    finish(ended, reason);
    return {failed_ ? kExitFailed : kExitOk, reason == EndReason::signal};
  }

 private:
  Result<void> begin(const StartChild& start_child) {
    report(intake_.take_all());
    start_timers(intake_.last_tick_at());
    if (const Result<void> started = start(start_child); !started) return started;
    if (const Result<void> taken = view_.take_screen(); !taken) return taken;
    const Snapshot first = run_.snapshot();
    for (const OutsideText& note : first.run.notes) view_.say(note);
    report(view_.show(first));
    return watch();
  }

  /// Windows, ticks and the run's duration count from the first tick.
  void start_timers(MonotonicTime first_tick) {
    tick_timer_ = timer(first_tick + options_.interval, options_.interval);
    const bool end_on_ticks = options_.window % options_.interval == Nanoseconds{0};
    if (!end_on_ticks) window_timer_ = timer(first_tick + options_.window, options_.window);
    if (options_.duration) end_timer_ = timer(first_tick + *options_.duration, Nanoseconds{0});
  }

  /// Starts the child that the run waits for, if there is one.
  Result<void> start(const StartChild& start_child) {
    if (!start_child && options_.argv.empty()) return {};
    Result<Child> child =
        start_child ? start_child().and_then(Child::adopt) : Child::spawn(options_.argv, view_.command_output());
    return std::move(child).map([this](Child&& started) { child_.emplace(std::move(started)); });
  }

  void stop_child() {
    if (!child_) return;
    const RaisedCapabilities raised({CAP_KILL});
    child_->stop();
  }

  Result<void> watch() {
    events_.reset(epoll_create1(EPOLL_CLOEXEC));
    for (const int fd : {tracer_.ring_fd(), tick_timer_.get(), window_timer_.get(), end_timer_.get(), signals_.fd(),
                         asking_.fd(), child_ ? child_->fd() : -1, view_.key_fd(), view_.signal_fd()}) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.fd = fd;
      if (fd >= 0 && epoll_ctl(events_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
        return system_failure(errno, "cannot wait for events");
    }
    return {};
  }

  EndReason loop() {
    for (;;) {
      std::array<epoll_event, 8> ready{};
      const int count = epoll_wait(events_.get(), ready.data(), static_cast<int>(ready.size()), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = ready[static_cast<std::size_t>(i)].data.fd;
        if (fd == signals_.fd()) return EndReason::signal;
        if (fd == end_timer_.get()) {
          report(intake_.take_all());  // a window may end now; the end of tracing takes its time
          return EndReason::duration;
        }
        if (child_ && fd == child_->fd()) return EndReason::command;
        if (fd == tracer_.ring_fd()) report(intake_.take_records());
        if (fd == asking_.fd()) answer(asking_.take());
        if (fd == window_timer_.get()) end_window();
        if (fd == tick_timer_.get()) tick();
        if (fd == view_.signal_fd()) view_.take_signals();
        if (fd == view_.key_fd() && take_keys((ready[static_cast<std::size_t>(i)].events & EPOLLIN) == 0))
          return EndReason::signal;  // q is another Ctrl-C
      }
      if (view_.lost()) return EndReason::signal;  // the view is gone: still write the results
    }
  }

  /// Whether the run is over: the user wants it to end, or the terminal has `gone`.
  bool take_keys(bool gone) {
    while (const std::optional<TuiRequest> request = view_.next_request()) {
      if (*request == TuiRequest::quit) return true;
      if (*request == TuiRequest::write_dump) {
        const Result<std::string> path = dump_now();
        view_.tell(path ? "Wrote " + *path : path.error().message());
      }
      if (*request == TuiRequest::list_connections) list_connections();
    }
    return gone;
  }

  Result<std::string> dump_now() {
    report(intake_.take_all());
    return outputs_.dump_now(complete(run_.interim()));
  }

  void answer(AskingSignals::Asked asked) {
    if (asked.reopen) report(outputs_.reopen_lines());
    if (!asked.dump) return;
    const Result<std::string> path = dump_now();
    if (path)
      view_.tell("Wrote " + *path);
    else
      report(path.error());
  }

  /// The list of a worker's connections does not wait for the next tick.
  void list_connections() {
    run_.list_open_of(view_.listed_worker());
    report(intake_.take_all());
    view_.update(run_.snapshot());
  }

  void end_window() {
    acknowledge(window_timer_);
    report(intake_.take_all());
  }

  void tick() {
    acknowledge(tick_timer_);
    run_.list_open_of(view_.listed_worker());
    report(intake_.take_all());
    report(view_.show(run_.snapshot()));
  }

  void finish(MonotonicTime ended, EndReason reason) {
    report(intake_.finish_lines());
    Snapshot snapshot = complete(run_.finish(ended, reason, child_ ? child_->status() : std::nullopt));
    snapshot.losses.log_lines = outputs_.lines_lost();  // after the last tick
    report(view_.close(snapshot));
    report(outputs_.write({snapshot}));
  }

  /// Adds what the model does not know.
  [[nodiscard]] Snapshot complete(Snapshot snapshot) const {
    snapshot.run.system_calls = system_calls_;
    return snapshot;
  }

  void report(const Result<void>& done) {
    if (!done) report(done.error());
  }

  void report(const std::vector<Error>& errors) {
    for (const Error& error : errors) report(error);
  }

  void report(const Error& error) {
    failed_ = true;
    const OutsideText message = error.message();
    if (message != last_report_) view_.say(message);
    last_report_ = message;  // a repeated error is only reported once
  }

  const cli::Options& options_;
  Run run_;
  Tracer tracer_;
  Outputs outputs_;
  EndSignals signals_;
  AskingSignals asking_;
  Intake intake_;
  std::optional<Child> child_;
  UniqueFd events_;
  UniqueFd tick_timer_;
  UniqueFd window_timer_;  ///< where windows do not end on ticks
  UniqueFd end_timer_;
  std::optional<std::uint64_t> system_calls_;  ///< how many are left
  OutsideText last_report_;
  bool failed_ = false;
  LiveView view_;  ///< last, so that the terminal is given back first
};

}  // namespace

TraceEnd run_trace(const cli::Options& options, const StartChild& start_child) {
  const auto give_up = [](const Error& error, int status) {
    complain(error.message());
    return TraceEnd{status, false};
  };
  const Result<Environment> environment = environment_of(options);
  if (!environment) return give_up(environment.error(), kExitFailed);
  const Result<TracerOptions> selected = tracer_options(options);
  if (!selected) return give_up(selected.error(), kExitFailed);
  Result<ProcessReader> processes = ProcessReader::start(ProcFs("/proc"));
  if (!processes) return give_up(processes.error(), kExitFailed);
  Result<Outputs> outputs = Outputs::open(options);
  if (!outputs) return give_up(outputs.error(), kExitFailed);
  std::vector<Attempt> attempts;
  Result<Tracer> tracer = Tracer::attach(*selected, *environment, attempts);
  if (!tracer) return give_up(tracer.error(), kExitNotPossible);
  malloc_trim(0);  // frees some ten MiB: libbpf has read the kernel's type information
  // On a terminal, SIGHUP says that it is gone.
  const bool on_terminal = isatty(STDIN_FILENO) != 0 || isatty(STDOUT_FILENO) != 0 || isatty(STDERR_FILENO) != 0;
  const HangUp hang_up = !on_terminal && outputs->take_lines_to_file() ? HangUp::reopens : HangUp::ends;
  Result<EndSignals> signals = EndSignals::block(hang_up);
  if (!signals) return give_up(signals.error(), kExitFailed);
  Result<AskingSignals> asking = AskingSignals::block(hang_up);
  if (!asking) return give_up(asking.error(), kExitFailed);
  return Session(options, attempts, *std::move(processes), *std::move(tracer), *std::move(outputs), *std::move(signals),
                 *std::move(asking))
      .go(start_child);
}

}  // namespace acceptscope
