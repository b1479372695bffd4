// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>

namespace acceptscope {

/// Options of a text view.
struct TextOptions {
  std::size_t width = 80;  ///< columns; no line is longer: one of the live block is cut, one of the summary broken
  bool color = false;
  bool ascii = false;            ///< nothing beyond ASCII: for terminals and locales that are not UTF-8
  bool final = false;            ///< the closing summary instead of the live block
  std::uint32_t host_netns = 0;  ///< services of other network namespaces are marked; 0 = unknown
};

}  // namespace acceptscope
