// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string_view>

namespace acceptscope {

/// The style sheet of a page: light and dark, wide, narrow and printed. The ramps c1..c7 rise evenly in lightness, so
/// that they can be read without distinguishing hues; blue and orange mean "has connections" and "from before".
[[nodiscard]] std::string_view html_style();

}  // namespace acceptscope
