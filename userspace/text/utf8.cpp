// SPDX-License-Identifier: BSD-2-Clause
#include "text/utf8.hpp"

#include <cstdint>

namespace acceptscope {

Utf8Character first_character(std::string_view text) {
  const auto byte = [text](std::size_t i) -> std::uint32_t { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  if (lead < 0xc2 || lead > 0xf4) return {};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  // After some first bytes, not every second byte is valid.
  std::uint32_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  std::uint32_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  std::uint32_t code = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size() || byte(i) < least || byte(i) > most) return {.bytes = i};
    code = (code << 6) | (byte(i) & 0x3f);
    least = 0x80;
    most = 0xbf;
  }
  return {code, length, true};
}

}  // namespace acceptscope
