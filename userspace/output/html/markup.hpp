// SPDX-License-Identifier: BSD-2-Clause
/// The smallest pieces of a page.
#pragma once

#include <string>
#include <string_view>

#include "util/outside_text.hpp"

namespace acceptscope {

/// Turns text that is already visible, such as the result of escape_text(), into HTML text, also for quoted attributes:
/// & < > " ' become character references.
[[nodiscard]] std::string html_escape(std::string_view visible);

/// The same for text from outside: first made visible, control characters and invalid UTF-8 included, by escape_text().
[[nodiscard]] std::string html_text(const OutsideText& raw);

/// `content` (markup) that the reader opens by `summary` (visible text); empty without content. Print leaves out what
/// is closed.
[[nodiscard]] std::string folded(std::string_view summary, std::string_view content);

/// A coordinate in a drawing: at most one decimal, "12.5", "7", never "-0"; "0" for NaN and infinity.
[[nodiscard]] std::string coordinate(double value);

}  // namespace acceptscope
