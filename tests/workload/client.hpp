// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <vector>

#include "options.hpp"
#include "truth.hpp"

namespace workload {

/// Main function of the forked client process. `finish` hangs up when held connections must end.
[[noreturn]] void run_client_process(const Options& options, Truth& truth, const std::vector<std::uint16_t>& ports,
                                     int finish);

}  // namespace workload
