// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "cli/options.hpp"

namespace acceptscope {

/// A built-in prefork server and client on loopback, traced: a first look without a server.
/// \returns the exit status of the program
[[nodiscard]] int run_demo(const cli::Options& options);

}  // namespace acceptscope
