// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "model/owner.hpp"

namespace acceptscope {

/// A process that holds, or held, a service's listening socket.
struct Member {
  Holder holder;
  bool present = false;  ///< in the last roll call
};

/// Who holds the listening sockets: the last roll call, and who answered an earlier one. Its keys are listeners
/// themselves and need no resolving.
class RollCall {
 public:
  /// When more have left than this, all that left are forgotten: only a server that replaces idle workers for days
  /// gets there.
  static constexpr std::size_t kMaxGone = 16384;

  /// A new roll call, complete.
  void update(const std::vector<Listeners>& listeners, std::vector<Holder> holders);

  /// The listening sockets of each service; without sockets, but otherwise as last seen, once they are closed.
  [[nodiscard]] const std::map<ServiceKey, Listeners>& listeners() const { return listeners_; }
  [[nodiscard]] const std::map<Owner, Member>& members() const { return members_; }
  [[nodiscard]] const Member* find(const Owner& owner) const;
  /// The process of a thread, or the process itself, has left the service.
  [[nodiscard]] bool has_left(const Owner& owner) const;
  /// It is the parent of another member of the service, also of one that left.
  [[nodiscard]] bool is_parent(const Owner& owner) const;

 private:
  std::map<ServiceKey, Listeners> listeners_;
  std::map<Owner, Member> members_;
  std::set<std::pair<ServiceKey, std::uint32_t>> parents_;  ///< service and pid
};

}  // namespace acceptscope
