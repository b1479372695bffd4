// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "capture/bpf_handles.hpp"
#include "capture/door.hpp"
#include "util/result.hpp"
#include "util/unique_fd.hpp"

struct acceptscope_bpf;
struct bpf_program;

namespace acceptscope {

/// Whether the user wants the run to end.
using StopRequest = std::function<bool()>;

/// Walks over every file descriptor of every process of the host, and finds the holders of listening sockets and
/// connections, and who waits for connections. The cost grows with the number of file descriptors, which any user can
/// raise. So a walk takes no more than kSlice of a tick and goes on with the next tick, and the next walk is due after
/// kRest times what the last one took, and after kPeriod at least.
class HolderWalk {
 public:
  static constexpr int kRest = 100;
  static constexpr Nanoseconds kPeriod = std::chrono::seconds{2};
  static constexpr Nanoseconds kSlice = std::chrono::milliseconds{50};

  /// \param program the walk, loaded
  /// \param skeleton,cgroups must outlive this object
  [[nodiscard]] static Result<HolderWalk> attach(acceptscope_bpf& skeleton, bpf_program* program,
                                                 const std::vector<UniqueFd>& cgroups);
  HolderWalk(HolderWalk&&) noexcept;
  HolderWalk& operator=(HolderWalk&&) noexcept;
  ~HolderWalk();

  /// The walk with which tracing begins: connections that are open and unknown are pre-existing. Listening sockets come
  /// first, because they distinguish an accepted connection from one that this host made. The caller has set
  /// bss->walk_first before recording began. False if `stop` ended it early.
  [[nodiscard]] Result<bool> first(const StopRequest& stop);
  /// Begins any later walk, from the start if one is under way.
  Result<void> begin();
  [[nodiscard]] bool is_under_way() const { return pass_ != nullptr; }
  /// Goes on with the walk under way for up to `budget`. True if it came to its end.
  [[nodiscard]] Result<bool> go_on(Nanoseconds budget);
  [[nodiscard]] bool is_due(MonotonicTime now) const { return now - ended_at_ >= rest_ && now - ended_at_ >= kPeriod; }
  /// Whether a walk that is wanted before it is due may begin.
  [[nodiscard]] bool is_affordable(MonotonicTime now) const { return now - ended_at_ >= rest_; }

  /// Number of the last complete walk: 1, 2, ...
  [[nodiscard]] std::uint32_t number() const { return look_.number; }
  /// The holders of listening sockets at the last walk.
  [[nodiscard]] const DoorLook& look() const { return look_; }
  /// The holders of one listening socket, by its key in the map `listeners`: their pids, in rising order.
  [[nodiscard]] const std::map<std::uint64_t, std::set<std::uint32_t>>& sockets() const { return sockets_; }

 private:
  HolderWalk(acceptscope_bpf& skeleton, std::vector<UniqueFd> cgroups, Link link);
  Result<void> start(bool listeners, bool connections);
  /// Reads the pass; true at its end.
  Result<bool> read_until(MonotonicTime deadline);
  Result<bool> to_end(const StopRequest& stop);
  void complete();
  Result<void> name_members() const;

  acceptscope_bpf* skeleton_;
  std::vector<UniqueFd> cgroups_;
  Link link_;
  struct Pass;
  std::unique_ptr<Pass> pass_;  ///< the walk under way
  std::uint32_t started_ = 0;   ///< walks
  MonotonicTime ended_at_;
  Nanoseconds rest_{0};
  DoorLook look_;
  std::map<std::uint64_t, std::set<std::uint32_t>> sockets_;
};

}  // namespace acceptscope
