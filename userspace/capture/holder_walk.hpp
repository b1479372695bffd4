// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "capture/bpf_handles.hpp"
#include "capture/door.hpp"
#include "util/result.hpp"
#include "util/unique_fd.hpp"

struct acceptscope_bpf;
struct bpf_program;

namespace acceptscope {

/// Walks over every file descriptor of every process of the host, and finds the holders of listening sockets and
/// connections, and who waits for connections. The cost grows with the number of file descriptors, so the next walk is
/// due after kRest times the duration of the last one, and after kPeriod at least.
class HolderWalk {
 public:
  static constexpr int kRest = 100;
  static constexpr Nanoseconds kPeriod = std::chrono::seconds{2};

  /// \param program the walk, loaded
  /// \param skeleton,cgroups must outlive this object
  [[nodiscard]] static Result<HolderWalk> attach(acceptscope_bpf& skeleton, bpf_program* program,
                                                 const std::vector<UniqueFd>& cgroups);

  /// The walk with which tracing begins: connections that are open and unknown are pre-existing. Listening sockets come
  /// first, because they distinguish an accepted connection from one that this host made. The caller has set
  /// bss->walk_first before recording began.
  Result<void> first();
  /// Any later walk.
  Result<void> again();
  [[nodiscard]] bool is_due(MonotonicTime now) const { return now - ended_at_ >= rest_ && now - ended_at_ >= kPeriod; }
  /// Whether a walk that is wanted before it is due may begin.
  [[nodiscard]] bool is_affordable(MonotonicTime now) const { return now - ended_at_ >= rest_; }

  /// Number of the last complete walk: 1, 2, ...
  [[nodiscard]] std::uint32_t number() const { return number_; }
  /// The holders of listening sockets at the last walk.
  [[nodiscard]] const DoorLook& look() const { return look_; }
  /// The holders of one listening socket, by its key in the map `listeners`: their pids, in rising order.
  [[nodiscard]] const std::map<std::uint64_t, std::set<std::uint32_t>>& sockets() const { return sockets_; }

 private:
  HolderWalk(acceptscope_bpf& skeleton, std::vector<UniqueFd> cgroups, Link link);
  Result<FoundDescriptors> walk(bool listeners, bool connections);
  void complete(MonotonicTime began, const FoundDescriptors& found);
  Result<void> name_members() const;

  acceptscope_bpf* skeleton_;
  std::vector<UniqueFd> cgroups_;
  Link link_;
  std::uint32_t number_ = 0;
  MonotonicTime ended_at_;
  Nanoseconds rest_{0};
  DoorLook look_;
  std::map<std::uint64_t, std::set<std::uint32_t>> sockets_;
};

}  // namespace acceptscope
