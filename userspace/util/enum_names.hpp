// SPDX-License-Identifier: BSD-2-Clause
/// The words for the values of an enum, each written once.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

namespace acceptscope {

/// A specialization for T has
///   static constexpr std::string_view name(T value);
/// with a switch that has a case for every value and no default, and returns {} after it. So a value without a name
/// does not compile (-Wswitch). The values are 0, 1, 2 and so on.
template <class T>
struct EnumNames;

template <class T>
concept IsNamedEnum = std::is_enum_v<T> && requires(T value) {
  { EnumNames<T>::name(value) } -> std::same_as<std::string_view>;
};

/// The word for `value`.
template <IsNamedEnum T>
constexpr std::string_view enum_name(T value) {
  return EnumNames<T>::name(value);
}

/// All values, in their order.
template <IsNamedEnum T>
inline constexpr auto enum_values = [] {
  constexpr std::size_t count = [] {
    std::size_t n = 0;
    while (!enum_name(static_cast<T>(n)).empty()) ++n;
    return n;
  }();
  std::array<T, count> values{};
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<T>(i);
  return values;
}();

/// The value with this name; empty if none has it.
template <IsNamedEnum T>
constexpr std::optional<T> enum_named(std::string_view name) {
  for (const T value : enum_values<T>)
    if (enum_name(value) == name) return value;
  return std::nullopt;
}

}  // namespace acceptscope
