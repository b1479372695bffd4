// SPDX-License-Identifier: BSD-2-Clause
#include "model/roll_call.hpp"

#include <algorithm>
#include <iterator>
#include <set>
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

/// What a closed socket counted is in the totals of its service.
void RollCall::update_listeners(const std::vector<Listeners>& listeners) {
  for (auto& [key, known] : listeners_) {
    known.sockets.sockets = known.sockets.queue_depth = 0;
    known.sockets.drops = {};
    known.sockets.open.clear();
  }
  for (const Listeners& now : listeners) {
    KnownListeners& known = listeners_[now.service];
    std::vector<ListeningSocket> closed = std::move(known.sockets.closed);
    if (now.sockets != 0 || known.last_call == 0) known.sockets = now;
    for (const ListeningSocket& socket : now.closed) {
      const bool telling = socket.never_accepted != 0 || socket.drops.all != 0;
      if (telling && closed.size() < KnownListeners::kMostClosed) closed.push_back(socket);
    }
    known.sockets.closed = std::move(closed);
    known.last_call = calls_;
  }
  services_.count(listeners.size());
}

void RollCall::update(const std::vector<Listeners>& listeners, DoorLook look, MonotonicTime at) {
  ++calls_;
  update_listeners(listeners);

  for (auto& [owner, member] : members_)
    if (std::exchange(member.present, false)) member.left_at = at;
  for (Holder& holder : look.holders) take(std::move(holder));
  processes_.count(static_cast<std::size_t>(
      std::ranges::count_if(members_, [](const auto& entry) { return entry.second.present; })));
  mark_parents();
  if (look.number == looks_ && looks_ != 0) return;  // no look since
  looks_ = std::max(looks_ + 1, look.number);
  looked_at_ = look.at;
  note_order(look.woken_first);
}

void RollCall::take(Holder holder) {
  Member& member = members_[{holder.service, holder.worker}];
  const std::optional<bool> exclusive = holder.exclusive ? holder.exclusive : member.holder.exclusive;
  member.last_call = calls_;
  member.present = true;
  member.waited |= holder.waits.value_or(false);
  member.blocked |= holder.blocks;
  member.missed |= !holder.waits.value_or(true);
  member.untold |= !holder.waits.has_value();
  member.threads_most = std::max(member.threads_most, holder.threads.size());
  if (by_ == WorkerUnit::thread)
    for (WaitingThread& thread : holder.threads)
      if (member.threads.size() < kMostThreads) member.threads.insert_or_assign(thread.worker, std::move(thread));
  member.holder = std::move(holder);
  member.holder.exclusive = exclusive;
}

void RollCall::forget_thread(const WorkerKey& thread) {
  for (auto& [owner, member] : members_)
    if (owner.worker.pid == thread.pid) member.threads.erase(thread);
}

void RollCall::note_order(const std::vector<WokenFirst>& woken_first) {
  std::set<ServiceKey> now;
  for (const WokenFirst& head : woken_first) {
    const bool by_thread = by_ == WorkerUnit::thread;
    WakeOrder& order = orders_[head.service];
    if ((by_thread ? head.threads : head.processes) < 2) continue;
    if (by_thread && !head.thread) continue;  // it was busy
    const WorkerKey first = by_thread ? *head.thread : head.worker;
    order.varies |= order.first.value_or(first) != first;
    order.first = first;
    if (now.insert(head.service).second) ++order.looks;
  }
  std::erase_if(orders_, [&](const auto& entry) { return !listeners_.contains(entry.first); });
}

std::optional<WorkerKey> RollCall::woken_first(const ServiceKey& service) const {
  const auto order = orders_.find(service);
  if (order == orders_.end() || order->second.varies || order->second.looks < 2) return std::nullopt;
  return order->second.first;
}

void RollCall::mark_parents() {
  for (const auto& [child, member] : members_) {
    if (!member.waited && !member.may_wait()) continue;
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

const Member* RollCall::find_process(const Owner& owner) const {
  if (owner.worker.tid == 0) return find(owner);
  // The latest process with that pid that is not younger than the thread.
  const auto next = members_.upper_bound({owner.service, {owner.worker.pid, 0, owner.worker.start_ns}});
  if (next == members_.begin()) return nullptr;
  const auto& [key, member] = *std::prev(next);
  return key.service == owner.service && key.worker.pid == owner.worker.pid ? &member : nullptr;
}

std::optional<MonotonicTime> RollCall::left_at(const Owner& owner) const {
  const Member* const member = find_process(owner);
  return member == nullptr || member->present ? std::nullopt : std::optional(member->left_at);
}

}  // namespace acceptscope
