// SPDX-License-Identifier: BSD-2-Clause
/// A small prefork server that behaves like uvicorn, gunicorn or nginx without requiring any of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "util/result.hpp"

namespace acceptscope::demo {

inline constexpr unsigned kDefaultWorkers = 8;
inline constexpr unsigned kMostWorkers = 256;

/// N worker processes behind one listening socket on 127.0.0.1. Each waits in its own epoll instance, accepts until the
/// queue is empty, as asyncio does, and answers HTTP/1.1 requests one at a time. A request takes a few milliseconds,
/// during which its worker does nothing else. The workers end with the owner of this object, even if it is killed.
class DemoServer {
 public:
  /// Returns once every worker waits for connections.
  [[nodiscard]] static Result<DemoServer> start(unsigned workers = kDefaultWorkers);

  DemoServer(DemoServer&& other) noexcept;
  DemoServer& operator=(DemoServer&& other) noexcept;
  /// Terminates the workers and reaps them.
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
