// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sys/types.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "options.hpp"
#include "sockets.hpp"
#include "truth.hpp"

namespace workload {

/// Runs a workload: creates the listening sockets, starts workers and client, reports the ground truth.
/// Acts as the supervisor of its workers: holds the listening sockets and never accepts.
class Conductor {
 public:
  explicit Conductor(const Options& options);

  /// The listening sockets exist and, without --late-workers, the workers wait for connections.
  void prepare();
  /// All connections are made. With --gate they are still in the accept queue; without it most have already ended.
  void start_traffic();
  /// All connections except held ones are closed on both sides.
  void complete_traffic();
  /// Held connections have ended and all processes have exited.
  void finish();

  /// The ground truth so far.
  [[nodiscard]] nlohmann::json document(const std::string& phase);

 private:
  struct ListeningSocket {
    UniqueFd fd;
    std::uint32_t service;
    std::uint32_t thread;  ///< index over all workers of the service; 0 if they share the socket
  };

  void listen();
  void start_workers();
  void start_worker(std::uint32_t process, std::uint32_t slot);
  void start_client();
  void kill_workers();
  void reap_workers();
  [[nodiscard]] bool all_workers_wait();
  void wait_until(const std::string& what, const std::function<bool()>& reached);
  [[nodiscard]] std::uint32_t held_connections() const;
  [[nodiscard]] std::uint32_t accepted_connections() const;

  const Options& options_;
  Truth truth_;
  Broadcast gate_;
  Broadcast stop_;
  Broadcast end_held_;
  std::vector<ListeningSocket> sockets_;
  std::vector<std::uint16_t> ports_;
  std::vector<pid_t> workers_;
  pid_t client_ = 0;
};

}  // namespace workload
