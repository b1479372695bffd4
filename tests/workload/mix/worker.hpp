// SPDX-License-Identifier: BSD-2-Clause
/// Accept loops of servers.
#pragma once

#include "stage.hpp"

namespace workload::mix {

/// How a worker waits for connections.
/// kUring: only if all workers of the listening socket do so.
enum class Waiting { kAccept, kPoll, kEpoll, kEpollExclusive, kUring };
[[nodiscard]] Waiting any_waiting(Chance& chance);

/// Accepts and serves, one connection after the other, until `stop` hangs up (not in kAccept: such a worker is killed
/// or ends with its process). Connections that are held are added to `held`.
void work(Ledger& ledger, const Door& door, Waiting waiting, int stop, std::vector<Side>& held);

/// Worker processes that share a listening socket, or have one each.
class Staff {
 public:
  explicit Staff(Stage& stage);

  /// Hires a worker of `threads` threads. It works on `door`, which it inherits.
  void hire(const Door& door, Waiting waiting, std::uint32_t threads = 1);
  /// Hires a worker that opens a listening socket of its own (SO_REUSEPORT); returns once it listens.
  void hire_with_own_door(const std::string& address, std::uint16_t port, Waiting waiting);

  [[nodiscard]] std::size_t size() const { return workers_.size(); }
  /// The ways to end one of them.
  void close_and_exit(std::size_t index) { end(index, kClose); }
  void just_exit(std::size_t index) { end(index, kExit); }
  void kill(std::size_t index);
  /// Ends all of them in random ways, one after the other.
  void end_all();

 private:
  enum Order : std::uint64_t { kClose = 1, kExit = 2 };
  struct Worker {
    pid_t pid;
    UniqueFd bell;  ///< an eventfd: the order to end
    bool hears;     ///< it does not block in accept()
  };
  static void run(Ledger& ledger, const Door& door, Waiting waiting, int bell, std::uint32_t threads);
  void add(Waiting waiting, const std::function<void(int bell)>& act);
  void end(std::size_t index, Order order);

  Stage& stage_;
  std::vector<Worker> workers_;
};

}  // namespace workload::mix
