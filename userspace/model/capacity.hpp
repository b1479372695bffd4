// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>

#include "bpf/capacity.h"

namespace acceptscope {

/// How much the kernel side can hold at once.
struct Capacity {
  std::uint32_t connections = DEFAULT_CONNECTIONS;
  std::uint32_t workers = DEFAULT_WORKERS;
  std::uint32_t services = DEFAULT_SERVICES;
  std::uint32_t ring_bytes = DEFAULT_RING_BYTES;  ///< of closed connections; a power of two, at least a page
};

/// Connections that a dump lists unless --dump-connections says otherwise.
inline constexpr std::uint32_t kDefaultDumpConnections = 100'000;

}  // namespace acceptscope
