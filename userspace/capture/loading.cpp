// SPDX-License-Identifier: BSD-2-Clause
#include "capture/loading.hpp"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/types.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "acceptscope_bpf.skel.h"
#include "acceptscope_bpf_old.skel.h"
#include "bpf/capacity.h"
#include "bpf/wire.h"
#include "capture/convert.hpp"
#include "capture/kernel_fs.hpp"
#include "capture/libbpf_log.hpp"
#include "capture/procfs.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

void SkeletonDestroy::operator()(acceptscope_bpf* skeleton) const { acceptscope_bpf::destroy(skeleton); }

namespace {

bpf_program* program_named(const Skeleton& skeleton, std::string_view name) {
  return bpf_object__find_program_by_name(skeleton->obj, std::string(name).c_str());
}

/// The coarse clocks have the timer tick's resolution (clock_getres(2)).
std::uint32_t timer_tick_ns() {
  timespec tick{};
  clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
  return static_cast<std::uint32_t>(tick.tv_nsec);
}

void configure(const Skeleton& skeleton, const TracerOptions& options, const AttachPlan& plan) {
  auto* settings = skeleton->bss;
  settings->by_thread = options.by == WorkerUnit::thread;
  settings->filter_pids = !options.pids.empty();
  settings->filter_addresses = !options.addresses.empty();
  settings->enqueue_from_state = plan.enqueue_from_state;
  settings->close_from_state = plan.close_from_state;
  settings->count_requests = plan.requests;
  settings->epoll_wakes = plan.wait_functions.epoll;
  settings->poll_wakes = plan.wait_functions.poll;
  std::ranges::copy(plan.wait_functions.uring, settings->uring_wakes);
  settings->jiffy_ns = timer_tick_ns();
  settings->ring_wakeup_bytes = options.capacity.ring_bytes / 4;
  const std::uint32_t workers = WITH_ROOM_FOR_OTHERS(options.capacity.workers);
  const std::uint32_t services = WITH_ROOM_FOR_OTHERS(options.capacity.services);
  settings->worker_rows_end = settings->share_room[wire::SHARE_WORKERS] = workers;
  settings->service_rows_end = settings->share_room[wire::SHARE_SERVICES] = services;
  settings->share_room[wire::SHARE_LISTENERS] = bpf_map__max_entries(skeleton->maps.listeners);
  settings->share_room[wire::SHARE_LIVES] = bpf_map__max_entries(skeleton->maps.lives);
  settings->connections_room = options.capacity.connections;
  settings->share_limit[wire::SHARE_WORKERS] = options.capacity.workers;
  settings->share_limit[wire::SHARE_SERVICES] = options.capacity.services;
  settings->share_limit[wire::SHARE_LISTENERS] = LISTENERS_OF_A_USER;
  settings->share_limit[wire::SHARE_LIVES] = LIVES_OF_A_USER;
  settings->filter_cgroups = static_cast<__u8>(options.cgroups.size());
  if (options.ports.empty()) std::ranges::fill(settings->traced_ports, std::uint8_t{1});
  for (const PortRange& range : options.ports.ranges())
    std::fill(settings->traced_ports + range.first, settings->traced_ports + range.last + 1, std::uint8_t{1});
  bpf_map__set_max_entries(skeleton->maps.connections, options.capacity.connections);
  // Room for connections that are not there would be most of the memory.
  if (plan.allocates) bpf_map__set_map_flags(skeleton->maps.connections, BPF_F_NO_PREALLOC);
  for (bpf_map* map : {skeleton->maps.workers, skeleton->maps.worker_rows, skeleton->maps.free_worker_rows})
    bpf_map__set_max_entries(map, workers);
  for (bpf_map* map : {skeleton->maps.services, skeleton->maps.service_rows, skeleton->maps.free_service_rows})
    bpf_map__set_max_entries(map, services);
  bpf_map__set_max_entries(skeleton->maps.request_rows, plan.requests ? workers : 1);
  bpf_map__set_max_entries(skeleton->maps.service_loads, plan.requests ? services : 1);
  bpf_map__set_max_entries(skeleton->maps.closed, options.capacity.ring_bytes);
  // Unused filters get no room: each map takes some five MiB of kernel memory.
  if (options.pids.empty()) bpf_map__set_max_entries(skeleton->maps.pids, 1);
  if (!options.addresses.empty())
    bpf_map__set_max_entries(skeleton->maps.addresses, static_cast<std::uint32_t>(options.addresses.size()));
  if (options.cgroups.empty()) bpf_map__set_max_entries(skeleton->maps.members, 1);
  for (const PlannedProgram& planned : plan.programs)
    bpf_program__set_autoload(program_named(skeleton, planned.name), true);
  bpf_program__set_autoload(program_named(skeleton, plan.refresh), true);
  bpf_program__set_autoload(skeleton->progs.relisten_iter, plan.refresh == "refresh_iter");
  bpf_program__set_autoload(program_named(skeleton, plan.walk), true);
  bpf_program__set_autoload(skeleton->progs.tell_pids, plan.proc_view.translates);
}

/// The skeleton, with the object for kernels before 5.12 where the running one is older (see bpf/CMakeLists.txt).
Skeleton open_skeleton(const bpf_object_open_opts& options, bool atomic_fetch) {
  if (atomic_fetch) return Skeleton(acceptscope_bpf::open(&options));
  Skeleton skeleton(static_cast<acceptscope_bpf*>(std::calloc(1, sizeof(acceptscope_bpf))));
  if (!skeleton || acceptscope_bpf__create_skeleton(skeleton.get()) != 0) return nullptr;
  std::size_t size = 0;
  skeleton->skeleton->data = const_cast<void*>(acceptscope_bpf_old__elf_bytes(&size));
  skeleton->skeleton->data_sz = size;
  const int error = bpf_object__open_skeleton(skeleton->skeleton, &options);
  if (error != 0) {
    errno = -error;
    return nullptr;
  }
  return skeleton;
}

/// Whether maps and programs need more file descriptors than this process may open.
bool lacks_descriptors(const Skeleton& skeleton) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > 1024) return false;
  int left = 0;
  for (int fd = 0; fd < static_cast<int>(limit.rlim_cur); ++fd) left += fcntl(fd, F_GETFD) == -1 ? 1 : 0;
  const bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton->obj)-- left;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton->obj) left -= bpf_program__autoload(program) ? 1 : 0;
  return left < 0;
}

constexpr const char* kLessMemory = "allow it more memory, or lower --max-connections";

/// Why a load failed. libbpf takes a lack of descriptors for a feature that the kernel lacks, and says "Invalid
/// argument"; where there is no memory for the kernel's types, it says that it has not found them ("No such process").
/// They are there: read_kernel_facts() has just read them.
int reason_of(int error, const Skeleton& skeleton, const LibbpfLog& log) {
  if (lacks_descriptors(skeleton)) return EMFILE;
  if (error == -ESRCH && log.text().find("failed to find valid kernel BTF") != std::string::npos) return ENOMEM;
  return error;
}

Result<Skeleton> load(const TracerOptions& options, const Environment& environment, const AttachPlan& plan,
                      LargeMaps& large) {
  LibbpfLog log;
  bpf_object_open_opts open_options{};
  open_options.sz = sizeof open_options;
  // libbpf reads the kernel's own BTF once for all uses; with a custom path it reads the same types twice. But then it
  // looks for types that a kernel lacks in no module: to list these takes CAP_SYS_ADMIN (bpf_btf_get_next_id()).
  if (environment.btf != Environment{}.btf || !has_capability("CAP_SYS_ADMIN"))
    open_options.btf_custom_path = environment.btf.c_str();
  Skeleton skeleton = open_skeleton(open_options, plan.atomic_fetch);
  if (!skeleton) return libbpf_failure(errno, "cannot open the BPF object", log);
  configure(skeleton, options, plan);
  if (const Result<void> lent = large.lend_to(*skeleton); !lent) return tl::unexpected(lent.error());
  if (const int error = acceptscope_bpf::load(skeleton.get()); error != 0) {
    const int reason = reason_of(error, skeleton, log);
    auto failed = libbpf_failure(reason, "cannot load the BPF programs", log);
    if (std::abs(reason) == ENOMEM) failed.value().hint = kLessMemory;
    return failed;
  }
  return skeleton;
}

/// Fills a map of free rows: at first, all rows are free.
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

/// The kernel's pids of processes that /proc shows.
std::vector<std::uint32_t> kernel_pids_of(const std::vector<std::uint32_t>& pids, const ProcPids& shown) {
  const std::set<std::uint32_t> wanted(pids.begin(), pids.end());
  std::vector<std::uint32_t> found;
  for (const auto& [kernel, in_proc] : shown)
    if (wanted.contains(in_proc)) found.push_back(kernel);
  return found;
}

/// Fills the pid filter. If a process forks before it is entered, the next walk finds its child; if it forks later,
/// fork_tp enters the child. So walk until nothing new turns up.
Result<void> select_processes(const Skeleton& skeleton, const std::vector<std::uint32_t>& roots, const ProcFs& procfs,
                              const std::optional<ProcPidReader>& proc_pids) {
  const int map = bpf_map__fd(skeleton->maps.pids);
  for (std::size_t entered = 0, before = 1; entered != before;) {
    before = entered;
    std::vector<std::uint32_t> pids = procfs.with_descendants(roots);
    if (proc_pids) {
      const Result<ProcPids> shown = proc_pids->read();
      if (!shown) return tl::unexpected(shown.error());
      pids = kernel_pids_of(pids, *shown);
    }
    for (const std::uint32_t pid : pids) {
      const std::uint8_t one = 1;
      const int error = bpf_map_update_elem(map, &pid, &one, BPF_ANY);
      if (error != 0) return system_failure(error, "cannot set the pid filter");
    }
    entered = pids.size();
  }
  return {};
}

Result<void> select_addresses(const Skeleton& skeleton, const std::vector<IpAddress>& addresses) {
  const int map = bpf_map__fd(skeleton->maps.addresses);
  for (const IpAddress& address : addresses) {
    const std::uint8_t one = 1;
    const wire::ip_address key = to_wire_address(address);
    const int error = bpf_map_update_elem(map, &key, &one, BPF_ANY);
    if (error != 0) return system_failure(error, "cannot set the address filter");
  }
  return {};
}

constexpr int kNotSupported = 524;  // ENOTSUPP of the kernel's include/linux/errno.h; the C library does not know it

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
  if (!link && errno == kNotSupported && bpf_program__type(program) == BPF_PROG_TYPE_TRACING)
    return failure(what + ": this kernel's BPF trampolines do not reach its functions (on arm64 since Linux 6.4)");
  if (!link) return libbpf_failure(errno, what, log);
  return link;
}

Result<void> attach_programs(LoadedPrograms& loaded, const AttachPlan& plan) {
  for (const PlannedProgram& planned : plan.programs) {
    bpf_program* program = program_named(loaded.skeleton, planned.name);
    Result<Link> link = attach(program, planned);
    if (!link) return tl::unexpected(link.error());
    loaded.links.push_back(*std::move(link));
    const int fd = bpf_program__fd(program);  // the same program may be attached twice
    if (std::ranges::none_of(loaded.metered, [fd](const auto& other) { return other.fd == fd; }))
      loaded.metered.push_back({fd, planned.fact});
  }
  if (plan.refresh != "refresh_iter") return {};
  const auto attach_to = [](Link& place, const bpf_program* program, const bpf_map* map) -> Result<void> {
    Result<Link> link = attach_iterator(program, map);
    if (!link) return tl::unexpected(link.error());
    place = *std::move(link);
    return {};
  };
  const auto& skeleton = *loaded.skeleton;
  if (const auto done = attach_to(loaded.refresh, skeleton.progs.refresh_iter, skeleton.maps.connections); !done)
    return done;
  return attach_to(loaded.relisten, skeleton.progs.relisten_iter, skeleton.maps.listeners);
}

}  // namespace

Result<void> LargeMaps::lend_to(acceptscope_bpf& skeleton) {
  for (bpf_map* map :
       {skeleton.maps.connections, skeleton.maps.worker_rows, skeleton.maps.request_rows, skeleton.maps.closed}) {
    UniqueFd& made = maps_[bpf_map__name(map)];
    if (!made) {
      bpf_map_create_opts options{};
      options.sz = sizeof options;
      options.map_flags = bpf_map__map_flags(map);
      made.reset(bpf_map_create(bpf_map__type(map), bpf_map__name(map), bpf_map__key_size(map),
                                bpf_map__value_size(map), bpf_map__max_entries(map), &options));
    }
    const std::string what = std::string("cannot make BPF map ") + bpf_map__name(map);
    if (!made) return system_failure(errno, what, errno == ENOMEM ? kLessMemory : "");
    if (const int error = bpf_map__reuse_fd(map, made.get()); error != 0) return system_failure(error, what);
  }
  return {};
}

Result<LoadedPrograms> load_and_attach(const TracerOptions& options, const Environment& environment,
                                       const AttachPlan& plan, LargeMaps& large) {
  LoadedPrograms loaded;
  loaded.requests = plan.requests;
  Result<Skeleton> skeleton = load(options, environment, plan, large);
  if (!skeleton) return tl::unexpected(skeleton.error());
  loaded.skeleton = *std::move(skeleton);
  loaded.walk = program_named(loaded.skeleton, plan.walk);
  if (const auto done = select_cgroups(loaded.skeleton, options.cgroups); !done) return tl::unexpected(done.error());
  if (const auto done = select_addresses(loaded.skeleton, options.addresses); !done)
    return tl::unexpected(done.error());
  for (const bpf_map* map : {loaded.skeleton->maps.free_worker_rows, loaded.skeleton->maps.free_service_rows})
    if (const auto done = enter_rows(map); !done) return tl::unexpected(done.error());
  if (const auto done = attach_programs(loaded, plan); !done) return tl::unexpected(done.error());
  if (plan.proc_view.translates) {
    Result<ProcPidReader> reader = ProcPidReader::attach(*loaded.skeleton, plan.proc_view);
    if (!reader) return tl::unexpected(reader.error());
    loaded.proc_pids = *std::move(reader);
  }
  if (!options.pids.empty()) {
    const auto done = select_processes(loaded.skeleton, options.pids, ProcFs(environment.proc), loaded.proc_pids);
    if (!done) return tl::unexpected(done.error());
  }
  return loaded;
}

}  // namespace acceptscope
