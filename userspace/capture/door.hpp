// SPDX-License-Identifier: BSD-2-Clause
/// Who stands at the door: merges what one walk found into holders and those of them who wait for connections. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "model/records.hpp"

namespace acceptscope {

/// A file descriptor of a listening socket, found by a walk.
struct ListeningDescriptor {
  Holder holder;             ///< without the facts from the wait queues
  std::uint64_t socket = 0;  ///< identifies the socket within the walk
};

/// A file descriptor of an epoll set.
struct EpollDescriptor {
  std::uint32_t pid = 0;
  std::uint64_t set = 0;  ///< identifies the set within the walk
};

/// How an entry of a wait queue waits. Same order and values as wire::wait_way.
enum class WaitWay : std::uint8_t { unknown, epoll, call, poll, uring, rest };

/// An entry of the wait queue of a listening socket or epoll set.
struct QueueEntry {
  std::uint64_t object = 0;  ///< the socket or the set
  WaitWay way = WaitWay::unknown;
  bool exclusive = false;
  std::uint64_t set = 0;  ///< that watches the socket: WaitWay::epoll
  WaitingThread thread;   ///< pid 0: none
};

/// The result of one walk over all file descriptors of the host.
struct FoundDescriptors {
  std::vector<ListeningDescriptor> listening;
  std::vector<EpollDescriptor> epolls;
  std::vector<QueueEntry> queues;  ///< each queue in the order in which the kernel wakes
};

/// The part of a DoorLook that one walk finds: holders, one per service and process, and who is woken first.
[[nodiscard]] DoorLook look_of(const FoundDescriptors& found);

}  // namespace acceptscope
