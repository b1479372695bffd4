// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "model/owner.hpp"

namespace acceptscope {

/// A process that holds, or held, a service's listening socket.
struct Member {
  Holder holder;           ///< as of the last look; `exclusive` as it was when known
  bool present = false;    ///< in the last roll call
  MonotonicTime left_at;   ///< if it is not: of the first one that it missed
  bool is_parent = false;  ///< of a member that may accept, even if that one has left
  bool waited = false;     ///< for connections, at some look
  bool blocked = false;    ///< in a call, when it waited
  bool missed = false;     ///< it did not wait, at some look
  bool untold = false;     ///< at some look it could not be told whether it waits
  /// It was not seen to wait, and no look could tell that it does not.
  [[nodiscard]] bool may_wait() const { return untold && !missed && !waited; }
  std::size_t threads_most = 0;                  ///< that waited at one look
  std::map<WorkerKey, WaitingThread> threads{};  ///< that ever waited
  std::uint64_t last_call = 0;                   ///< number of the last roll call that it answered
};

/// The listening sockets of a service, or their last state once they are closed.
struct KnownListeners {
  /// Number of closed sockets that are remembered, of those that connections were thrown out of or dropped at.
  static constexpr std::size_t kMostClosed = 64;

  Listeners sockets;  ///< `closed`: during the whole run
  std::uint64_t last_call = 0;
};

/// Who was at the head of a service's wait queues.
struct WakeOrder {
  std::optional<WorkerKey> first;  ///< at all looks that could tell; a thread with --by thread
  std::uint32_t looks = 0;         ///< at which others waited, too
  bool varies = false;
};

/// The holders of the listening sockets at the last roll call and at earlier ones. Its keys are listeners themselves
/// and need no resolving. With forget(), its size is bounded by the number of holders at one time, no matter how often
/// they are replaced.
class RollCall {
 public:
  /// Number of members that left, and of services without sockets, that are remembered in any case.
  static constexpr std::size_t kMinGone = 1024;

  /// Number of threads that are remembered of one process.
  static constexpr std::size_t kMostThreads = 4096;

  explicit RollCall(WorkerUnit by = WorkerUnit::process) : by_(by) {}

  /// A new roll call, complete.
  void update(const std::vector<Listeners>& listeners, DoorLook look, MonotonicTime at = {});
  /// The thread has exited.
  void forget_thread(const WorkerKey& thread);

  /// Whether more members have left than kMinGone and than ever existed at once.
  [[nodiscard]] bool has_too_many() const;
  /// Forgets the surplus, beginning with those that left first. Members with needed pids, and needed services, stay and
  /// do not count. Returns the forgotten members.
  std::vector<Member> forget(const std::set<std::uint32_t>& needed_pids, const std::set<ServiceKey>& needed_services);

  /// Once the sockets are closed: no sockets, and the last state otherwise.
  [[nodiscard]] const std::map<ServiceKey, KnownListeners>& listeners() const { return listeners_; }
  [[nodiscard]] const std::map<Owner, Member>& members() const { return members_; }
  [[nodiscard]] const Member* find(const Owner& owner) const;
  /// Of the process of a thread, or of the process itself.
  [[nodiscard]] const Member* find_process(const Owner& owner) const;
  /// The worker that was woken first at all looks, if there were several, and others waited as well.
  [[nodiscard]] std::optional<WorkerKey> woken_first(const ServiceKey& service) const;
  /// Number of the last look, and when it began.
  [[nodiscard]] std::uint32_t looks() const { return looks_; }
  [[nodiscard]] MonotonicTime looked_at() const { return looked_at_; }
  /// When the process of a thread, or the process itself, left the service; empty if it has not.
  [[nodiscard]] std::optional<MonotonicTime> left_at(const Owner& owner) const;
  [[nodiscard]] bool has_left(const Owner& owner) const { return left_at(owner).has_value(); }

 private:
  /// The number of present entries of a map, now and at most.
  struct Presence {
    std::size_t now = 0;
    std::size_t most = 0;

    void count(std::size_t present);
    [[nodiscard]] std::size_t may_be_gone() const;
  };

  void update_listeners(const std::vector<Listeners>& listeners);
  void take(Holder holder);
  void note_order(const std::vector<WokenFirst>& woken_first);
  void mark_parents();

  WorkerUnit by_;
  std::uint64_t calls_ = 0;
  std::uint32_t looks_ = 0;
  MonotonicTime looked_at_;
  std::map<ServiceKey, WakeOrder> orders_;
  std::map<ServiceKey, KnownListeners> listeners_;
  Presence services_;
  std::map<Owner, Member> members_;
  Presence processes_;
};

}  // namespace acceptscope
