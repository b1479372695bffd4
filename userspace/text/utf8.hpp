// SPDX-License-Identifier: BSD-2-Clause
/// Decodes UTF-8, one character at a time.
#pragma once

#include <cstddef>
#include <string_view>

namespace acceptscope {

struct Utf8Character {
  char32_t code = 0;
  std::size_t bytes = 1;  ///< its length; if invalid, the number of bytes that one replacement character replaces
  bool valid = false;
};

/// The first character of `text`, which is not empty. Overlong forms, surrogates and code points beyond Unicode are
/// invalid (RFC 3629, section 4). The length of invalid bytes follows the Unicode Standard (section 3.9): the longest
/// prefix of a valid character, at least one byte.
[[nodiscard]] Utf8Character first_character(std::string_view text);

}  // namespace acceptscope
