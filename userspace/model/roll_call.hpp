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
  bool is_parent = false;       ///< of another member of the service, also of one that left
  std::uint64_t last_call = 0;  ///< number of the last roll call that it answered
};

/// The listening sockets of a service, or, once they are closed, what was last seen of them.
struct KnownListeners {
  Listeners sockets;
  std::uint64_t last_call = 0;
};

/// Who holds the listening sockets: the last roll call, and who answered an earlier one. Its keys are listeners
/// themselves and need no resolving. With forget(), it is bounded by what there is at one time, however often it is
/// replaced.
class RollCall {
 public:
  /// So many that left, and so many services without sockets, are remembered in any case.
  static constexpr std::size_t kMinGone = 1024;

  /// A new roll call, complete.
  void update(const std::vector<Listeners>& listeners, std::vector<Holder> holders);

  /// More have left than kMinGone and than were ever there at once.
  [[nodiscard]] bool has_too_many() const;
  /// Forgets those, the ones that left first before others. Members with the pids that are needed, and services that
  /// are needed, stay and do not count. Returns the members that are forgotten.
  std::vector<Member> forget(const std::set<std::uint32_t>& needed_pids, const std::set<ServiceKey>& needed_services);

  /// Without sockets, but otherwise as last seen, once they are closed.
  [[nodiscard]] const std::map<ServiceKey, KnownListeners>& listeners() const { return listeners_; }
  [[nodiscard]] const std::map<Owner, Member>& members() const { return members_; }
  [[nodiscard]] const Member* find(const Owner& owner) const;
  /// The process of a thread, or the process itself, has left the service.
  [[nodiscard]] bool has_left(const Owner& owner) const;

 private:
  /// How many entries of a map are there now, and the most that ever were.
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
