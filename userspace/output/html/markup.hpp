// SPDX-License-Identifier: BSD-2-Clause
/// The smallest pieces of a page.
#pragma once

#include <string>
#include <string_view>

namespace acceptscope {

/// Text that is visible already, such as that of escape_text(), fit for HTML text and for quoted attributes: & < > " '
/// as character references.
[[nodiscard]] std::string html_escape(std::string_view visible);

/// The same for text from outside: first made visible, control characters and invalid UTF-8 included, by escape_text().
[[nodiscard]] std::string html_text(std::string_view raw);

/// A coordinate in a drawing: at most one decimal, "12.5", "7", never "-0"; what is no number is "0".
[[nodiscard]] std::string coordinate(double value);

}  // namespace acceptscope
