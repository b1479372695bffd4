// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <string_view>

namespace acceptscope {

/// A whole document around `body` (markup): nothing in it is fetched or run. `title` is visible text.
[[nodiscard]] std::string html_document(std::string_view title, std::string_view body);

}  // namespace acceptscope
