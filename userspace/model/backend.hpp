// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "util/enum_names.hpp"

namespace acceptscope {

/// Kinds of hooks that trace the kernel, in the order in which `--backend auto` tries them.
enum class Backend : std::uint8_t { fentry, kprobe, tracepoint };

template <>
struct EnumNames<Backend> {
  static constexpr std::string_view name(Backend value) {
    switch (value) {
      case Backend::fentry: return "fentry";
      case Backend::kprobe: return "kprobe";
      case Backend::tracepoint: return "tracepoint";
    }
    return {};
  }
};

}  // namespace acceptscope
