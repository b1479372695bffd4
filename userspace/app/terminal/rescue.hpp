// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <termios.h>
#include <string_view>

namespace acceptscope {

/// From now on a crash (SIGSEGV, SIGABRT and similar) first sets the terminal `fd` back to `modes` and writes
/// `farewell` to it. Then the signal takes its default action, so that core dump and exit status are unchanged.
void rescue_terminal_from_crashes(int fd, const termios& modes, std::string_view farewell);

/// Ends the rescue: the terminal no longer needs it.
void terminal_is_safe();

}  // namespace acceptscope
