// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "failure.hpp"

namespace workload {

enum class Accepting {
  kEpoll,           ///< workers share one listening socket and wait in epoll
  kBlocking,        ///< workers share one listening socket and block in accept(); one connection at a time each
  kUring,           ///< like blocking, but with io_uring, one submission per accept
  kUringMultishot,  ///< like kUring, with one submission for all accepts (kernel 5.19)
};

/// How one connection ends. Sent to the server in the request, so that one run can mix different ends.
enum class End : std::uint8_t {
  kPeer,               ///< the client closes first
  kLocal,              ///< the server closes first
  kReset,              ///< the client resets (SO_LINGER 0)
  kLocalReset,         ///< the server resets
  kHalfClosePeer,      ///< the client shuts down its sending side, then gets the response
  kHalfCloseLocal,     ///< the server shuts down its sending side (nginx's lingering close), then the client closes
  kShutdownAfterPeer,  ///< the client closes first; the server shuts down, then closes
  kQueueReset,         ///< the client resets while the connection is in the accept queue (needs --gate)
  kHold,               ///< the connection stays open until the finish
};

/// What happens to held connections at the finish.
enum class Finish { kPeer, kLocal, kExit, kKill };

struct Options {
  std::string netns;
  std::vector<std::string> listen{"127.0.0.1"};
  std::vector<std::string> connect;
  std::uint16_t port = 0;
  unsigned services = 1;
  unsigned workers = 4;
  unsigned threads = 1;
  bool share_services = false;
  bool late_workers = false;
  Accepting accepting = Accepting::kEpoll;
  bool reuseport = false;
  bool mptcp = false;
  bool exclusive = false;
  bool drain = false;
  bool fork_after_accept = false;
  bool gate = false;
  bool never_accept = false;
  int backlog = 4096;
  std::vector<std::string> comms;

  std::uint32_t connections = 100;
  unsigned concurrency = 8;
  std::vector<unsigned> hold_ms{0};
  unsigned gate_ms = 0;
  std::uint32_t request_bytes = 100;
  std::uint32_t response_bytes = 1000;
  std::vector<End> ends{End::kPeer};
  std::uint16_t source_port = 0;
  bool mptcp_client = false;

  Finish finish = Finish::kPeer;
  bool interactive = false;
  unsigned timeout_seconds = 120;

  /// Number of connections in the whole run.
  [[nodiscard]] std::uint32_t total_connections() const { return connections * services; }
  /// The address for the `nth` connection to a service.
  [[nodiscard]] const std::string& address_for(std::uint32_t service, std::uint32_t nth) const {
    return connect.empty() ? listen[service % listen.size()] : connect[nth % connect.size()];
  }
};

/// Parses the command line; ends the process on --help and on usage errors.
[[nodiscard]] Options parse_options(int argc, char** argv);

}  // namespace workload
