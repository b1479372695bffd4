// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "cli/options.hpp"

namespace acceptscope {

/// Shows a dump as the closing summary, and with --html as a page.
/// \returns the exit status of the program
[[nodiscard]] int run_report(const cli::Options& options);

}  // namespace acceptscope
