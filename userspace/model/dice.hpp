// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>

namespace acceptscope {

/// Random numbers from the engine's bits alone: the distributions of <random> differ between libraries. Always the same
/// seed: what is simulated with it is the same on every machine.
class Dice {
 public:
  /// 0..bound-1. Multiply and shift (Lemire, TOMACS 29(1), 2019) on 32 bits; its bias is bound / 2^32, not visible in
  /// some thousand draws.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>((next_32() * bound) >> 32);
  }

  /// Above 0, below 1, in steps of 2^-32.
  [[nodiscard]] double unit() { return (static_cast<double>(next_32()) + 0.5) / 4294967296.0; }

  /// Standard normal: Box and Muller (Ann. Math. Stat. 29, 1958), of which 2^-32 cuts off what is beyond 6.7.
  [[nodiscard]] double normal() {
    const double radius = std::sqrt(-2 * std::log(unit()));  // a statement each: operands have no order
    const double angle = 2 * std::numbers::pi * unit();
    return radius * std::cos(angle);
  }

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
  std::uint64_t half_ = 0;
  bool has_half_ = false;
};

}  // namespace acceptscope
