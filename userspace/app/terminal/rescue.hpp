// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <termios.h>
#include <string_view>

namespace acceptscope {

/// From now on a crash (SIGSEGV, SIGABRT and their like) first sets the terminal `fd` back to `modes` and writes
/// `farewell` to it, then goes its way: the core dump and the exit status stay those of the signal.
void rescue_terminal_from_crashes(int fd, const termios& modes, std::string_view farewell);

/// The terminal needs no rescue any more.
void terminal_is_safe();

}  // namespace acceptscope
