// SPDX-License-Identifier: BSD-2-Clause
/// What this program is. The values come from CMakeLists.txt.
#pragma once

#include <string>
#include <string_view>

namespace acceptscope {

/// The program's version, such as "0.2.0".
[[nodiscard]] std::string_view version();

/// The day of that version, "2026-11-28": the date of the manual.
[[nodiscard]] std::string_view release_date();

/// The commit of the sources, abbreviated, with "-dirty" if they were changed; empty if not known.
[[nodiscard]] std::string_view commit();

/// "x86_64", "aarch64"
[[nodiscard]] std::string_view architecture();

/// "GNU 12.2.0"
[[nodiscard]] std::string_view compiler();

/// "commit 32b052a1f0c3, x86_64"
[[nodiscard]] std::string build_text();

}  // namespace acceptscope
