// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "side.hpp"

namespace workload::mix {

/// A way in which a connection ends: what each side does after the turns of the script.
struct End {
  const char* name;
  void (*server)(Side&);
  void (*client)(Side&);
  std::uint8_t reasons;     ///< that may be reported: several if both sides end it at the same time
  std::uint32_t most_last;  ///< limit of Script::last
  std::uint32_t least_last = 0;
  bool breaks = false;  ///< a reset, which loses what the other side has not read
};

[[nodiscard]] const std::vector<End>& ends();
[[nodiscard]] std::uint8_t end_named(std::string_view name);

/// The server's part. It ends with the close, or with the connection held: then false.
bool serve(Side& side);
/// The client's part.
void converse(Side& side);

}  // namespace workload::mix
