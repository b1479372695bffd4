// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <vector>

#include "output/plain.hpp"
#include "output/styled_line.hpp"

namespace acceptscope {

/// The closing summary.
[[nodiscard]] std::vector<StyledLine> summary_lines(const Snapshot& snapshot, const PlainOptions& options);

}  // namespace acceptscope
