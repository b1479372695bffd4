// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <vector>

#include "options.hpp"
#include "truth.hpp"

namespace workload {

/// The life of the client process, in the process forked for it. `finish` hangs up when held connections shall end.
[[noreturn]] void run_client_process(const Options& options, Truth& truth, const std::vector<std::uint16_t>& ports,
                                     int finish);

}  // namespace workload
