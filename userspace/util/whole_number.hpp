// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <limits>

namespace acceptscope {

/// `value` without its fraction; the nearest number that the type has if it has not this one: a count near 2^64, as a
/// hostile dump may have, becomes 2^64 as a double.
[[nodiscard]] constexpr std::uint64_t whole_number(double value) {
  if (!(value > 0)) return 0;
  return value < 0x1p64 ? static_cast<std::uint64_t>(value) : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace acceptscope
