// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string_view>

namespace acceptscope {

/// The program's version, such as "0.1.0"; defined in CMakeLists.txt.
[[nodiscard]] std::string_view version();

}  // namespace acceptscope
