// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "cli/options.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// The program's exit statuses; cli/ handles usage errors (2).
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  ///< failed while running
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNotPossible = 3;  ///< this kernel or these privileges do not suffice
inline constexpr int kExitCondition = 4;    ///< a condition of --fail-if holds

/// Runs the command that the options name; returns the program's exit status.
[[nodiscard]] int run(const cli::Options& options);

/// "acceptscope: message" on standard error.
void complain(const OutsideText& message);

/// Prints the error likewise; returns kExitFailed.
int complain(const Error& error);

}  // namespace acceptscope
