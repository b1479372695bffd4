// SPDX-License-Identifier: BSD-2-Clause
/// A small prefork server: what uvicorn, gunicorn or nginx do, without needing any of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "util/result.hpp"

namespace acceptscope::demo {

inline constexpr unsigned kDefaultWorkers = 8;
inline constexpr unsigned kMostWorkers = 256;

/// N worker processes behind one listening socket on 127.0.0.1. Each waits with its own epoll set, accepts until the
/// queue is empty, as asyncio does, and answers HTTP/1.1 requests one after the other; a request takes a few
/// milliseconds, during which its worker does nothing else. Ends with its owner, however that dies.
class DemoServer {
 public:
  /// Returns when every worker waits for connections.
  [[nodiscard]] static Result<DemoServer> start(unsigned workers = kDefaultWorkers);

  DemoServer(DemoServer&& other) noexcept;
  DemoServer& operator=(DemoServer&& other) noexcept;
  /// Ends the workers by pid and reaps them.
  ~DemoServer();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::vector<pid_t>& worker_pids() const { return worker_pids_; }

 private:
  DemoServer() = default;
  void stop();

  std::uint16_t port_ = 0;
  std::vector<pid_t> worker_pids_;
};

}  // namespace acceptscope::demo
