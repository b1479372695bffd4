// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "cli/options.hpp"

namespace acceptscope {

/// Traces a built-in prefork server and client on loopback: a first look without a server of one's own.
/// \returns the exit status of the program
[[nodiscard]] int run_demo(const cli::Options& options);

}  // namespace acceptscope
