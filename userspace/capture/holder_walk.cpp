// SPDX-License-Identifier: BSD-2-Clause
#include "capture/holder_walk.hpp"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/types.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "acceptscope_bpf.skel.h"
#include "capture/cgroup.hpp"
#include "capture/convert.hpp"
#include "capture/map_reader.hpp"

namespace acceptscope {
namespace {

/// Parses the records that a walk wrote; a piece of output may end in the middle of one.
class Collector {
 public:
  FoundDescriptors found;
  bool paused = false;  ///< the walk has put off the rest

  void take(std::span<const char> piece) {
    rest_.append(piece.data(), piece.size());
    std::string_view left = rest_;
    __u32 kind = 0;
    while (left.size() >= sizeof kind) {
      std::memcpy(&kind, left.data(), sizeof kind);
      const bool taken = kind == wire::WALK_PAUSE    ? take_pause(left)
                         : kind == wire::WALK_WAITER ? take_waiter(left)
                                                     : take_descriptor(left);
      if (!taken) break;
    }
    rest_.erase(0, rest_.size() - left.size());
  }

 private:
  /// Cuts a record off `left`; false if not all of it is there yet.
  template <class Raw>
  static bool cut(std::string_view& left, Raw& raw) {
    if (left.size() < sizeof raw) return false;
    std::memcpy(&raw, left.data(), sizeof raw);
    left.remove_prefix(sizeof raw);
    return true;
  }
  bool take_pause(std::string_view& left) {
    wire::pause raw;
    if (!cut(left, raw)) return false;
    paused = true;
    return true;
  }
  bool take_waiter(std::string_view& left) {
    wire::waiter raw;
    if (!cut(left, raw)) return false;
    found.queues.push_back(to_queue_entry(raw));
    return true;
  }
  bool take_descriptor(std::string_view& left) {
    wire::descriptor raw;
    if (!cut(left, raw)) return false;
    if (raw.kind == wire::WALK_LISTENER)
      found.listening.push_back({to_holder(raw), raw.object});
    else
      found.epolls.push_back({raw.tgid, raw.object});
    return true;
  }

  std::string rest_;
};

}  // namespace

struct HolderWalk::Pass {
  IteratorPass iterator;
  Collector collector;
  MonotonicTime began;
  Nanoseconds taken{0};
};

HolderWalk::HolderWalk(HolderWalk&&) noexcept = default;
HolderWalk& HolderWalk::operator=(HolderWalk&&) noexcept = default;
HolderWalk::~HolderWalk() = default;

HolderWalk::HolderWalk(acceptscope_bpf& skeleton, std::vector<UniqueFd> cgroups, Link link)
    : skeleton_(&skeleton), cgroups_(std::move(cgroups)), link_(std::move(link)) {}

Result<HolderWalk> HolderWalk::attach(acceptscope_bpf& skeleton, bpf_program* program,
                                      const std::vector<UniqueFd>& cgroups) {
  Result<Link> link = attach_iterator(program, nullptr);
  if (!link) return tl::unexpected(link.error());
  std::vector<UniqueFd> own;
  for (const UniqueFd& cgroup : cgroups) {
    own.emplace_back(fcntl(cgroup.get(), F_DUPFD_CLOEXEC, 0));
    if (!own.back()) return system_failure(errno, "cannot keep a cgroup open");
  }
  return HolderWalk(skeleton, std::move(own), *std::move(link));
}

Result<void> HolderWalk::name_members() const {
  if (cgroups_.empty()) return {};
  const int map = bpf_map__fd(skeleton_->maps.members);
  std::vector<std::uint32_t> former;
  const auto read = for_each_entry<std::uint32_t, std::uint8_t>(
      map, "members", [&](std::uint32_t pid, std::uint8_t) { former.push_back(pid); });
  if (!read) return read;
  std::vector<std::uint32_t> now;
  for (const UniqueFd& cgroup : cgroups_) std::ranges::copy(processes_in(cgroup), std::back_inserter(now));
  for (const std::uint32_t pid : former)
    if (std::ranges::find(now, pid) == now.end()) bpf_map_delete_elem(map, &pid);
  for (const std::uint32_t pid : now) {
    const std::uint8_t one = 1;
    const int error = bpf_map_update_elem(map, &pid, &one, BPF_ANY);
    if (error != 0) return system_failure(error, "cannot name the processes of the cgroups");
  }
  return {};
}

Result<void> HolderWalk::start(bool listeners, bool connections) {
  auto* shared = skeleton_->bss;
  shared->walk_number = ++started_;
  shared->walk_listeners = listeners;
  shared->walk_connections = connections;
  pass_.reset();
  Result<IteratorPass> iterator = IteratorPass::begin(link_);
  if (!iterator) return tl::unexpected(iterator.error());
  pass_ = std::make_unique<Pass>();
  pass_->iterator = *std::move(iterator);
  pass_->began = monotonic_now();
  return {};
}

Result<bool> HolderWalk::read_until(MonotonicTime deadline) {
  auto* shared = skeleton_->bss;
  const MonotonicTime began = monotonic_now();
  shared->walk_deadline_ns = static_cast<std::uint64_t>(deadline.ns);
  pass_->collector.paused = false;
  bool more = true;
  while (more && !pass_->collector.paused && monotonic_now() < deadline) {
    shared->walk_paused = 0;
    const Result<bool> read =
        pass_->iterator.read([this](std::span<const char> piece) { pass_->collector.take(piece); });
    if (!read) {
      pass_.reset();
      return tl::unexpected(read.error());
    }
    more = *read;
  }
  pass_->taken += monotonic_now() - began;
  return !more;
}

Result<bool> HolderWalk::to_end(const StopRequest& stop) {
  for (;;) {
    const Result<bool> ended = read_until(monotonic_now() + kSlice);
    if (!ended || *ended || (stop && stop())) return ended;
  }
}

void HolderWalk::complete() {
  ended_at_ = monotonic_now();
  rest_ = pass_->taken * kRest;
  look_ = look_of(pass_->collector.found);
  look_.number = skeleton_->bss->walks_done = started_;
  look_.at = pass_->began;
  sockets_.clear();
  for (const ListeningDescriptor& listening : pass_->collector.found.listening)
    sockets_[listening.socket].insert(listening.holder.worker.pid);
  pass_.reset();
}

Result<bool> HolderWalk::first(const StopRequest& stop) {
  if (const Result<void> named = name_members(); !named) return tl::unexpected(named.error());
  if (const Result<void> started = start(true, false); !started) return tl::unexpected(started.error());
  Result<bool> ended = to_end(stop);
  if (!ended || !*ended) return ended;
  std::unique_ptr<Pass> listeners = std::move(pass_);
  if (const Result<void> started = start(false, true); !started) return tl::unexpected(started.error());
  ended = to_end(stop);
  if (!ended || !*ended) return ended;
  listeners->taken += pass_->taken;
  pass_ = std::move(listeners);
  complete();
  return true;
}

Result<void> HolderWalk::begin() {
  if (const Result<void> named = name_members(); !named) return named;
  return start(true, true);
}

Result<bool> HolderWalk::go_on(Nanoseconds budget) {
  const Result<bool> ended = read_until(monotonic_now() + budget);
  if (ended && *ended) complete();
  return ended;
}

}  // namespace acceptscope
