// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace workload::mix {

/// Random numbers that depend on the seed alone: the distributions of <random> differ between libraries. SplitMix64.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15U;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
  }
  /// 0 to `limit` - 1.
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(next() % limit); }
  std::uint32_t between(std::uint32_t low, std::uint32_t high) { return low + below(high - low + 1); }
  /// True in one of `n` cases.
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  /// One of the elements.
  template <class Container>
  auto& pick(Container& from) {
    return from[below(static_cast<std::uint32_t>(from.size()))];
  }
  /// A size: often 0 or small, now and then up to `most`.
  std::uint32_t size(std::uint32_t most) {
    const std::array<std::uint32_t, 6> limits{1, 2, 100, 2000, 20000, most};
    return below(pick(limits) + 1);
  }

 private:
  std::uint64_t state_;
};

}  // namespace workload::mix
