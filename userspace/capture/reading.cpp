// SPDX-License-Identifier: BSD-2-Clause
#include "capture/reading.hpp"

#include <bpf/bpf.h>
#include <linux/membarrier.h>
#include <linux/types.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "acceptscope_bpf.skel.h"
#include "bpf/wire.h"
#include "capture/convert.hpp"
#include "capture/map_reader.hpp"

namespace acceptscope {
namespace {

constexpr int kSampleEveryTicks = 10;  // the first and then one tick in ten is timed; see CostMeter

/// The last walk takes so long at most: whoever ends the run does not wait for the whole host.
constexpr Nanoseconds kLastLook = std::chrono::milliseconds{300};

/// Busy times are sums that the kernel changes in two steps while we copy a row: a row whose busy time is none, below 0
/// or more than all the time there was, is read again, a few times.
constexpr int kTries = 4;

/// Hands the row of an array map to `take`, which returns the busy time that it found.
template <class Row, class Take>
Result<void> read_row(const bpf_map* map, std::uint32_t number, MonotonicTime begun, Take&& take) {
  if (number == wire::no_row) return {};
  for (int tries = 0; tries < kTries; ++tries) {
    Row row;
    const int error = bpf_map_lookup_elem(bpf_map__fd(map), &number, &row);
    if (error != 0) return system_failure(error, std::string("cannot read BPF map ") + bpf_map__name(map));
    const MonotonicTime now = monotonic_now();
    const Nanoseconds busy = take(row, now);
    if (busy >= Nanoseconds{0} && busy <= now - begun) break;
  }
  return {};
}

}  // namespace

void RingFree::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

Reader::Reader(LoadedPrograms& loaded, HolderWalk walk, ProcFs procfs)
    : skeleton_(*loaded.skeleton),
      refresh_(loaded.refresh),
      relisten_(loaded.relisten),
      requests_(loaded.requests),
      walk_(std::move(walk)),
      proc_pids_(loaded.proc_pids),
      netns_names_(procfs.first_root()),
      procfs_(std::move(procfs)),
      cost_(loaded.metered) {}

Result<std::unique_ptr<Reader>> Reader::open(LoadedPrograms& loaded, const std::vector<UniqueFd>& cgroups,
                                             ProcFs procfs) {
  Result<HolderWalk> walk = HolderWalk::attach(*loaded.skeleton, loaded.walk, cgroups);
  if (!walk) return tl::unexpected(walk.error());
  std::unique_ptr<Reader> reader(new Reader(loaded, *std::move(walk), std::move(procfs)));
  const int ring = bpf_map__fd(loaded.skeleton->maps.closed);
  reader->ring_.reset(ring_buffer__new(ring, &Reader::on_record, reader.get(), nullptr));
  if (!reader->ring_) return system_failure(errno, "cannot map the ring buffer");
  return reader;
}

Result<MonotonicTime> Reader::begin(const StopRequest& stop) {
  begun_ = monotonic_now();
  skeleton_.bss->walk_first = 1;
  skeleton_.bss->recording = 1;
  const Result<bool> walked = walk_.first(stop);
  if (!walked) return tl::unexpected(walked.error());
  walks_unfinished_ += *walked ? 0 : 1;
  skeleton_.bss->walk_first = 0;
  if (const Result<void> read = read_proc_pids(); !read) return tl::unexpected(read.error());
  for (const Holder& holder : walk_.look().holders) {
    const std::uint32_t netns = holder.service.netns;
    if (drops_before_.contains(netns)) continue;
    if (const std::optional<NamespaceDrops> counted = count_of_namespace(netns)) drops_before_[netns] = *counted;
  }
  skeleton_.bss->drops_begin = 1;
  const Result<void> refreshed = refresh_entries(true);
  skeleton_.bss->drops_begin = 0;
  return refreshed.map([this] { return begun_; });
}

MonotonicTime Reader::end() {
  skeleton_.bss->walk_last = 1;
  last_walk();
  const MonotonicTime now = monotonic_now();
  skeleton_.bss->recording = 0;
  // A program that saw recording == 1 may still run. They run as RCU readers, and this waits for one grace period
  // (membarrier(2)); where it is not supported (nohz_full), detaching the programs waits as well.
  syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
  return now;
}

int Reader::ring_fd() const { return ring_buffer__epoll_fd(ring_.get()); }

int Reader::on_record(void* context, void* data, std::size_t size) {
  if (size < sizeof(wire::closed_connection)) return 0;
  wire::closed_connection record;
  std::memcpy(&record, data, sizeof record);
  static_cast<Reader*>(context)->sink_(to_closed_connection(record));
  return 0;
}

Result<std::size_t> Reader::drain(const std::function<void(const ClosedConnection&)>& sink) {
  sink_ = sink;
  const int count = ring_buffer__consume(ring_.get());
  if (count < 0) return system_failure(count, "cannot read the ring buffer");
  return static_cast<std::size_t>(count);
}

Result<std::uint64_t> Reader::sum_of(const bpf_map* map, std::uint32_t index) const {
  std::vector<std::uint64_t> per_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  const int error = bpf_map_lookup_elem(bpf_map__fd(map), &index, per_cpu.data());
  if (error != 0) return system_failure(error, std::string("cannot read BPF map ") + bpf_map__name(map));
  return std::accumulate(per_cpu.begin(), per_cpu.end(), std::uint64_t{0});
}

Result<void> Reader::refresh_entries(bool any) const {
  if (relisten_) {
    if (const Result<void> done = run_iterator(relisten_); !done) return done;
    if (!any) return {};
  }
  for (int pass = 0; pass < 2; ++pass) {
    skeleton_.bss->found_dead = 0;
    const Result<void> refreshed = refresh_ ? run_iterator(refresh_) : run_program(skeleton_.progs.refresh_syscall);
    if (!refreshed) return refreshed;
    if (skeleton_.bss->found_dead == 0) break;  // else again: a connection must be found dead twice
  }
  return {};
}

Result<Reader::Entries> Reader::read_entries() {
  Entries entries;
  const bool entered_before = std::exchange(entered_, skeleton_.bss->any_tracked != 0);
  skeleton_.bss->any_tracked = 0;
  // An entry that a program adds at this very moment may be missed below and not be marked either: so look again.
  const bool any = entries_before_ != 0 || entered_ || entered_before;
  skeleton_.bss->refresh_connections = any;
  if (const Result<void> refreshed = refresh_entries(any); !refreshed) return tl::unexpected(refreshed.error());
  if (!any) return entries;
  entries.open.reserve(std::exchange(entries_before_, 0));
  const auto read = for_each_entry<std::uint64_t, wire::connection>(
      bpf_map__fd(skeleton_.maps.connections), "connections", [&](std::uint64_t sock, const wire::connection& entry) {
        ++entries_before_;
        if (entry.accepted_ns == 0 && entry.left_walk != 0)
          entries.left_unseen = true;
        else if (entry.accepted_ns == 0)
          entries.queued.push_back(to_queued_connection(entry));
        else if (entry.ignored == 0)
          entries.open.push_back(to_open_connection(sock, entry, walk_.number()));
      });
  if (!read) return tl::unexpected(read.error());
  return entries;
}

Result<void> Reader::walk_if_needed(const Entries& entries) {
  if (!walk_.is_under_way()) {
    const std::uint64_t skipped_now = cost_.skipped();
    const std::uint32_t births_now = skeleton_.bss->births;
    const MonotonicTime now = monotonic_now();
    const bool wanted = births_now != births_ || entries.left_unseen || skipped_now != skipped_;
    if (!walk_.is_due(now) && !(wanted && walk_.is_affordable(now))) return {};
    skipped_ = skipped_now;
    births_ = births_now;
    if (const Result<void> begun = walk_.begin(); !begun) return begun;
  }
  return walk_.go_on(HolderWalk::kSlice).map([](bool) {});
}

void Reader::last_walk() {
  const Result<Entries> entries = read_entries();
  if (!entries || (!entries->left_unseen && cost_.skipped() == skipped_)) return;
  if (!walk_.begin()) return;
  const Result<bool> ended = walk_.go_on(kLastLook);
  walks_unfinished_ += ended && *ended ? 0 : 1;
}

Result<std::vector<Listeners>> Reader::read_listeners() {
  const bpf_map* const map = skeleton_.maps.listeners;
  std::vector<Listeners> services;
  ListenerShares shares;
  const auto former_holders = std::exchange(socket_holders_, {});
  const auto read = for_each_entry<std::uint64_t, wire::listener>(
      bpf_map__fd(map), bpf_map__name(map), [&](std::uint64_t sock, const wire::listener& listener) {
        std::vector<std::uint32_t> holders;
        if (const auto now = walk_.sockets().find(sock); now != walk_.sockets().end())
          holders.assign(now->second.begin(), now->second.end());
        else if (const auto former = former_holders.find(sock); former != former_holders.end())
          holders = former->second;
        if (listener.closed != 0) {
          shares.closed.emplace_back(sock, listener.service);
        } else {
          socket_holders_[sock] = holders;
          shares.open.insert(to_service_key(listener.service));
          ++shares.of_users[listener.uid];
        }
        add_listener(services, listener, std::move(holders));
      });
  if (!read) return tl::unexpected(read.error());
  forget_listeners(std::move(shares));
  return services;
}

void Reader::forget_listeners(ListenerShares shares) {
  // A new listening socket may have the address by now: the next walk finds it again.
  for (const auto& [sock, service] : shares.closed) {
    bpf_map_delete_elem(bpf_map__fd(skeleton_.maps.listeners), &sock);
    if (!shares.open.contains(to_service_key(service)))
      bpf_map_delete_elem(bpf_map__fd(skeleton_.maps.listening), &service);
  }
  set_shares(wire::SHARE_LISTENERS, std::move(shares.of_users));
}

void Reader::set_shares(wire::share_kind kind, EntriesOfUsers of_users) {
  std::uint64_t all = 0;
  for (const auto& [uid, before] : entries_of_users_[kind]) of_users.try_emplace(uid, 0);
  for (const auto& [uid, entries] : of_users) {
    const wire::share_key key{static_cast<std::uint32_t>(kind), uid};
    bpf_map_update_elem(bpf_map__fd(skeleton_.maps.shares), &key, &entries, BPF_ANY);
    all += entries;
  }
  skeleton_.bss->shares_given[kind] = all;
  std::erase_if(of_users, [](const auto& user) { return user.second == 0; });
  entries_of_users_[kind] = std::move(of_users);
}

Result<void> Reader::read_proc_pids() {
  if (!proc_pids_) return {};
  return proc_pids_->read().map([this](ProcPids pids) { shown_ = std::move(pids); });
}

std::map<std::uint32_t, OutsideText> Reader::read_netns_names(const Tick& tick) {
  std::set<std::uint32_t> wanted;
  for (const Listeners& service : tick.listeners) wanted.insert(service.service.netns);
  for (const ServiceCounters& service : tick.services) wanted.insert(service.service.netns);
  return netns_names_.of(wanted);
}

std::optional<NamespaceDrops> Reader::count_of_namespace(std::uint32_t netns) const {
  if (const auto own = procfs_.namespace_drops("self", netns)) return own;
  for (const Holder& holder : walk_.look().holders) {
    if (holder.service.netns != netns) continue;
    const auto shown = shown_ ? shown_->find(holder.worker.pid) : ProcPids::const_iterator();
    if (shown_ && shown == shown_->end()) continue;
    const std::uint32_t pid = shown_ ? shown->second : holder.worker.pid;
    if (const auto counted = procfs_.namespace_drops(std::to_string(pid), netns)) return counted;
  }
  return std::nullopt;
}

std::map<std::uint32_t, NamespaceDrops> Reader::read_namespace_drops(const Tick& tick) const {
  std::set<std::uint32_t> dropping;
  for (const Listeners& service : tick.listeners)
    if (service.drops.all != 0) dropping.insert(service.service.netns);
  for (const ServiceCounters& service : tick.services)
    if (service.closed_drops.all != 0) dropping.insert(service.service.netns);
  std::map<std::uint32_t, NamespaceDrops> since;
  for (const std::uint32_t netns : dropping) {
    const std::optional<NamespaceDrops> now = count_of_namespace(netns);
    if (!now) continue;
    // A namespace without listening sockets when tracing began: its counts since it exists are an upper limit.
    const auto before = drops_before_.find(netns);
    const NamespaceDrops begin = before == drops_before_.end() ? NamespaceDrops{} : before->second;
    since[netns] = {now->overflows - begin.overflows, now->deferred - begin.deferred};
  }
  return since;
}

Result<void> Reader::read_requests(std::uint32_t row, ServiceCounters& counters) const {
  return read_row<wire::request_load>(skeleton_.maps.service_loads, row, begun_,
                                      [&](const auto& raw, MonotonicTime now) {
                                        counters.ownerless_requests = to_ownerless_load(raw);
                                        return counters.requests.emplace(to_request_load(raw, now)).busy;
                                      });
}

Result<void> Reader::read_requests(std::uint32_t row, WorkerCounters& counters) const {
  return read_row<wire::request_counters>(skeleton_.maps.request_rows, row, begun_,
                                          [&](const auto& raw, MonotonicTime now) {
                                            return counters.requests.emplace(to_request_counters(raw, now)).load.busy;
                                          });
}

Result<std::vector<ProcessInfo>> Reader::take_exits() {
  std::vector<ProcessInfo> exits;
  std::vector<wire::life_key> keys;
  const int map = bpf_map__fd(skeleton_.maps.lives);
  EntriesOfUsers of_users;
  const auto read =
      for_each_entry<wire::life_key, wire::life>(map, "lives", [&](const wire::life_key& key, const wire::life& life) {
        if (life.exited_ns == 0) {
          ++of_users[life.uid];
          return;
        }
        keys.push_back(key);
        exits.push_back(to_exit(key, life.exited_ns));
      });
  if (!read) return tl::unexpected(read.error());
  for (const wire::life_key& key : keys) bpf_map_delete_elem(map, &key);
  set_shares(wire::SHARE_LIVES, std::move(of_users));
  return exits;
}

Result<Losses> Reader::read_losses() const {
  static_assert(std::ranges::count_if(kLossKinds, &LossKind::in_kernel) == wire::LOSS_KINDS);
  Losses losses;
  std::uint32_t index = 0;
  for (const LossKind& kind : kLossKinds) {
    if (!kind.in_kernel) continue;
    const Result<std::uint64_t> sum = sum_of(skeleton_.maps.losses, index++);
    if (!sum) return tl::unexpected(sum.error());
    losses.*kind.count = *sum;
  }
  losses.program_skipped = cost_.skipped();
  losses.walk_unfinished = walks_unfinished_;
  return losses;
}

Overhead Reader::read_overhead() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  Overhead overhead;
  overhead.bpf_ns_per_accept = cost_.ns_per_accept();
  overhead.bpf_ns_per_close = cost_.ns_per_close();
  overhead.bpf_cpu = cost_.part_of_cpu();
  overhead.cpu_seconds_user = seconds(usage.ru_utime);
  overhead.cpu_seconds_system = seconds(usage.ru_stime);
  overhead.max_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return overhead;
}

void Reader::sample_cost(const std::vector<ServiceCounters>& services) {
  std::uint64_t accepts = 0;
  std::uint64_t closes = 0;
  for (const ServiceCounters& service : services) {
    accepts += service.counts.accepts;
    closes += service.counts.closes;
  }
  cost_.end_sample(accepts, closes);
  if (ticks_++ % kSampleEveryTicks == 0) cost_.start_sample(accepts, closes);
}

Result<Tick> Reader::read(MonotonicTime now) {
  Tick tick;
  tick.at = now;
  // First what belongs to this moment. A walk takes its time, and the next tick brings what it found of connections.
  Result<Entries> entries = read_entries();
  if (!entries) return tl::unexpected(entries.error());
  tick.open = std::move(entries->open);
  tick.queued = entries->queued;
  const auto& maps = skeleton_.maps;
  Result<void> requests;
  const auto with_requests = [&](std::uint32_t row, auto counters) {
    if (requests_ && requests) requests = read_requests(row, counters);
    return counters;
  };
  const auto services = read_rows<wire::service_key, std::uint32_t, wire::service_counters>(
      maps.services, maps.service_rows, tick.services, [](std::uint32_t row) { return row; },
      [&](const auto& key, std::uint32_t row, const auto& raw) {
        return with_requests(row, to_service_counters(key, raw));
      });
  if (!services) return tl::unexpected(services.error());
  const auto workers = read_rows<wire::worker_key, wire::worker_place, wire::worker_counters>(
      maps.workers, maps.worker_rows, tick.workers, [](const wire::worker_place& place) { return place.worker; },
      [&](const auto& key, std::uint32_t row, const auto& raw) {
        return with_requests(row, to_worker_counters(key, raw));
      });
  if (!workers) return tl::unexpected(workers.error());
  if (!requests) return tl::unexpected(requests.error());
  Result<Losses> losses = read_losses();
  if (!losses) return tl::unexpected(losses.error());
  tick.losses = *losses;
  Result<std::vector<ProcessInfo>> exits = take_exits();
  if (!exits) return tl::unexpected(exits.error());
  tick.processes = *std::move(exits);
  if (skeleton_.bss->recording != 0)
    if (const Result<void> walked = walk_if_needed(*entries); !walked) return tl::unexpected(walked.error());
  Result<std::vector<Listeners>> listeners = read_listeners();
  if (!listeners) return tl::unexpected(listeners.error());
  tick.listeners = *std::move(listeners);
  if (const Result<void> read = read_proc_pids(); !read) return tl::unexpected(read.error());
  tick.proc_pids = shown_;
  tick.netns_names = read_netns_names(tick);
  tick.namespace_drops = read_namespace_drops(tick);
  tick.look = walk_.look();
  sample_cost(tick.services);
  tick.overhead = read_overhead();
  return tick;
}

}  // namespace acceptscope
