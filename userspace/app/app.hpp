// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "cli/options.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// The contract's exit statuses; usage errors (2) end in cli/.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;       ///< failed while running
inline constexpr int kExitNotPossible = 3;  ///< this kernel or these privileges cannot
inline constexpr int kExitCondition = 4;    ///< a condition of --fail-if holds

/// Runs the command that the options name; returns the program's exit status.
[[nodiscard]] int run(const cli::Options& options);

/// "acceptscope: message" on standard error.
void complain(const std::string& message);

/// Likewise; returns kExitFailed.
int complain(const Error& error);

}  // namespace acceptscope
