// SPDX-License-Identifier: BSD-2-Clause
#include "app/trace.hpp"

#include <fmt/core.h>
#include <linux/capability.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <utility>

#include "app/app.hpp"
#include "app/child.hpp"
#include "app/environment.hpp"
#include "app/outputs.hpp"
#include "app/signals.hpp"
#include "app/terminal.hpp"
#include "app/tui_view.hpp"
#include "capture/cgroup.hpp"
#include "capture/process_watch.hpp"
#include "capture/tracer.hpp"
#include "model/redact.hpp"
#include "model/run.hpp"
#include "util/huge_page_allocator.hpp"
#include "util/privileges.hpp"
#include "util/version.hpp"

namespace acceptscope {
namespace {

/// Records that may wait for the next tick; more are taken into the model at once, so that a long interval costs no
/// memory.
constexpr std::size_t kPendingRecords = 32768;

/// What the tracer needs to know; fails where the selection names what is not there.
Result<TracerOptions> tracer_options(const cli::Options& options) {
  TracerOptions tracer;
  for (const std::uint32_t pid : options.pids)
    if (!ProcFs("/proc").exists(pid))
      return system_failure(ESRCH, fmt::format("--pid {}", pid), "pids are those of the host, not of a container");
  for (const std::string& path : options.cgroups) {
    Result<UniqueFd> cgroup = open_cgroup(path);
    if (!cgroup) return tl::unexpected(cgroup.error());
    tracer.cgroups.push_back(*std::move(cgroup));
  }
  switch (options.backend) {
    case cli::BackendChoice::automatic: break;
    case cli::BackendChoice::fentry: tracer.backend = Backend::fentry; break;
    case cli::BackendChoice::kprobe: tracer.backend = Backend::kprobe; break;
    case cli::BackendChoice::tracepoint: tracer.backend = Backend::tracepoint; break;
  }
  tracer.ports = options.ports;
  tracer.pids = options.pids;
  tracer.by_thread = options.by == cli::WorkerUnit::thread;
  tracer.max_connections = options.max_connections;
  tracer.max_workers = options.max_workers;
  tracer.max_services = options.max_services;
  tracer.ring_bytes = options.ring_bytes;
  return tracer;
}

HostInfo host_info() {
  utsname name{};
  uname(&name);
  return {name.nodename, name.release, static_cast<std::uint32_t>(sysconf(_SC_NPROCESSORS_ONLN))};
}

RunInfo run_info(const cli::Options& options, const std::vector<Attempt>& attempts) {
  RunInfo info;
  for (const Attempt& attempt : attempts) {
    const std::string backend(name_of(attempt.backend));
    if (!attempt.problem) {
      info.backend = backend;
    } else {
      const Error& problem = *attempt.problem;
      info.backends_refused.push_back(
          {backend, problem.code ? problem.code.message() : problem.what, problem.message()});
    }
  }
  info.interval = options.interval;
  info.window = options.window;
  info.by = options.by == cli::WorkerUnit::thread ? "thread" : "process";
  info.filters.ports = options.ports.items();
  for (const IpAddress& address : options.addresses) info.filters.addresses.push_back(address.to_string());
  info.filters.pids = options.pids;
  info.filters.comms = options.comms;
  info.filters.cgroups = options.cgroups;
  if (!options.argv.empty()) info.command = CommandInfo{options.argv, std::nullopt};
  return info;
}

RunOptions model_options(const cli::Options& options) {
  RunOptions model;
  model.max_connection_rows = options.dump_connections;
  model.by_thread = options.by == cli::WorkerUnit::thread;
  model.comms = options.comms;
  model.addresses = options.addresses;
  model.show_idle_services = !options.ports.empty() || !options.addresses.empty() || !options.pids.empty() ||
                             !options.comms.empty() || !options.cgroups.empty();
  return model;
}

UniqueFd timer(Nanoseconds first, Nanoseconds every) {
  const auto spec = [](Nanoseconds t) {
    return timespec{static_cast<time_t>(t.count() / 1'000'000'000), static_cast<long>(t.count() % 1'000'000'000)};
  };
  UniqueFd fd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  const itimerspec when{spec(every), spec(first)};
  timerfd_settime(fd.get(), 0, &when, nullptr);
  return fd;
}

/// One run. Single-threaded: everything that happens is a readable descriptor.
class Session {
 public:
  Session(const cli::Options& options, const std::vector<Attempt>& attempts, Tracer tracer, Outputs outputs,
          EndSignals signals)
      : options_(options),
        clock_(clock_base_now()),
        tracer_(std::move(tracer)),
        outputs_(std::move(outputs)),
        signals_(std::move(signals)),
        processes_(ProcFs("/proc")),
        view_fd_(outputs_.take_standard_output() ? STDERR_FILENO : STDOUT_FILENO),
        host_netns_(ProcFs("/proc").own_netns()),
        plain_(view_fd_, options, host_netns_),
        run_(run_info(options, attempts), {"acceptscope", std::string(version())}, host_info(), clock_,
             model_options(options)) {
    pending_.resize(
        kPendingRecords);  // touched once: what a late tick needs is there, and memory does not grow with it
    pending_.clear();
  }

  TraceEnd go(const StartChild& start_child) {
    Result<void> begun = tracer_.begin();
    if (begun) begun = begin(start_child);
    // The demo attaches a second time, and needs its privileges again.
    if (begun && !start_child) begun = drop_privileges(kInForce, kInReserve);
    if (!begun) {
      leave_screen();
      complain(begun.error().message());
      return {kExitFailed, false};
    }
    const EndReason reason = loop();
    leave_screen();  // so that whatever is said from here on, and a second Ctrl-C, find the terminal as it was
    const MonotonicTime ended = tracer_.end();
    signals_.quit_at_once_from_now_on();
    stop_child();
    take(true);
    finish(ended, reason);
    return {failed_ ? kExitFailed : kExitOk, reason == EndReason::signal};
  }

 private:
  /// What a tick needs: maps and iterators; /proc/PID/fdinfo of everybody.
  static constexpr std::initializer_list<int> kInForce{CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};
  /// What is needed now and then: timing BPF programs; a dump in a directory of somebody else's; to end a command that
  /// became somebody else.
  static constexpr std::initializer_list<int> kInReserve{CAP_SYS_ADMIN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_KILL};

  void stop_child() {
    if (!child_) return;
    const RaisedCapabilities raised({CAP_KILL});
    child_->stop();
  }

  Result<void> begin(const StartChild& start_child) {
    tick_timer_ = timer(options_.interval, options_.interval);
    if (options_.duration) end_timer_ = timer(*options_.duration, Nanoseconds{0});
    if (start_child) {
      const Result<pid_t> pid = start_child();
      if (!pid) return tl::unexpected(pid.error());
      Result<Child> child = Child::adopt(*pid);
      if (!child) return tl::unexpected(child.error());
      child_.emplace(*std::move(child));
    } else if (!options_.argv.empty()) {
      if (options_.view == cli::ViewChoice::tui) command_output_.reset(std::tmpfile());
      Result<Child> child = Child::spawn(options_.argv, command_output_ ? fileno(command_output_.get()) : -1);
      if (!child) return tl::unexpected(child.error());
      child_.emplace(*std::move(child));
    }
    if (const Result<void> taken = take_screen(); !taken) return taken;
    take(true);
    show();
    return watch();
  }

  /// The rule of --view. A command and a full screen on one terminal would paint over each other.
  Result<void> take_screen() {
    const bool asked = options_.view == cli::ViewChoice::tui;
    const bool automatic = options_.view == cli::ViewChoice::automatic && options_.argv.empty();
    if (!asked && !(automatic && Screen::possible(view_fd_))) return {};
    const TerminalTraits traits = terminal_traits(view_fd_, options_);
    Result<TuiView> opened = TuiView::open(view_fd_, traits.color, traits.ascii, host_netns_);
    if (opened)
      tui_.emplace(*std::move(opened));
    else if (asked)
      return tl::unexpected(opened.error());
    return {};
  }

  /// Then says what could not be said while the screen was taken.
  void leave_screen() {
    if (!tui_) return;
    tui_.reset();
    for (const std::string& message : unsaid_) complain(message);
    unsaid_.clear();
    if (!command_output_) return;
    std::rewind(command_output_.get());
    std::array<char, 65536> block{};
    for (std::size_t count; (count = std::fread(block.data(), 1, block.size(), command_output_.get())) > 0;)
      if (!plain_.put({block.data(), count})) return;
  }

  Result<void> watch() {
    events_.reset(epoll_create1(EPOLL_CLOEXEC));
    for (const int fd : {tracer_.ring_fd(), tick_timer_.get(), end_timer_.get(), signals_.fd(),
                         child_ ? child_->fd() : -1, tui_ ? tui_->key_fd() : -1, tui_ ? tui_->signal_fd() : -1}) {
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
        if (fd == end_timer_.get()) return EndReason::duration;
        if (child_ && fd == child_->fd()) return EndReason::command;
        if (fd == tracer_.ring_fd()) take(false);
        if (fd == tick_timer_.get()) tick();
        if (tui_ && fd == tui_->signal_fd()) tui_->take_signals();
        if (tui_ && fd == tui_->key_fd() && take_keys((ready[static_cast<std::size_t>(i)].events & EPOLLIN) == 0))
          return EndReason::signal;  // q is another Ctrl-C
      }
      if (view_lost_) return EndReason::signal;  // nobody looks any more: what was collected is still written
    }
  }

  /// Whether the run is over: the user wants it to end, or the terminal has `gone`.
  bool take_keys(bool gone) {
    while (const std::optional<TuiRequest> request = tui_->next_request()) {
      if (*request == TuiRequest::quit) return true;
      if (*request == TuiRequest::write_dump) dump_now();
    }
    return gone;
  }

  void dump_now() {
    take(true);
    const Result<std::string> path = outputs_.dump_now(run_.interim());
    tui_->tell(path ? "Wrote " + *path : path.error().message());
  }

  void tick() {
    std::uint64_t expirations = 0;
    static_cast<void>(!read(tick_timer_.get(), &expirations, sizeof expirations));
    take(true);
    show();
  }

  /// Takes what the ring holds, and with `counters` (or when much is waiting) the kernel's totals as well.
  void take(bool counters) {
    const Result<std::size_t> drained =
        tracer_.drain([this](const ClosedConnection& connection) { pending_.push_back(connection); });
    if (!drained) report(drained.error());
    if (!counters && pending_.size() < kPendingRecords) return;
    Result<Tick> tick = tracer_.read(monotonic_now());
    if (!tick) return report(tick.error());
    tick->processes = processes_.update(tick->workers, tick->holders);
    if (options_.redact_peers) redactor_.redact(*tick);
    last_tick_at_ = tick->at;
    if (outputs_.take_lines()) open_ = tick->open;
    run_.apply(*std::move(tick));
    for (ClosedConnection& connection : pending_) {
      if (options_.redact_peers) redactor_.redact(connection);
      run_.apply(connection);
      outputs_.add_line(run_, connection);
    }
    pending_.clear();
    for (const Error& error : outputs_.flush_lines()) report(error);
  }

  void show() {
    if (view_lost_) return;
    if (tui_) return tui_->show(run_.snapshot());
    if (const Result<void> shown = plain_.show(run_.snapshot()); !shown) {
      view_lost_ = true;
      report(shown.error());
    }
  }

  void finish(MonotonicTime ended, EndReason reason) {
    for (const OpenConnection& connection : open_) outputs_.add_line(run_, connection, last_tick_at_);
    for (const Error& error : outputs_.flush_lines()) report(error);
    const Snapshot snapshot = run_.finish(ended, reason, child_ ? child_->status() : std::nullopt);
    if (!view_lost_)
      if (const Result<void> shown = plain_.close(snapshot); !shown) report(shown.error());
    for (const Error& error : outputs_.write({snapshot})) report(error);
  }

  void report(const Error& error) {
    failed_ = true;
    const std::string message = error.message();
    if (message != last_report_) say(message);
    last_report_ = message;  // a fault that comes with every tick is said once
  }

  void say(const std::string& message) {
    if (!tui_) return complain(message);
    tui_->tell(message);
    unsaid_.push_back(message);
  }

  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  const cli::Options& options_;
  ClockBase clock_;
  Tracer tracer_;
  Outputs outputs_;
  EndSignals signals_;
  ProcessWatch processes_;
  int view_fd_;
  std::uint32_t host_netns_;
  PlainView plain_;
  Run run_;
  Redactor redactor_;
  std::optional<Child> child_;
  std::unique_ptr<std::FILE, CloseFile> command_output_;  ///< of a command that may not write to the screen
  UniqueFd events_;
  UniqueFd tick_timer_;
  UniqueFd end_timer_;
  std::vector<ClosedConnection, HugePageAllocator<ClosedConnection>> pending_;
  std::vector<OpenConnection> open_;  ///< at the last tick, for the end of the log
  MonotonicTime last_tick_at_;
  std::string last_report_;
  std::vector<std::string> unsaid_;  ///< what was only to be seen on the full screen
  bool failed_ = false;
  bool view_lost_ = false;
  std::optional<TuiView> tui_;  ///< last, so that the terminal is given back first
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
  Result<Outputs> outputs = Outputs::open(options);
  if (!outputs) return give_up(outputs.error(), kExitFailed);
  std::vector<Attempt> attempts;
  Result<Tracer> tracer = Tracer::attach(*selected, *environment, attempts);
  if (!tracer) return give_up(tracer.error(), kExitNotPossible);
  malloc_trim(0);  // libbpf read the kernel's type information: some ten MiB that nobody needs again
  Result<EndSignals> signals = EndSignals::block();
  if (!signals) return give_up(signals.error(), kExitFailed);
  return Session(options, attempts, *std::move(tracer), *std::move(outputs), *std::move(signals)).go(start_child);
}

}  // namespace acceptscope
