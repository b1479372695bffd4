// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "cli/options.hpp"

namespace acceptscope {

/// Prints what this kernel and these privileges allow: every backend is really loaded and attached.
/// \returns 0 if one of them works, else 3
[[nodiscard]] int run_doctor(const cli::Options& options);

}  // namespace acceptscope
