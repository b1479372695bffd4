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

/// A descriptor of a listening socket, as a walk found it.
struct ListeningDescriptor {
  Holder holder;            ///< without what epoll tells
  std::uint64_t inode = 0;  ///< of the socket
};

/// A descriptor of an epoll set.
struct EpollDescriptor {
  std::uint32_t pid = 0;
  std::uint32_t fd = 0;
};

/// What one walk over all descriptors of the host found.
struct FoundDescriptors {
  std::vector<ListeningDescriptor> listening;
  std::vector<EpollDescriptor> epolls;
};

/// Makes holders of descriptors: one per service and process, and whether it waits for connections by epoll. That is
/// read from /proc, where the kernel holds the epoll set's lock meanwhile: so it is asked once per process, and once
/// more after kSecondLook if the socket was in no set, as a process that is just starting enters it a little later.
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
