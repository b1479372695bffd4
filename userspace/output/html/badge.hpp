// SPDX-License-Identifier: BSD-2-Clause
/// A severity on a page.
#pragma once

#include <string>
#include <string_view>

#include "model/snapshot.hpp"

namespace acceptscope {

/// "✖"
[[nodiscard]] std::string_view severity_sign(Severity severity);

/// "✖ CRITICAL" as a colored badge: word, sign and color.
[[nodiscard]] std::string severity_badge(Severity severity);

}  // namespace acceptscope
