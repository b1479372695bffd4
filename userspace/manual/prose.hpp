// SPDX-License-Identifier: BSD-2-Clause
/// The prose of the manual, in its markup.
#pragma once

#include <vector>

#include "manual/manual.hpp"

namespace acceptscope::manual {

/// The words of this program.
[[nodiscard]] Items terms();
/// What each backend attaches to, and needs.
[[nodiscard]] Items backends();
/// What all of them do, and the capabilities.
[[nodiscard]] std::vector<Block> backends_further();
/// Why the numbers are exact, and where they are not.
[[nodiscard]] std::vector<Block> exactness();
[[nodiscard]] std::vector<Block> limits();
/// Which test decides whether a figure has changed by more than chance.
[[nodiscard]] Items diff_tests();

}  // namespace acceptscope::manual
