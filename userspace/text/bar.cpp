// SPDX-License-Identifier: BSD-2-Clause
#include "text/bar.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace acceptscope {
namespace {

constexpr std::size_t kLevels = 8;

}  // namespace

std::string bar(double part, double whole, std::size_t width, bool ascii) {
  constexpr std::array<std::string_view, 8> eighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (part <= 0 || whole <= 0 || width == 0) return {};
  const std::size_t steps = ascii ? 1 : eighths.size();
  const double exact = part / whole * static_cast<double>(width * steps);
  const std::size_t filled = std::clamp(static_cast<std::size_t>(std::round(exact)), std::size_t{1}, width * steps);
  std::string text;
  for (std::size_t i = 0; i < filled / steps; ++i) text += ascii ? "#" : "█";
  if (!ascii) text += eighths[filled % steps];
  return text;
}

std::size_t spark_level(std::uint64_t part, std::uint64_t whole) {
  if (part == 0 || whole == 0) return 0;
  const double exact = static_cast<double>(part) / static_cast<double>(whole) * static_cast<double>(kLevels);
  return std::clamp(static_cast<std::size_t>(std::ceil(exact)), std::size_t{1}, kLevels);
}

std::string spark(std::uint64_t part, std::uint64_t whole, bool ascii) {
  constexpr std::array<std::string_view, kLevels + 1> blocks = {"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::string_view letters = ".:-=+*%#@";
  const std::size_t level = spark_level(part, whole);
  return ascii ? std::string(1, letters[level]) : std::string(blocks[level]);
}

}  // namespace acceptscope
