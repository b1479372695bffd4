// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "capture/environment.hpp"
#include "cli/options.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// The machine as the options define it; fails if --simulate-missing names an unknown feature.
[[nodiscard]] Result<Environment> environment_of(const cli::Options& options);

}  // namespace acceptscope
