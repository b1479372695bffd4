// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "bpf/losses.h"

namespace acceptscope {

/// One counter per place where something can be lost; all since tracing began. The members are those of bpf/losses.h.
struct Losses {
#define KERNEL_MEMBER(enumerator, member, later, help) std::uint64_t member = 0;
#define USERSPACE_MEMBER(member, later, help) std::uint64_t member = 0;
  LOSS_LIST(KERNEL_MEMBER, USERSPACE_MEMBER)
#undef KERNEL_MEMBER
#undef USERSPACE_MEMBER
  bool operator==(const Losses&) const = default;
};

struct LossKind {
  std::string_view name;
  std::uint64_t Losses::*count;
  std::string_view help;  ///< what the views say when the count is not 0
  bool later;             ///< dumps of version 0.1.0 do not have it
  bool in_kernel;         ///< counted by the BPF programs, whose indexes follow the order of these rows
};

/// In the order of the dump.
inline constexpr std::array kLossKinds{
#define KERNEL_KIND(enumerator, member, later, help) LossKind{#member, &Losses::member, help, later, true},
#define USERSPACE_KIND(member, later, help) LossKind{#member, &Losses::member, help, later, false},
    LOSS_LIST(KERNEL_KIND, USERSPACE_KIND)
#undef KERNEL_KIND
#undef USERSPACE_KIND
};

}  // namespace acceptscope
