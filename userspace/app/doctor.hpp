// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "cli/options.hpp"

namespace acceptscope {

/// Prints what this kernel and these privileges allow: loads and attaches every backend.
/// \returns 0 if one of them works, else 3
[[nodiscard]] int run_doctor(const cli::Options& options);

}  // namespace acceptscope
