// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>

namespace acceptscope {

/// Options of a text view.
struct TextOptions {
  std::size_t width = 100;  ///< columns; in the summary it only limits tables, sentences may be longer
  bool color = false;
  bool ascii = false;            ///< nothing beyond ASCII: for terminals and locales that are not UTF-8
  bool final = false;            ///< the closing summary instead of the live block
  std::uint32_t host_netns = 0;  ///< services of other network namespaces are marked; 0 = unknown
};

}  // namespace acceptscope
