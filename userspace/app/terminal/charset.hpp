// SPDX-License-Identifier: BSD-2-Clause
/// The characters that the terminal takes, according to the environment.
#pragma once

namespace acceptscope {

/// Whether LC_ALL, or else LC_CTYPE, or else LANG names a UTF-8 locale ("en_US.UTF-8", "C.utf8").
[[nodiscard]] bool environment_names_utf8();

/// Has the C library, and so ncurses, print the characters that the environment asks for. UTF-8 also works where the
/// locale that the environment names is not installed, as is usual on servers: the names come over ssh.
void use_charset_of_environment();

/// Whether UTF-8 is what the C library prints now.
[[nodiscard]] bool charset_is_utf8();

}  // namespace acceptscope
