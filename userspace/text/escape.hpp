// SPDX-License-Identifier: BSD-2-Clause
/// Makes text from outside (command names, command lines, paths) fit for a terminal.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "util/outside_text.hpp"

namespace acceptscope {

struct EscapeOptions {
  std::size_t max_width = std::numeric_limits<std::size_t>::max();  ///< in columns; longer text ends in an ellipsis
  bool ascii = false;                                               ///< escape everything beyond ASCII
};

/// `raw` with everything visible: control bytes and invalid UTF-8 as \x1b (newline, tab, return as \n, \t, \r),
/// characters that are invisible, reorder text or combine with their neighbors as \u202e, a backslash as two. The
/// result moves the cursor display_width() columns to the right; in scripts whose letters combine (Devanagari, Thai)
/// this is an estimate.
[[nodiscard]] std::string escape_text(const OutsideText& raw, const EscapeOptions& options = {});

/// `text` of our own, or escaped already: a control character that it has all the same is escaped here. A backslash
/// stays as it is, so that nothing is escaped twice.
[[nodiscard]] std::string made_fit(std::string text);

/// A sentence of the program's own, such as a verdict's, fit for a terminal: in ASCII its "≥" is ">=" and "µs" is "us".
/// One read from a dump may be anybody's.
[[nodiscard]] std::string sentence(const OutsideText& text, bool ascii);

/// Number of columns that escaped text takes on a terminal; East Asian wide characters and emoji take two.
[[nodiscard]] std::size_t display_width(std::string_view text);

}  // namespace acceptscope
