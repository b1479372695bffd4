// SPDX-License-Identifier: BSD-2-Clause
// escape_text(): the output is harmless and no wider than requested. The first byte selects the options.
#include <string_view>

#include "target.hpp"
#include "text/escape.hpp"

using namespace acceptscope;
using fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  EscapeOptions options;
  options.ascii = (data[0] & 1) != 0;
  if ((data[0] & 2) != 0) options.max_width = data[0] >> 2;
  const std::string_view raw(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string text = escape_text(raw, options);
  promise(fuzz::is_tame(text) && text.find('\n') == std::string::npos, "no control characters");
  promise(display_width(text) <= options.max_width, "no wider than asked");
  for (const char c : text) promise(!options.ascii || static_cast<unsigned char>(c) < 0x80, "ASCII where asked");
  // Escaping escaped text changes only the backslashes: so it was valid UTF-8.
  std::string doubled;
  for (const char c : text) doubled += c == '\\' ? std::string("\\\\") : std::string(1, c);
  promise(escape_text(text, {.ascii = options.ascii}) == doubled, "valid UTF-8, all of it visible");
  return 0;
}
