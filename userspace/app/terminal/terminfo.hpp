// SPDX-License-Identifier: BSD-2-Clause
/// The description of the terminal; apart, because <term.h> makes macros of hundreds of common words.
#pragma once

#include <string>

namespace acceptscope {

/// TERM; empty if it is not set.
[[nodiscard]] std::string terminal_name();

/// Whether it is known, and its cursor can be moved.
[[nodiscard]] bool terminal_has_cursor(int fd);

/// What brings the current terminal of ncurses back: attributes off, own colours, keys as they were, cursor, the screen
/// that was there before.
[[nodiscard]] std::string terminal_farewell();

}  // namespace acceptscope
