// SPDX-License-Identifier: BSD-2-Clause
/// The description of the terminal; in its own file, because <term.h> defines hundreds of common words as macros.
#pragma once

#include <string>

namespace acceptscope {

/// TERM; empty if it is not set.
[[nodiscard]] std::string terminal_name();

/// Whether the terminal is known (see terminal_entry.hpp), and its cursor can be moved.
[[nodiscard]] bool terminal_has_cursor(int fd);

/// The text that restores the current terminal of ncurses: attributes off, default colors, normal keys, cursor, the
/// previous screen.
[[nodiscard]] std::string terminal_farewell();

}  // namespace acceptscope
