// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "../sockets.hpp"

namespace workload::mix {

/// A word in shared memory on which processes wait for one another. It only grows.
class Step {
 public:
  /// At least `value` from now on.
  void reach(std::uint32_t value);
  /// Adds 1; returns the new value.
  std::uint32_t advance();
  /// Waits until the word is at least `value`; throws at the deadline.
  void wait(std::uint32_t value) const;
  [[nodiscard]] std::uint32_t get() const { return word_.load(std::memory_order_acquire); }
  /// Waits until the word is no longer `value`, for a tenth of a second at most.
  void wait_for_change(std::uint32_t value) const;

 private:
  std::atomic<std::uint32_t> word_{0};
};

/// Time limit of any wait: 8 s, times ACCEPTSCOPE_TIME_FACTOR. The tests wait longer for a sign of life.
[[nodiscard]] std::chrono::seconds patience();

/// The reasons for a close, as bits: several if the order of events is not determined.
enum Reason : std::uint8_t { kLocal = 1, kPeer = 2, kReset = 4, kWorkerExit = 8 };

enum class Fate : std::uint8_t {
  kAccepted,       ///< if it has a pid
  kNeverAccepted,  ///< it was in the accept queue when the listening socket was closed
  kDoubtful,       ///< whoever may have accepted it was killed without having said so
  kRefused,        ///< it never came into an accept queue
};

/// What the two sides do on a connection; chosen before the client connects.
struct Script {
  std::uint8_t end = 0;  ///< index into ends()
  std::uint8_t turns = 0;
  std::uint8_t read_way = 0;
  std::uint8_t write_way = 0;
  std::uint8_t close_way = 0;
  bool duplicate = false;                   ///< the server works on a duplicate of the file descriptor
  std::array<std::uint32_t, 3> request{};   ///< bytes, for each turn
  std::array<std::uint32_t, 3> response{};  ///< bytes, for each turn
  std::uint32_t last = 0;                   ///< bytes that one of the sides sends in the end
};

/// One connection. The client fills the first part, the worker that accepts it the second.
struct Link {
  std::uint32_t scene;
  std::uint32_t service;
  Script script;
  Step step;     ///< how far the two sides are: each end has its own numbers
  Step arrived;  ///< sides that are about to close at the same time
  Step talked;   ///< sides that have read all that the turns brought them
  Step handed;   ///< 1: the accepting process has closed its file descriptor, and `holder` is another one
  Endpoint target;
  Endpoint client;
  std::uint64_t connect_started_ns;
  std::uint64_t connected_ns;
  std::atomic<std::uint64_t> client_sent;     ///< what its write calls returned
  std::atomic<std::uint64_t> client_sending;  ///< the argument of the write call in progress

  std::atomic<pid_t> pid;  ///< who accepted it: set last
  pid_t tid;
  Endpoint local;
  std::uint64_t accept_entered_ns;
  std::uint64_t accepted_ns;
  std::atomic<pid_t> holder;  ///< the process that will close it
  std::atomic<std::uint64_t> read;
  std::atomic<std::uint64_t> written;
  std::atomic<std::uint64_t> writing;
  std::atomic<std::uint64_t> closing_ns;
  std::atomic<std::uint64_t> closed_ns;
  pid_t closer;                       ///< 0: not determined
  std::atomic<std::uint8_t> reasons;  ///< kWorkerExit while it is merely held
  std::atomic<bool> saw_end;          ///< the server read to the end of the stream
  std::atomic<bool> all_delivered;    ///< the server knows that everything has come, though it did not read it
  Step settled;                       ///< 1: closed, or held until its scene goes on
  std::atomic<Fate> fate;
};

/// A listening address.
struct Service {
  std::uint32_t scene;
  std::uint64_t netns;
  Endpoint address;
};

/// A scene that is played.
struct Part {
  std::array<char, 32> name;
  std::atomic<bool> played;
  std::atomic<bool> failed;
  std::array<char, 480> failure;
  std::array<Step, 4> signals;  ///< between the processes of the scene
};

/// The truth: shared memory of all processes, which survives their death. It has a file descriptor, for processes that
/// execute another program.
class Ledger {
 public:
  static constexpr std::size_t kParts = 256;
  static constexpr std::size_t kServices = 4096;
  static constexpr std::size_t kLinks = 16384;

  /// New, or with a file descriptor that was inherited.
  explicit Ledger(int fd = -1);
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::span<Part> parts() { return pages_->parts; }
  [[nodiscard]] std::span<Link> links();
  [[nodiscard]] const Service& service(std::uint32_t index) const { return pages_->services.at(index); }
  [[nodiscard]] std::uint32_t index_of(const Link& link) const {
    return static_cast<std::uint32_t>(&link - pages_->links.data());
  }
  Step& news() { return pages_->news; }

  std::uint32_t add_service(const Service& service);
  Link& add_link(std::uint32_t scene, std::uint32_t service);

  /// The connection of that client; throws for a stranger.
  Link& accepted_from(std::uint32_t service, const Endpoint& peer);
  /// The process `pid` ended between these times: what it held is closed.
  void close_held_by(pid_t pid, std::uint64_t from_ns, std::uint64_t to_ns);

  [[nodiscard]] nlohmann::json document();

 private:
  struct Pages {
    Step news;  ///< grows with each scene that ends
    std::atomic<std::uint32_t> service_count;
    std::atomic<std::uint32_t> link_count;
    std::array<Part, kParts> parts;
    std::array<Service, kServices> services;
    std::array<Link, kLinks> links;
  };
  int fd_;
  Pages* pages_;
};

}  // namespace workload::mix
