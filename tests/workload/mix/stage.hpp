// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "chance.hpp"
#include "ends.hpp"
#include "ledger.hpp"

namespace workload::mix {

/// A network namespace of the run.
struct Net {
  int fd;
  std::uint64_t inode;
};

/// A listening socket, and the service that it belongs to.
struct Door {
  UniqueFd fd;
  std::uint32_t service;
};

/// What a scene has: ports of its own, its share of the seed, child processes, and helpers for both sides.
/// A scene is a process; its clients are threads of it, its servers are children.
class Stage {
 public:
  static constexpr std::uint16_t kPorts = 4;

  Stage(Ledger& ledger, std::uint32_t number, std::uint64_t seed, std::uint16_t first_port,
        const std::vector<Net>& nets);
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  /// Kills the children that are left.
  ~Stage();

  [[nodiscard]] Ledger& ledger() const { return ledger_; }
  [[nodiscard]] Chance& chance() { return chance_; }
  [[nodiscard]] std::uint16_t port(std::uint16_t index = 0) const {
    return static_cast<std::uint16_t>(first_port_ + index);
  }
  [[nodiscard]] std::size_t nets() const { return nets_.size(); }
  /// This thread works in that network namespace from now on.
  void enter(std::size_t net);

  /// A random address to listen on: IPv4, IPv6, or either's wildcard.
  [[nodiscard]] std::string listening_address();
  [[nodiscard]] std::uint32_t service(const std::string& address, std::uint16_t port);
  [[nodiscard]] Door listen(const std::string& address, std::uint16_t port, bool reuseport = false, int backlog = 256);
  /// Makes a bound socket listen; it may have listened before.
  void listen_again(const Door& door, int backlog = 256) const;
  /// Ends that plan() does not choose by itself.
  void leave_out(const std::vector<std::string>& ends) { left_out_ = ends; }
  /// Waits until `count` connections are in the accept queue.
  void wait_for_queue(const Door& door, std::uint32_t count) const;

  /// A connection to be made, with random turns. `end`: empty for any that does not hold the connection.
  Link& plan(std::uint32_t service, std::string_view end = {});
  std::vector<Link*> plan_some(std::uint32_t service, std::uint32_t count, std::string_view end = {});
  /// Connects. `source_port`: 0 for any. The file descriptor of the client's side, or a failure.
  [[nodiscard]] Side connect(Link& link, std::uint16_t source_port = 0);
  /// Connects and converses.
  void call(Link& link, std::uint16_t source_port = 0);
  /// Calls all of them, from so many threads. `despite`: whatever happens to them.
  void call_all(const std::vector<Link*>& links, std::uint32_t callers, bool despite = false);
  /// Waits until the servers have closed all of them, or hold them.
  static void settle(const std::vector<Link*>& links);

  /// A child process that runs `act` and then exits.
  pid_t hire(const std::function<void()>& act);
  /// Waits for the exit of a child, which began at `from_ns` at the earliest; what it held is closed.
  void see_off(pid_t pid, std::uint64_t from_ns);
  void kill(pid_t pid);
  /// A word in shared memory for the processes of this scene.
  [[nodiscard]] Step& signal(std::size_t index) const { return ledger_.parts()[number_].signals.at(index); }
  /// Writes down why the scene fails.
  void note_failure(const char* why);

 private:
  [[nodiscard]] std::uint8_t any_end();

  Ledger& ledger_;
  std::uint32_t number_;
  Chance chance_;
  std::uint16_t first_port_;
  const std::vector<Net>& nets_;
  std::uint64_t net_inode_;
  std::vector<pid_t> children_;
  std::vector<std::string> left_out_;
};

/// Accepts a connection of `service` from a listening socket that may be non-blocking; a length of 0 if there is none.
/// The connection has the file descriptor `fd`.
struct Accepted {
  Link* link = nullptr;
  int fd = -1;
};
/// Writes down that this thread accepted the connection behind `fd`.
Link& admit(Ledger& ledger, int fd, std::uint32_t service, std::uint64_t entered_ns, std::uint64_t accepted_ns);
[[nodiscard]] Accepted accept_one(Ledger& ledger, int listener, std::uint32_t service, int flags = SOCK_CLOEXEC);

}  // namespace workload::mix
