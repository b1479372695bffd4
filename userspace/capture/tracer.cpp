// SPDX-License-Identifier: BSD-2-Clause
#include "capture/tracer.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <linux/membarrier.h>
#include <linux/types.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "acceptscope_bpf.skel.h"
#include "capture/bpf_handles.hpp"
#include "capture/convert.hpp"
#include "capture/cost.hpp"
#include "capture/holder_walk.hpp"
#include "capture/kernel_facts.hpp"
#include "capture/kernel_fs.hpp"
#include "capture/libbpf_log.hpp"
#include "capture/map_reader.hpp"
#include "capture/procfs.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {
namespace {

struct SkeletonDestroy {
  void operator()(acceptscope_bpf* skeleton) const { acceptscope_bpf::destroy(skeleton); }
};
using Skeleton = std::unique_ptr<acceptscope_bpf, SkeletonDestroy>;

struct RingFree {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};
using Ring = std::unique_ptr<ring_buffer, RingFree>;

constexpr int kSampleEveryTicks = 10;  // one tick in ten is timed; see CostMeter

/// A connection that waits in an accept queue for so long is looked for among all descriptors of the host.
constexpr Nanoseconds kPatience = std::chrono::seconds{1};

bpf_program* program_named(const Skeleton& skeleton, std::string_view name) {
  return bpf_object__find_program_by_name(skeleton->obj, std::string(name).c_str());
}

void configure(const Skeleton& skeleton, const TracerOptions& options, const AttachPlan& plan) {
  auto* settings = skeleton->bss;
  settings->by_thread = options.by_thread;
  settings->filter_pids = !options.pids.empty();
  settings->enqueue_from_state = plan.enqueue_from_state;
  settings->close_from_state = plan.close_from_state;
  settings->ring_wakeup_bytes = options.ring_bytes / 4;
  settings->worker_rows_end = options.max_workers;
  settings->service_rows_end = options.max_services;
  settings->filter_cgroups = static_cast<__u8>(options.cgroups.size());
  if (options.ports.empty()) std::ranges::fill(settings->traced_ports, std::uint8_t{1});
  for (const PortRange& range : options.ports.ranges())
    std::fill(settings->traced_ports + range.first, settings->traced_ports + range.last + 1, std::uint8_t{1});
  bpf_map__set_max_entries(skeleton->maps.connections, options.max_connections);
  for (bpf_map* map : {skeleton->maps.workers, skeleton->maps.worker_rows, skeleton->maps.free_worker_rows})
    bpf_map__set_max_entries(map, options.max_workers);
  for (bpf_map* map : {skeleton->maps.services, skeleton->maps.service_rows, skeleton->maps.free_service_rows})
    bpf_map__set_max_entries(map, options.max_services);
  bpf_map__set_max_entries(skeleton->maps.closed, options.ring_bytes);
  // Filters that are not used need no room: each map takes some five MiB of the kernel's memory.
  if (options.pids.empty()) bpf_map__set_max_entries(skeleton->maps.pids, 1);
  if (options.cgroups.empty()) bpf_map__set_max_entries(skeleton->maps.members, 1);
  for (const PlannedProgram& planned : plan.programs)
    bpf_program__set_autoload(program_named(skeleton, planned.name), true);
  bpf_program__set_autoload(program_named(skeleton, plan.refresh), true);
  bpf_program__set_autoload(skeleton->progs.walk_holders, true);
}

Result<Skeleton> load(const TracerOptions& options, const Environment& environment, const AttachPlan& plan) {
  LibbpfLog log;
  bpf_object_open_opts open_options{};
  open_options.sz = sizeof open_options;
  // The kernel's own is read by libbpf once for all uses; a custom path would make it read the same types twice.
  if (environment.btf != Environment{}.btf) open_options.btf_custom_path = environment.btf.c_str();
  Skeleton skeleton(acceptscope_bpf::open(&open_options));
  if (!skeleton) return libbpf_failure(errno, "cannot open the BPF object", log);
  configure(skeleton, options, plan);
  if (const int error = acceptscope_bpf::load(skeleton.get()); error != 0)
    return libbpf_failure(error, "cannot load the BPF programs", log);
  return skeleton;
}

/// Fills a map of free rows: all are.
Result<void> enter_rows(const bpf_map* free_rows) {
  std::uint32_t count = bpf_map__max_entries(free_rows);
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  const std::vector<std::uint8_t> ones(count, 1);
  const int error = bpf_map_update_batch(bpf_map__fd(free_rows), rows.data(), ones.data(), &count, nullptr);
  if (error != 0) return system_failure(error, std::string("cannot fill BPF map ") + bpf_map__name(free_rows));
  return {};
}

Result<void> select_cgroups(const Skeleton& skeleton, const std::vector<UniqueFd>& cgroups) {
  for (std::uint32_t i = 0; i < cgroups.size(); ++i) {
    const int directory = cgroups[i].get();
    const int error = bpf_map_update_elem(bpf_map__fd(skeleton->maps.cgroups), &i, &directory, BPF_ANY);
    if (error != 0) return system_failure(error, "cannot set the cgroup filter");
  }
  return {};
}

/// Fills the pid filter. A process that forks before it is entered has its child found by the next walk; one that
/// forks afterwards has it entered by fork_tp: so walk until nothing new turns up.
Result<void> select_processes(const Skeleton& skeleton, const std::vector<std::uint32_t>& roots, const ProcFs& procfs) {
  const int map = bpf_map__fd(skeleton->maps.pids);
  for (std::size_t entered = 0, before = 1; entered != before;) {
    before = entered;
    const std::vector<std::uint32_t> pids = procfs.with_descendants(roots);
    for (const std::uint32_t pid : pids) {
      const std::uint8_t one = 1;
      const int error = bpf_map_update_elem(map, &pid, &one, BPF_ANY);
      if (error != 0) return system_failure(error, "cannot set the pid filter");
    }
    entered = pids.size();
  }
  return {};
}

Result<Link> attach(bpf_program* program, const PlannedProgram& planned) {
  LibbpfLog log;
  const std::string what = "cannot attach " + std::string(planned.hook);
  Link link;
  if (planned.attach == Attach::syscall_tracepoint) {
    Result<UniqueFd> event = open_tracepoint("syscalls", std::string(planned.tracepoint));
    if (!event) return tl::unexpected(event.error());
    link.reset(bpf_program__attach_perf_event(program, event->get()));
    if (link) static_cast<void>(event->release());  // the link owns it now
  } else if (planned.attach == Attach::cgroup) {
    const Result<UniqueFd> root = open_file_system("cgroup2");
    if (!root) return tl::unexpected(root.error());
    link.reset(bpf_program__attach_cgroup(program, root->get()));
  } else {
    link.reset(bpf_program__attach(program));
  }
  if (!link) return libbpf_failure(errno, what, log);
  return link;
}

}  // namespace

struct Tracer::Parts {
  AttachPlan plan;
  Skeleton skeleton;
  std::vector<Link> links;
  Link refresh;  ///< only where the plan refreshes by iterator
  std::optional<HolderWalk> walk;
  Ring ring;
  CostMeter cost{{}};
  std::function<void(const ClosedConnection&)> sink;
  std::uint64_t ticks = 0;
  std::size_t entries_before = 0;  ///< in the connection map when it was last read
  bool entered = false;            ///< something had been entered between the two last readings
  std::uint64_t skipped = 0;       ///< program runs that the kernel had skipped by the last walk

  static Result<std::unique_ptr<Parts>> make(const TracerOptions& options, const Environment& environment,
                                             const AttachPlan& plan);
  Result<void> attach_programs();
  Result<void> open_ring();
  static int on_record(void* context, void* data, std::size_t size);
  /// What the connection map holds.
  struct Entries {
    std::vector<OpenConnection> open;
    std::uint64_t queued_since_ns = std::numeric_limits<std::uint64_t>::max();  ///< of the longest in an accept queue
  };
  /// Brings the map up to date: bytes of open connections, entries whose socket is gone.
  /// `any`: there are connections in it.
  Result<void> refresh_entries(bool any) const;
  [[nodiscard]] Result<Entries> read_entries();
  /// The open connections. Accepts that no program saw are found before, by who holds the descriptor: when it is time
  /// for a walk, when programs were skipped, or when a connection seems to wait in an accept queue for `patience` or
  /// more.
  [[nodiscard]] Result<std::vector<OpenConnection>> read_open(Nanoseconds patience);
  [[nodiscard]] Result<std::vector<Listeners>> read_listeners() const;
  [[nodiscard]] Result<std::uint64_t> sum_of(const bpf_map* map, std::uint32_t index) const;
  [[nodiscard]] Result<Losses> read_losses() const;
  [[nodiscard]] Overhead read_overhead();
  void sample_cost(const std::vector<ServiceCounters>& services);
};

int Tracer::Parts::on_record(void* context, void* data, std::size_t size) {
  if (size < sizeof(wire::closed_connection)) return 0;
  wire::closed_connection record;
  std::memcpy(&record, data, sizeof record);
  static_cast<Parts*>(context)->sink(to_closed_connection(record));
  return 0;
}

Result<void> Tracer::Parts::attach_programs() {
  std::vector<CostMeter::Program> metered;
  for (const PlannedProgram& planned : plan.programs) {
    bpf_program* program = program_named(skeleton, planned.name);
    Result<Link> link = ::acceptscope::attach(program, planned);
    if (!link) return tl::unexpected(link.error());
    links.push_back(*std::move(link));
    const int fd = bpf_program__fd(program);
    if (std::ranges::none_of(metered, [fd](const auto& other) { return other.fd == fd; }))  // may be attached twice
      metered.push_back({fd, planned.fact});
  }
  cost = CostMeter(std::move(metered));
  if (plan.refresh != "refresh_iter") return {};
  Result<Link> link = attach_iterator(skeleton->progs.refresh_iter, skeleton->maps.connections);
  if (!link) return tl::unexpected(link.error());
  refresh = *std::move(link);
  return {};
}

Result<void> Tracer::Parts::open_ring() {
  ring.reset(ring_buffer__new(bpf_map__fd(skeleton->maps.closed), &Parts::on_record, this, nullptr));
  if (!ring) return system_failure(errno, "cannot map the ring buffer");
  return {};
}

Result<std::unique_ptr<Tracer::Parts>> Tracer::Parts::make(const TracerOptions& options, const Environment& environment,
                                                           const AttachPlan& plan) {
  auto parts = std::make_unique<Parts>();
  parts->plan = plan;
  Result<Skeleton> skeleton = load(options, environment, plan);
  if (!skeleton) return tl::unexpected(skeleton.error());
  parts->skeleton = *std::move(skeleton);
  if (const auto done = select_cgroups(parts->skeleton, options.cgroups); !done) return tl::unexpected(done.error());
  for (const bpf_map* map : {parts->skeleton->maps.free_worker_rows, parts->skeleton->maps.free_service_rows})
    if (const auto done = enter_rows(map); !done) return tl::unexpected(done.error());
  if (const auto done = parts->attach_programs(); !done) return tl::unexpected(done.error());
  Result<HolderWalk> walk = HolderWalk::attach(*parts->skeleton, options.cgroups, ProcFs(environment.proc));
  if (!walk) return tl::unexpected(walk.error());
  parts->walk.emplace(*std::move(walk));
  if (const auto done = parts->open_ring(); !done) return tl::unexpected(done.error());
  if (!options.pids.empty()) {
    const auto done = select_processes(parts->skeleton, options.pids, ProcFs(environment.proc));
    if (!done) return tl::unexpected(done.error());
  }
  return parts;
}

Result<std::uint64_t> Tracer::Parts::sum_of(const bpf_map* map, std::uint32_t index) const {
  std::vector<std::uint64_t> per_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  const int error = bpf_map_lookup_elem(bpf_map__fd(map), &index, per_cpu.data());
  if (error != 0) return system_failure(error, std::string("cannot read BPF map ") + bpf_map__name(map));
  return std::accumulate(per_cpu.begin(), per_cpu.end(), std::uint64_t{0});
}

Result<void> Tracer::Parts::refresh_entries(bool any) const {
  if (refresh && !any) return {};  // the iterator knows connections only
  for (int pass = 0; pass < 2; ++pass) {
    skeleton->bss->found_dead = 0;
    const Result<void> refreshed =
        refresh ? run_iterator(refresh, [](auto) {}) : run_program(skeleton->progs.refresh_syscall);
    if (!refreshed) return refreshed;
    if (skeleton->bss->found_dead == 0) break;  // else once more: a connection must be found dead twice
  }
  return {};
}

Result<Tracer::Parts::Entries> Tracer::Parts::read_entries() {
  Entries entries;
  const bool entered_before = std::exchange(entered, skeleton->bss->any_tracked != 0);
  skeleton->bss->any_tracked = 0;
  // What a program enters in this very moment may neither be read below nor be told by the mark: so look once more.
  const bool any = entries_before != 0 || entered || entered_before;
  skeleton->bss->refresh_connections = any;
  if (const Result<void> refreshed = refresh_entries(any); !refreshed) return tl::unexpected(refreshed.error());
  if (!any) return entries;
  entries.open.reserve(std::exchange(entries_before, 0));
  const auto read = for_each_entry<std::uint64_t, wire::connection>(
      bpf_map__fd(skeleton->maps.connections), "connections", [&](std::uint64_t sock, const wire::connection& entry) {
        ++entries_before;
        if (entry.accepted_ns == 0)
          entries.queued_since_ns = std::min(entries.queued_since_ns, entry.enqueued_ns);
        else if (entry.ignored == 0)
          entries.open.push_back(to_open_connection(sock, entry, walk->number()));
      });
  if (!read) return tl::unexpected(read.error());
  return entries;
}

Result<std::vector<OpenConnection>> Tracer::Parts::read_open(Nanoseconds patience) {
  const std::uint64_t skipped_now = cost.skipped();
  bool walked = false;
  if (skipped_now != skipped || walk->is_due(monotonic_now())) {
    if (const Result<void> done = walk->again(); !done) return tl::unexpected(done.error());
    skipped = skipped_now;
    walked = true;
  }
  Result<Entries> entries = read_entries();
  if (!entries) return tl::unexpected(entries.error());
  const auto now = static_cast<std::uint64_t>(monotonic_now().ns);
  const auto limit = static_cast<std::uint64_t>(patience.count());
  if (!walked && entries->queued_since_ns < now && now - entries->queued_since_ns >= limit) {
    // Waiting for long, or accepted without our seeing it: whoever holds the descriptor tells.
    if (const Result<void> done = walk->again(); !done) return tl::unexpected(done.error());
    entries = read_entries();
    if (!entries) return tl::unexpected(entries.error());
  }
  return std::move(entries->open);
}

Result<std::vector<Listeners>> Tracer::Parts::read_listeners() const {
  std::vector<Listeners> services;
  const auto read = for_each_entry<std::uint64_t, wire::listener>(
      bpf_map__fd(skeleton->maps.listeners), "listeners",
      [&](std::uint64_t, const wire::listener& listener) { add_listener(services, listener); });
  if (!read) return tl::unexpected(read.error());
  return services;
}

Result<Losses> Tracer::Parts::read_losses() const {
  std::array<std::uint64_t, wire::LOSS_KINDS> sums{};
  for (std::uint32_t kind = 0; kind < sums.size(); ++kind) {
    const Result<std::uint64_t> sum = sum_of(skeleton->maps.losses, kind);
    if (!sum) return tl::unexpected(sum.error());
    sums[kind] = *sum;
  }
  Losses losses;
  losses.ring_full = sums[wire::LOSS_RING_FULL];
  losses.connection_map_full = sums[wire::LOSS_CONNECTION_MAP_FULL];
  losses.worker_map_full = sums[wire::LOSS_WORKER_MAP_FULL];
  losses.service_map_full = sums[wire::LOSS_SERVICE_MAP_FULL];
  losses.unknown_close = sums[wire::LOSS_UNKNOWN_CLOSE];
  losses.unattributed_accept = sums[wire::LOSS_UNATTRIBUTED_ACCEPT];
  losses.missed_accept = sums[wire::LOSS_MISSED_ACCEPT];
  losses.missed_close = sums[wire::LOSS_MISSED_CLOSE];
  losses.pid_filter_full = sums[wire::LOSS_PID_FILTER_FULL];
  losses.program_skipped = cost.skipped();
  return losses;
}

Overhead Tracer::Parts::read_overhead() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  Overhead overhead;
  overhead.bpf_ns_per_accept = cost.ns_per_accept();
  overhead.bpf_ns_per_close = cost.ns_per_close();
  overhead.cpu_seconds_user = seconds(usage.ru_utime);
  overhead.cpu_seconds_system = seconds(usage.ru_stime);
  overhead.max_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return overhead;
}

void Tracer::Parts::sample_cost(const std::vector<ServiceCounters>& services) {
  std::uint64_t accepts = 0;
  std::uint64_t closes = 0;
  for (const ServiceCounters& service : services) {
    accepts += service.accepts;
    closes += service.closes;
  }
  cost.end_sample(accepts, closes);
  if (++ticks % kSampleEveryTicks == 0) cost.start_sample(accepts, closes);
}

Tracer::Tracer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Tracer::Tracer(Tracer&&) noexcept = default;
Tracer& Tracer::operator=(Tracer&&) noexcept = default;
Tracer::~Tracer() = default;

Result<Tracer> Tracer::attach(const TracerOptions& options, const Environment& environment,
                              std::vector<Attempt>& attempts) {
  if (!may_use_bpf(read_capabilities()))
    return failure("not permitted to use BPF: neither root nor CAP_BPF with CAP_PERFMON", "run it with sudo");
  if (options.cgroups.size() > MAX_CGROUPS)
    return failure(fmt::format("more than {} cgroups to select", MAX_CGROUPS), "name a common parent");
  const KernelFacts facts = read_kernel_facts(environment);
  if (!facts.btf)
    return failure("this kernel gives no type information (BTF): " + facts.btf_problem,
                   "a kernel with CONFIG_DEBUG_INFO_BTF=y is needed, as in Debian 11 or later");
  if (!facts.ring_buffer)
    return failure("this kernel has no BPF ring buffer", "Linux 5.8 or later is needed, as in Debian 11 or later");
  for (const Backend backend : kBackends) {
    if (options.backend && *options.backend != backend) continue;
    const AttachPlan plan = make_attach_plan(backend, facts, !options.pids.empty());
    Attempt& attempt = attempts.emplace_back(Attempt{backend, plan, std::nullopt});
    Result<std::unique_ptr<Parts>> parts = Parts::make(options, environment, plan);
    if (parts) return Tracer(*std::move(parts));
    attempt.problem = parts.error();
  }
  std::string what = options.backend ? "backend cannot run here" : "no backend can run here";
  for (const Attempt& attempt : attempts)
    what += "; " + std::string(name_of(attempt.backend)) + ": " + attempt.problem->message();
  return failure(what, "'acceptscope doctor' tells what is missing");
}

Result<void> Tracer::begin() {
  parts_->cost.start_sample(0, 0);
  parts_->skeleton->bss->walk_first = 1;
  parts_->skeleton->bss->recording = 1;
  return parts_->walk->first();
}

MonotonicTime Tracer::end() {
  parts_->skeleton->bss->walk_last = 1;
  static_cast<void>(parts_->read_open(Nanoseconds{0}));  // the last chance to find the owner of an accept not seen
  const MonotonicTime now = monotonic_now();
  parts_->skeleton->bss->recording = 0;
  // A program that saw recording == 1 may still run. They run as RCU readers, and this waits for one grace period
  // (membarrier(2)); where it is not supported (nohz_full), detaching below waits as well.
  syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
  parts_->links.clear();
  return now;
}

int Tracer::ring_fd() const { return ring_buffer__epoll_fd(parts_->ring.get()); }

Result<std::size_t> Tracer::drain(const std::function<void(const ClosedConnection&)>& sink) {
  parts_->sink = sink;
  const int count = ring_buffer__consume(parts_->ring.get());
  if (count < 0) return system_failure(count, "cannot read the ring buffer");
  return static_cast<std::size_t>(count);
}

Result<Tick> Tracer::read(MonotonicTime now) {
  Tick tick;
  tick.at = now;
  Result<std::vector<OpenConnection>> open = parts_->read_open(kPatience);
  if (!open) return tl::unexpected(open.error());
  Result<std::vector<Listeners>> listeners = parts_->read_listeners();
  if (!listeners) return tl::unexpected(listeners.error());
  tick.listeners = *std::move(listeners);
  tick.holders = parts_->walk->holders();
  tick.open = *std::move(open);
  const auto& maps = parts_->skeleton->maps;
  const auto services = read_rows<wire::service_key, std::uint32_t, wire::service_counters>(
      maps.services, maps.service_rows, tick.services, [](std::uint32_t row) { return row; }, to_service_counters);
  if (!services) return tl::unexpected(services.error());
  const auto workers = read_rows<wire::worker_key, wire::worker_place, wire::worker_counters>(
      maps.workers, maps.worker_rows, tick.workers, [](const wire::worker_place& place) { return place.worker; },
      to_worker_counters);
  if (!workers) return tl::unexpected(workers.error());
  Result<Losses> losses = parts_->read_losses();
  if (!losses) return tl::unexpected(losses.error());
  tick.losses = *losses;
  parts_->sample_cost(tick.services);
  tick.overhead = parts_->read_overhead();
  return tick;
}

}  // namespace acceptscope
