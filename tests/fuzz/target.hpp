// SPDX-License-Identifier: BSD-2-Clause
/// Declarations shared by all fuzz targets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// The entry point for libFuzzer and replay.cpp: processes one input, aborts if a promise is broken.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace acceptscope::fuzz {

/// Aborts the process unless `kept`.
inline void promise(bool kept, std::string_view what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

/// Whether nothing in `text` can move a terminal's cursor other than by a line, ring its bell or change its state: no
/// C0 control characters except newline, and no C1 ones in UTF-8.
[[nodiscard]] inline bool is_tame(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < 0x20 && byte != '\n') || byte == 0x7f) return false;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return false;
  }
  return true;
}

}  // namespace acceptscope::fuzz
