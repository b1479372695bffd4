// SPDX-License-Identifier: BSD-2-Clause
#include "model/stalls.hpp"

#include <algorithm>

namespace acceptscope {

void Stalls::look(const Owner& owner, MonotonicTime at, const WorkerLook& look) {
  const auto known = watches_.find(owner);
  if (known == watches_.end() && look.waiting == 0) return;
  if (known == watches_.end()) {
    watches_.emplace(owner, Watch{at, look, {}});
    return;
  }
  Watch& watch = known->second;
  const bool goes_on = watch.first.waiting > 0 && look.waiting > 0 && look.begun == watch.first.begun;
  if (!goes_on) {
    watch.since = at;
    watch.first = look;
    watch.longest.over = true;
    if (look.waiting == 0 && watch.longest.lasted == Nanoseconds::zero()) watches_.erase(known);
    return;
  }
  const Nanoseconds lasted = at - watch.since;
  if (lasted < watch.longest.lasted) return;
  const std::uint64_t others = look.all - std::min(look.all, look.begun);
  const std::uint64_t others_before = watch.first.all - std::min(watch.first.all, watch.first.begun);
  watch.longest = {lasted, look.waiting, others - std::min(others, others_before), false};
}

std::optional<Stall> Stalls::longest(const Owner& owner) const {
  const auto watch = watches_.find(owner);
  if (watch == watches_.end() || watch->second.longest.lasted == Nanoseconds::zero()) return std::nullopt;
  return watch->second.longest;
}

}  // namespace acceptscope
