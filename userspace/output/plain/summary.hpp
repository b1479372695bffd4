// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <vector>

#include "output/plain/plain.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {

/// The closing summary.
[[nodiscard]] std::vector<StyledLine> summary_lines(const Snapshot& snapshot, const TextOptions& options);

}  // namespace acceptscope
