// SPDX-License-Identifier: BSD-2-Clause
/// UTF-8, one character after the other.
#pragma once

#include <cstddef>
#include <string_view>

namespace acceptscope {

struct Utf8Character {
  char32_t code = 0;
  std::size_t bytes = 1;  ///< its length; of invalid bytes, how many one replacement character stands for
  bool valid = false;
};

/// The first character of `text`, which is not empty. Overlong forms, surrogates and what lies beyond Unicode are
/// invalid (RFC 3629, section 4). Invalid bytes are counted as the Unicode Standard recommends (section 3.9): as many
/// as begin some valid character, at least one.
[[nodiscard]] Utf8Character first_character(std::string_view text);

}  // namespace acceptscope
