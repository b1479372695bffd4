// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <random>

namespace acceptscope {

/// Uniform numbers below a bound, from the engine's bits alone: the distributions of <random> differ between libraries.
/// Multiply and shift (Lemire, TOMACS 29(1), 2019) on 32 bits; its bias is bound / 2^32, not visible in some thousand
/// draws. Always the same seed: what is simulated with it is the same on every machine.
class Dice {
 public:
  explicit Dice(std::uint32_t bound) : bound_(bound) {}

  /// 0..bound-1
  [[nodiscard]] std::uint32_t operator()() { return static_cast<std::uint32_t>((next_32() * bound_) >> 32); }

  /// Above 0, below 1; whatever the bound.
  [[nodiscard]] double unit() { return (static_cast<double>(next_32()) + 0.5) / 4294967296.0; }

 private:
  static constexpr std::uint64_t kSeed = 0x5eed'acce'9757'c09eU;

  std::uint64_t next_32() {
    if (has_half_) return has_half_ = false, half_;
    const std::uint64_t bits = engine_();
    has_half_ = true;
    half_ = bits >> 32;
    return bits & 0xffff'ffffU;
  }

  std::mt19937_64 engine_{kSeed};
  std::uint64_t bound_;
  std::uint64_t half_ = 0;
  bool has_half_ = false;
};

}  // namespace acceptscope
