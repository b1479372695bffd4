// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <vector>

#include "capture/bpf_handles.hpp"
#include "capture/holder_register.hpp"
#include "util/unique_fd.hpp"

struct acceptscope_bpf;

namespace acceptscope {

/// Walks over every file descriptor of every process of the host, and finds the holders of listening sockets and
/// connections. The cost grows with the number of file descriptors, so the next walk is due after kRest times the
/// duration of the last one, and after kPeriod at least.
class HolderWalk {
 public:
  static constexpr int kRest = 100;
  static constexpr Nanoseconds kPeriod = std::chrono::seconds{2};

  /// \param skeleton,cgroups must outlive this object
  [[nodiscard]] static Result<HolderWalk> attach(acceptscope_bpf& skeleton, const std::vector<UniqueFd>& cgroups,
                                                 ProcFs procfs);

  /// The walk with which tracing begins: connections that are open and unknown are pre-existing. Listening sockets come
  /// first, because they distinguish an accepted connection from one that this host made. The caller has set
  /// bss->walk_first before recording began.
  Result<void> first();
  /// Any later walk.
  Result<void> again();
  [[nodiscard]] bool is_due(MonotonicTime now) const { return now - ended_at_ >= rest_; }

  /// Number of the last complete walk: 1, 2, ...
  [[nodiscard]] std::uint32_t number() const { return number_; }
  /// The holders of listening sockets at the last walk.
  [[nodiscard]] const std::vector<Holder>& holders() const { return holders_; }

 private:
  HolderWalk(acceptscope_bpf& skeleton, std::vector<UniqueFd> cgroups, ProcFs procfs, Link link);
  Result<FoundDescriptors> walk(bool listeners, bool connections);
  void complete(MonotonicTime began, const FoundDescriptors& found);
  Result<void> name_members() const;

  acceptscope_bpf* skeleton_;
  std::vector<UniqueFd> cgroups_;
  HolderRegister holder_register_;
  Link link_;
  std::uint32_t number_ = 0;
  MonotonicTime ended_at_;
  Nanoseconds rest_{0};
  std::vector<Holder> holders_;
};

}  // namespace acceptscope
