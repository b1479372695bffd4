// SPDX-License-Identifier: BSD-2-Clause
#include "capture/door.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace acceptscope {
namespace {

using Entries = std::vector<const QueueEntry*>;

class Door {
 public:
  explicit Door(const FoundDescriptors& found) {
    for (const QueueEntry& entry : found.queues) queues_[entry.object].push_back(&entry);
    for (const EpollDescriptor& epoll : found.epolls) holders_of_set_[epoll.set].insert(epoll.pid);
    for (const ListeningDescriptor& listening : found.listening) {
      const Holder& holder = listening.holder;
      holders_.emplace(std::pair(holder.service, holder.worker.pid), holder);
      sockets_.emplace(listening.socket, holder.service);
    }
  }

  DoorLook look() && {
    std::set<ServiceKey> untold;
    for (const auto& [socket, service] : sockets_)
      if (!read_queue(service, queues_[socket])) untold.insert(service);
    DoorLook look;
    look.woken_first = std::move(woken_first_);
    for (auto& [seat, holder] : holders_) {
      if (!holder.waits && !untold.contains(holder.service)) holder.waits = false;
      look.holders.push_back(std::move(holder));
    }
    return look;
  }

 private:
  /// A thread or process that an entry stands for; the holder is null if it is not one.
  struct Stand {
    Holder* holder = nullptr;
    const WaitingThread* thread = nullptr;
  };

  Holder* holder_of(const ServiceKey& service, std::uint32_t pid) {
    const auto holder = holders_.find({service, pid});
    return holder == holders_.end() ? nullptr : &holder->second;
  }

  /// Who waits at an epoll set: the threads that sleep on it, and if it has one holder, that process even while none
  /// does. Of a set that several processes inherited, those that sleep on it.
  std::vector<Stand> stands_of_set(const ServiceKey& service, std::uint64_t set) {
    std::vector<Stand> stands;
    for (const QueueEntry* sleeper : queues_[set])
      if (Holder* const holder = holder_of(service, sleeper->thread.worker.pid); holder != nullptr)
        stands.push_back({holder, &sleeper->thread});
    const std::set<std::uint32_t>& processes = holders_of_set_[set];
    if (stands.empty() && processes.size() == 1)
      if (Holder* const holder = holder_of(service, *processes.begin()); holder != nullptr)
        stands.push_back({holder, nullptr});
    return stands;
  }

  std::vector<Stand> stands_of(const ServiceKey& service, const QueueEntry& entry) {
    if (entry.way == WaitWay::epoll) return stands_of_set(service, entry.set);
    Holder* const holder = holder_of(service, entry.thread.worker.pid);
    return holder == nullptr ? std::vector<Stand>{} : std::vector<Stand>{{holder, &entry.thread}};
  }

  static void enter(const QueueEntry& entry, const Stand& stand) {
    Holder& holder = *stand.holder;
    holder.waits = true;
    if (entry.way == WaitWay::epoll)
      holder.exclusive = entry.exclusive && holder.exclusive.value_or(true);
    else
      holder.blocks = true;
    if (stand.thread == nullptr) return;
    const auto is_known = [&](const WaitingThread& known) { return known.worker == stand.thread->worker; };
    if (std::ranges::none_of(holder.threads, is_known)) holder.threads.push_back(*stand.thread);
  }

  /// False if somebody may wait there who cannot be told.
  bool read_queue(const ServiceKey& service, const Entries& queue) {
    bool told = true;
    std::set<std::uint32_t> processes;
    std::set<WorkerKey> threads;
    std::optional<WokenFirst> first;
    for (const QueueEntry* entry : queue) {
      if (entry->way == WaitWay::unknown || entry->way == WaitWay::rest) {
        told = false;
        continue;
      }
      const std::vector<Stand> stands = stands_of(service, *entry);
      for (const Stand& stand : stands) {
        enter(*entry, stand);
        processes.insert(stand.holder->worker.pid);
        if (stand.thread != nullptr) threads.insert(stand.thread->worker);
      }
      // Of an epoll set at the head with several sleepers, the kernel wakes the first.
      if (entry == queue.front() && !stands.empty()) {
        first.emplace();
        first->service = service;
        first->worker = stands.front().holder->worker;
        if (stands.front().thread != nullptr) first->thread = stands.front().thread->worker;
      }
    }
    if (!first) return told;
    first->processes = processes.size();
    first->threads = threads.size();
    woken_first_.push_back(*first);
    return told;
  }

  std::map<std::uint64_t, Entries> queues_;
  std::map<std::uint64_t, std::set<std::uint32_t>> holders_of_set_;
  std::map<std::uint64_t, ServiceKey> sockets_;
  std::map<std::pair<ServiceKey, std::uint32_t>, Holder> holders_;
  std::vector<WokenFirst> woken_first_;
};

}  // namespace

DoorLook look_of(const FoundDescriptors& found) { return Door(found).look(); }

}  // namespace acceptscope
