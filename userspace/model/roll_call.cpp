// SPDX-License-Identifier: BSD-2-Clause
#include "model/roll_call.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace acceptscope {
namespace {

/// Removes the entries that are neither needed nor in the roll call `now`, except the `most` that left last.
template <class Map, class IsNeeded>
std::vector<typename Map::mapped_type> take_first_gone(Map& map, std::uint64_t now, std::size_t most,
                                                       const IsNeeded& is_needed) {
  std::vector<typename Map::iterator> gone;
  for (auto entry = map.begin(); entry != map.end(); ++entry)
    if (entry->second.last_call != now && !is_needed(entry->first)) gone.push_back(entry);
  if (gone.size() <= most) return {};
  const auto first_kept = gone.end() - static_cast<std::ptrdiff_t>(most);
  std::stable_sort(gone.begin(), gone.end(),
                   [](const auto& a, const auto& b) { return a->second.last_call < b->second.last_call; });
  std::vector<typename Map::mapped_type> taken;
  std::for_each(gone.begin(), first_kept, [&](const auto& entry) {
    taken.push_back(std::move(entry->second));
    map.erase(entry);
  });
  return taken;
}

}  // namespace

void RollCall::Presence::count(std::size_t present) {
  now = present;
  most = std::max(most, present);
}

std::size_t RollCall::Presence::may_be_gone() const { return std::max(most, kMinGone); }

void RollCall::update(const std::vector<Listeners>& listeners, std::vector<Holder> holders) {
  ++calls_;
  for (auto& [key, known] : listeners_) known.sockets.sockets = known.sockets.queue_depth = 0;
  for (const Listeners& sockets : listeners) listeners_[sockets.service] = {sockets, calls_};
  services_.count(listeners.size());

  for (auto& [owner, member] : members_) member.present = false;
  std::size_t present = 0;
  for (Holder& holder : holders) {
    Member& member = members_[{holder.service, holder.worker}];
    member.holder = std::move(holder);
    member.last_call = calls_;
    if (!std::exchange(member.present, true)) ++present;
  }
  processes_.count(present);
  mark_parents();
}

void RollCall::mark_parents() {
  for (const auto& [child, member] : members_) {
    const std::uint32_t pid = member.holder.parent_pid;
    for (auto parent = members_.lower_bound({child.service, {pid, 0, 0}});
         parent != members_.end() && parent->first.service == child.service && parent->first.worker.pid == pid;
         ++parent)
      parent->second.is_parent = true;
  }
}

bool RollCall::has_too_many() const {
  return members_.size() - processes_.now > processes_.may_be_gone() ||
         listeners_.size() - services_.now > services_.may_be_gone();
}

std::vector<Member> RollCall::forget(const std::set<std::uint32_t>& needed_pids,
                                     const std::set<ServiceKey>& needed_services) {
  take_first_gone(listeners_, calls_, services_.may_be_gone(),
                  [&](const ServiceKey& service) { return needed_services.contains(service); });
  return take_first_gone(members_, calls_, processes_.may_be_gone(),
                         [&](const Owner& owner) { return needed_pids.contains(owner.worker.pid); });
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
  // The latest process with that pid that is not younger than the thread.
  const auto next = members_.upper_bound({owner.service, {owner.worker.pid, 0, owner.worker.start_ns}});
  if (next == members_.begin()) return false;
  const auto& [key, member] = *std::prev(next);
  return key.service == owner.service && key.worker.pid == owner.worker.pid && !member.present;
}

}  // namespace acceptscope
