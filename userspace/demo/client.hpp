// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>

#include "util/result.hpp"

namespace acceptscope::demo {

enum class ClientKind : std::uint8_t {
  pinned,  ///< a pool of keep-alive connections, all opened at the start and then reused
  spread,  ///< one connection per request
};

inline constexpr std::chrono::seconds kDefaultClientTime{5};

/// Starts a client of 127.0.0.1:`port` as a child process that exits after `duration`: status 0, or 1 and a message on
/// standard error. The caller reaps it, and may end it early with end_process().
[[nodiscard]] Result<pid_t> start_client(ClientKind kind, std::uint16_t port, std::chrono::nanoseconds duration);

}  // namespace acceptscope::demo
