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
  void take(std::span<const char> piece) {
    rest_.append(piece.data(), piece.size());
    std::string_view left = rest_;
    __u32 kind = 0;
    while (left.size() >= sizeof kind) {
      std::memcpy(&kind, left.data(), sizeof kind);
      const bool taken = kind == wire::WALK_WAITER ? take_waiter(left) : take_descriptor(left);
      if (!taken) break;
    }
    rest_.erase(0, rest_.size() - left.size());
  }
  FoundDescriptors found;

 private:
  /// Cuts a record off `left`; false if not all of it is there yet.
  template <class Raw>
  static bool cut(std::string_view& left, Raw& raw) {
    if (left.size() < sizeof raw) return false;
    std::memcpy(&raw, left.data(), sizeof raw);
    left.remove_prefix(sizeof raw);
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

Result<FoundDescriptors> HolderWalk::walk(bool listeners, bool connections) {
  auto* shared = skeleton_->bss;
  shared->walk_number = ++number_;
  shared->walk_listeners = listeners;
  shared->walk_connections = connections;
  Collector collector;
  const Result<void> done = run_iterator(link_, [&](std::span<const char> piece) { collector.take(piece); });
  if (!done) return tl::unexpected(done.error());
  return std::move(collector.found);
}

void HolderWalk::complete(MonotonicTime began, const FoundDescriptors& found) {
  ended_at_ = monotonic_now();
  rest_ = (ended_at_ - began) * kRest;
  look_ = look_of(found);
  look_.number = number_;
  look_.at = began;
  sockets_.clear();
  for (const ListeningDescriptor& listening : found.listening)
    sockets_[listening.socket].insert(listening.holder.worker.pid);
}

Result<void> HolderWalk::first() {
  if (const Result<void> named = name_members(); !named) return named;
  const MonotonicTime began = monotonic_now();
  const Result<FoundDescriptors> found = walk(true, false);
  if (!found) return tl::unexpected(found.error());
  if (const Result<FoundDescriptors> connections = walk(false, true); !connections)
    return tl::unexpected(connections.error());
  skeleton_->bss->walk_first = 0;
  complete(began, *found);
  return {};
}

Result<void> HolderWalk::again() {
  if (const Result<void> named = name_members(); !named) return named;
  const MonotonicTime began = monotonic_now();
  const Result<FoundDescriptors> found = walk(true, true);
  if (!found) return tl::unexpected(found.error());
  complete(began, *found);
  return {};
}

}  // namespace acceptscope
