// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>

#include "bpf/capacity.h"

namespace acceptscope {

/// The capacity of the kernel side.
struct Capacity {
  std::uint32_t connections = DEFAULT_CONNECTIONS;
  std::uint32_t workers = DEFAULT_WORKERS;
  std::uint32_t services = DEFAULT_SERVICES;
  std::uint32_t ring_bytes = DEFAULT_RING_BYTES;  ///< size for closed connections; a power of two, at least a page
};

/// Default of --dump-connections: the maximum number of connections in a dump's list.
inline constexpr std::uint32_t kDefaultDumpConnections = 100'000;

}  // namespace acceptscope
