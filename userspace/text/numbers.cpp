// SPDX-License-Identifier: BSD-2-Clause
#include "text/numbers.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstddef>

#include "text/time_text.hpp"

namespace acceptscope {
namespace {

/// `ns` in units, rounded half up.
constexpr std::int64_t in_units(std::int64_t ns, std::int64_t unit) {
  return ns / unit + (ns % unit >= (unit + 1) / 2);
}

std::string with_tenth(std::int64_t tenths, std::string_view unit) {
  return fmt::format("{}.{}{}", tenths / 10, tenths % 10, unit);
}

/// Each step is taken on the rounded value, so that 999.6 µs is "1.0ms" and never "1000µs".
std::string duration_text(std::int64_t ns, bool ascii) {
  if (ns < 1'000) return fmt::format("{}ns", ns);
  if (const auto us = in_units(ns, 1'000); us < 1'000) return fmt::format("{}{}", us, ascii ? "us" : "µs");
  if (const auto tenths = in_units(ns, 100'000); tenths < 1'000) return with_tenth(tenths, "ms");
  if (const auto ms = in_units(ns, 1'000'000); ms < 1'000) return fmt::format("{}ms", ms);
  if (const auto tenths = in_units(ns, 100'000'000); tenths < 600) return with_tenth(tenths, "s");
  const auto s = in_units(ns, 1'000'000'000);
  if (s < 3'600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  if (s < 86'400) return fmt::format("{}h{:02}m", s / 3'600, s / 60 % 60);
  return fmt::format("{}d{:02}h", s / 86'400, s / 3'600 % 24);
}

}  // namespace

std::string human_duration(std::optional<Nanoseconds> duration, bool ascii) {
  if (!duration || duration->count() < 0) return "-";
  return duration_text(duration->count(), ascii);
}

std::string human_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t end = text.size(); end > 3; end -= 3) text.insert(end - 3, 1, ',');
  return text;
}

std::string human_count(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", human_count(count), noun, count == 1 ? "" : "s");
}

std::string human_rate(std::uint64_t events, Nanoseconds time) {
  if (time.count() <= 0) return "-";
  if (events == 0) return "0";
  const double rate = static_cast<double>(events) * 1e9 / static_cast<double>(time.count());
  if (rate < 0.05) return "<0.1";
  if (rate < 99.95) return fmt::format("{:.1f}", rate);
  return human_count(static_cast<std::uint64_t>(std::round(rate)));
}

std::string human_share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  if (part == 0) return "0%";
  if (part == whole) return "100%";
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (percent < 0.05) return "<0.1%";
  if (percent >= 99.95 && part < whole) return ">99.9%";
  return fmt::format("{:.1f}%", percent);
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1'000) return fmt::format("{} B", bytes);
  constexpr std::array kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1'000;
  std::size_t unit = 0;
  while (value >= 999.95) value /= 1'000, ++unit;  // rounded, it would have four digits
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string human_instant(Instant instant) {
  std::string text;
  InstantText{}.append(text, instant);
  text.resize(std::string_view("2024-05-01T14:02:11").size());
  text[10] = ' ';
  return text + " UTC";
}

}  // namespace acceptscope
