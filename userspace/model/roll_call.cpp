// SPDX-License-Identifier: BSD-2-Clause
#include "model/roll_call.hpp"

#include <algorithm>
#include <iterator>

namespace acceptscope {

void RollCall::update(const std::vector<Listeners>& listeners, std::vector<Holder> holders) {
  for (auto& [key, sockets] : listeners_) sockets.sockets = sockets.queue_depth = 0;
  for (const Listeners& sockets : listeners) listeners_[sockets.service] = sockets;

  for (auto& [owner, member] : members_) member.present = false;
  std::size_t present = 0;
  for (Holder& holder : holders) {
    Member& member = members_[{holder.service, holder.worker}];
    member.holder = std::move(holder);
    if (!std::exchange(member.present, true)) ++present;
  }
  if (members_.size() - present > kMaxGone) {
    std::erase_if(members_, [](const auto& entry) { return !entry.second.present; });
  }
  parents_.clear();
  for (const auto& [owner, member] : members_) parents_.emplace(owner.service, member.holder.parent_pid);
}

const Member* RollCall::find(const Owner& owner) const {
  const auto member = members_.find(owner);
  return member == members_.end() ? nullptr : &member->second;
}

bool RollCall::has_left(const Owner& owner) const {
  if (owner.worker.tid == 0) {
    const Member* const member = find(owner);
    return member != nullptr && !member->present;
  }
  // The last process of that pid that is not younger than the thread.
  const auto next = members_.upper_bound({owner.service, {owner.worker.pid, 0, owner.worker.start_ns}});
  if (next == members_.begin()) return false;
  const auto& [key, member] = *std::prev(next);
  return key.service == owner.service && key.worker.pid == owner.worker.pid && !member.present;
}

bool RollCall::is_parent(const Owner& owner) const { return parents_.contains({owner.service, owner.worker.pid}); }

}  // namespace acceptscope
