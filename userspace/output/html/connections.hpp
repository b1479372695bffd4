// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <string>

#include "model/snapshot.hpp"

namespace acceptscope {

/// The connections of service number `index` that were open at the end, folded, the oldest first: at most 200, the rest
/// in a sentence. Empty if none was open.
[[nodiscard]] std::string open_connections(const Snapshot& snapshot, std::size_t index);

}  // namespace acceptscope
