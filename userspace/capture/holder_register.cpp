// SPDX-License-Identifier: BSD-2-Clause
#include "capture/holder_register.hpp"

#include <utility>

namespace acceptscope {

void HolderRegister::ask(Polling& polling, const Seat& seat, const FoundDescriptors& found, MonotonicTime now) const {
  std::vector<std::uint64_t> inodes;
  for (const ListeningDescriptor& listening : found.listening)
    if (listening.holder.service == seat.service && listening.holder.worker == seat.worker)
      inodes.push_back(listening.inode);
  EpollWatch all;
  bool readable = true;
  for (const EpollDescriptor& epoll : found.epolls) {
    if (epoll.pid != seat.worker.pid) continue;
    const std::optional<EpollWatch> watch = procfs_.epoll_watch(epoll.pid, epoll.fd, inodes);
    readable = readable && watch;
    if (!watch || !watch->watched) continue;
    all.exclusive = watch->exclusive && (all.exclusive || !all.watched);
    all.watched = true;
  }
  if (readable || all.watched) polling.watch = all;
  polling.asked_at = now;
  ++polling.times_asked;
}

std::vector<Holder> HolderRegister::holders(const FoundDescriptors& found, MonotonicTime now) {
  std::map<Seat, Holder> seats;
  for (const ListeningDescriptor& listening : found.listening)
    seats.emplace(Seat{listening.holder.service, listening.holder.worker}, listening.holder);
  std::erase_if(polling_, [&](const auto& entry) { return !seats.contains(entry.first); });
  std::vector<Holder> holders;
  for (auto& [seat, holder] : seats) {
    Polling& polling = polling_[seat];
    const bool watched = polling.watch && polling.watch->watched;
    if (polling.times_asked == 0 || (polling.times_asked == 1 && !watched && now - polling.asked_at >= kSecondLook))
      ask(polling, seat, found, now);
    if (polling.watch) {
      holder.polls = polling.watch->watched;
      if (polling.watch->watched) holder.exclusive = polling.watch->exclusive;
    }
    holders.push_back(std::move(holder));
  }
  return holders;
}

}  // namespace acceptscope
