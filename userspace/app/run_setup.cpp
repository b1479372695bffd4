// SPDX-License-Identifier: BSD-2-Clause
#include "app/run_setup.hpp"

#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "capture/cgroup.hpp"
#include "capture/listening_ports.hpp"
#include "capture/procfs.hpp"
#include "capture/unix_listeners.hpp"
#include "util/clock.hpp"
#include "util/version.hpp"

namespace acceptscope {
namespace {

HostInfo host_info() {
  utsname name{};
  uname(&name);
  return {name.nodename, name.release, static_cast<std::uint32_t>(sysconf(_SC_NPROCESSORS_ONLN))};
}

/// Who named a wrong port waits so long at most to be told.
constexpr Nanoseconds kLookForListeners = std::chrono::milliseconds{300};

/// What somebody typed is escaped like any other text.
std::vector<OutsideText> as_outside(const std::vector<std::string>& typed) { return {typed.begin(), typed.end()}; }

/// Of selected processes that listen on Unix sockets: a server that does is not idle, though nothing of it is seen.
std::vector<OutsideText> notes_on_unix_sockets(const cli::Options& options) {
  if (options.pids.empty() && options.comms.empty()) return {};
  const std::vector<std::uint32_t> family = ProcFs("/proc").with_descendants(options.pids);
  const auto selected = [&](std::uint32_t pid, const std::string& comm) {
    const bool by_pid = options.pids.empty() || std::ranges::find(family, pid) != family.end();
    return by_pid && selects_comm(options.comms, comm);
  };
  std::vector<OutsideText> notes;
  for (const UnixListener& listener : unix_listeners("/proc", selected, kLookForListeners)) {
    OutsideText who = listener.comm + " (pid " + std::to_string(listener.pid);
    if (listener.processes > 1) who += fmt::format(" and {} more", listener.processes - 1);
    notes.push_back(who + ") listens on " + listener.path + ": a Unix socket, not TCP, not traced.");
  }
  return notes;
}

RunInfo run_info(const cli::Options& options, const std::vector<Attempt>& attempts) {
  RunInfo info;
  for (const Attempt& attempt : attempts) {
    const std::string backend(enum_name(attempt.backend));
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
  info.worker_limit = options.worker_limit;
  info.filters.ports = as_outside(options.ports.items());
  if (options.argv.empty() && options.command == cli::Command::trace)  // what is started from here listens later
    info.listening_instead = listening_instead("/proc", options.ports, options.addresses, kLookForListeners);
  for (const IpAddress& address : options.addresses) info.filters.addresses.push_back(address.to_string());
  info.filters.pids = options.pids;
  info.filters.comms = as_outside(options.comms);
  info.filters.cgroups = as_outside(options.cgroups);
  info.filters.containers = as_outside(options.containers);
  if (!attempts.empty())
    if (std::string note = shortcoming_of(attempts.back().plan.proc_view); !note.empty())
      info.notes.emplace_back(std::move(note));
  for (OutsideText& note : notes_on_unix_sockets(options)) info.notes.push_back(std::move(note));
  if (!options.argv.empty()) info.command = CommandInfo{as_outside(options.argv), std::nullopt};
  return info;
}

RunOptions model_options(const cli::Options& options, const std::vector<Attempt>& attempts) {
  RunOptions model;
  model.max_connection_rows = options.dump_connections;
  model.by = options.by;
  model.requests = !attempts.empty() && attempts.back().plan.requests;
  model.comms = options.comms;
  model.addresses = options.addresses;
  model.show_idle_services = !options.ports.empty() || !options.addresses.empty() || !options.pids.empty() ||
                             !options.comms.empty() || !options.cgroups.empty() || !options.containers.empty();
  return model;
}

}  // namespace

Result<TracerOptions> tracer_options(const cli::Options& options) {
  TracerOptions tracer;
  for (const std::uint32_t pid : options.pids)
    if (!ProcFs("/proc").exists(pid))
      return system_failure(ESRCH, fmt::format("--pid {}", pid), "pids are those in /proc here: see 'ps -e'");
  for (const std::string& path : options.cgroups) {
    Result<UniqueFd> cgroup = open_cgroup(path);
    if (!cgroup) return tl::unexpected(cgroup.error());
    tracer.cgroups.push_back(*std::move(cgroup));
  }
  for (const std::string& pattern : options.containers) {
    Result<std::vector<UniqueFd>> cgroups = open_containers(pattern, "/proc");
    if (!cgroups) return tl::unexpected(cgroups.error());
    std::ranges::move(*cgroups, std::back_inserter(tracer.cgroups));
  }
  tracer.backend = options.backend;
  tracer.ports = options.ports;
  tracer.addresses = options.addresses;
  tracer.pids = options.pids;
  tracer.by = options.by;
  tracer.requests = options.requests;
  tracer.capacity = options.capacity;
  return tracer;
}

Run new_run(const cli::Options& options, const std::vector<Attempt>& attempts) {
  return {run_info(options, attempts),
          {"acceptscope", std::string(version())},
          host_info(),
          clock_base_now(),
          model_options(options, attempts)};
}

}  // namespace acceptscope
