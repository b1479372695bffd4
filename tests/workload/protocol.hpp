// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "options.hpp"

namespace workload {

/// The header of a request, followed by `payload_bytes` of payload. Same machine, same program: uses the host's layout.
struct RequestHeader {
  std::uint32_t payload_bytes;
  std::uint32_t response_bytes;
  std::uint64_t connect_started_ns;
  std::uint64_t connected_ns;
  End end;
  std::array<std::uint8_t, 7> pad;
};
static_assert(sizeof(RequestHeader) == 32 && std::is_trivially_copyable_v<RequestHeader>);

}  // namespace workload
