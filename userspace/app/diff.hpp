// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "cli/options.hpp"

namespace acceptscope {

/// Compares two dumps, and checks the conditions of --fail-if.
/// \returns the exit status of the program
[[nodiscard]] int run_diff(const cli::Options& options);

}  // namespace acceptscope
