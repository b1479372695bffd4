// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "model/owner.hpp"

namespace acceptscope {

/// A process that holds, or held, a service's listening socket.
struct Member {
  Holder holder;
  bool present = false;         ///< in the last roll call
  bool is_parent = false;       ///< of another member of the service, even if that one has left
  std::uint64_t last_call = 0;  ///< number of the last roll call that it answered
};

/// The listening sockets of a service, or their last state once they are closed.
struct KnownListeners {
  Listeners sockets;
  std::uint64_t last_call = 0;
};

/// The holders of the listening sockets at the last roll call and at earlier ones. Its keys are listeners themselves
/// and need no resolving. With forget(), its size is bounded by the number of holders at one time, no matter how often
/// they are replaced.
class RollCall {
 public:
  /// Number of members that left, and of services without sockets, that are remembered in any case.
  static constexpr std::size_t kMinGone = 1024;

  /// A new roll call, complete.
  void update(const std::vector<Listeners>& listeners, std::vector<Holder> holders);

  /// Whether more members have left than kMinGone and than ever existed at once.
  [[nodiscard]] bool has_too_many() const;
  /// Forgets the surplus, beginning with those that left first. Members with needed pids, and needed services, stay and
  /// do not count. Returns the forgotten members.
  std::vector<Member> forget(const std::set<std::uint32_t>& needed_pids, const std::set<ServiceKey>& needed_services);

  /// Once the sockets are closed: 0 sockets, and the last state otherwise.
  [[nodiscard]] const std::map<ServiceKey, KnownListeners>& listeners() const { return listeners_; }
  [[nodiscard]] const std::map<Owner, Member>& members() const { return members_; }
  [[nodiscard]] const Member* find(const Owner& owner) const;
  /// Whether the process of a thread, or the process itself, has left the service.
  [[nodiscard]] bool has_left(const Owner& owner) const;

 private:
  /// The number of present entries of a map, now and at most.
  struct Presence {
    std::size_t now = 0;
    std::size_t most = 0;

    void count(std::size_t present);
    [[nodiscard]] std::size_t may_be_gone() const;
  };

  void mark_parents();

  std::uint64_t calls_ = 0;
  std::map<ServiceKey, KnownListeners> listeners_;
  Presence services_;
  std::map<Owner, Member> members_;
  Presence processes_;
};

}  // namespace acceptscope
