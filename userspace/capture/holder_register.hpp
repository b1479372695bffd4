// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "capture/procfs.hpp"
#include "model/records.hpp"

namespace acceptscope {

/// A file descriptor of a listening socket, found by a walk.
struct ListeningDescriptor {
  Holder holder;            ///< without the facts from epoll
  std::uint64_t inode = 0;  ///< inode number of the socket
};

/// A file descriptor of an epoll set.
struct EpollDescriptor {
  std::uint32_t pid = 0;
  std::uint32_t fd = 0;
};

/// The result of one walk over all file descriptors of the host.
struct FoundDescriptors {
  std::vector<ListeningDescriptor> listening;
  std::vector<EpollDescriptor> epolls;
};

/// Merges file descriptors into holders, one per service and process, and finds out whether a holder waits for
/// connections by epoll. This is read from /proc, where the kernel takes the epoll set's lock. So each process is read
/// once, and once more after kSecondLook if the socket was in no set: a starting process adds it a little later.
class HolderRegister {
 public:
  static constexpr Nanoseconds kSecondLook = std::chrono::seconds{5};

  explicit HolderRegister(ProcFs procfs) : procfs_(std::move(procfs)) {}

  [[nodiscard]] std::vector<Holder> holders(const FoundDescriptors& found, MonotonicTime now);

 private:
  struct Seat {
    ServiceKey service;
    WorkerKey worker;
    auto operator<=>(const Seat&) const = default;
  };
  struct Polling {
    std::optional<EpollWatch> watch;
    MonotonicTime asked_at;
    int times_asked = 0;
  };
  void ask(Polling& polling, const Seat& seat, const FoundDescriptors& found, MonotonicTime now) const;

  ProcFs procfs_;
  std::map<Seat, Polling> polling_;
};

}  // namespace acceptscope
