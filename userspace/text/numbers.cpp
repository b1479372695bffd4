// SPDX-License-Identifier: BSD-2-Clause
#include "text/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>

#include "text/time_text.hpp"

namespace acceptscope {
namespace {

struct Unit {
  std::string_view name, ascii;
  double per_second, seconds;  ///< one of them is 1: neither 1e-9 nor 1/60 is exact
};

constexpr Unit kNano{"ns", "ns", 1e9, 1}, kMicro{"µs", "us", 1e6, 1}, kMilli{"ms", "ms", 1e3, 1};
constexpr Unit kSecond{"s", "s", 1, 1}, kMinute{"min", "min", 1, 60}, kHour{"h", "h", 1, 3'600};
constexpr Unit kDay{"d", "d", 1, 86'400};

/// A way to write durations below a bound, in seconds; 0: not used at this precision.
struct DurationRow {
  double coarse_below, fine_below;
  const Unit& unit;
  int decimals;
};

constexpr double kEndless = std::numeric_limits<double>::infinity();

/// Each bound is the value at which the rounded number would be the first of the next row: 999.6 µs is "1.0 ms", never
/// "1000 µs".
// clang-format off
constexpr std::array kDurations{
    DurationRow{0,         0.9995e-6,      kNano,   0},
    DurationRow{0.9995e-3, 0.9995e-3,      kMicro,  0},
    DurationRow{0,         0.09995,        kMilli,  1},
    DurationRow{0.9995,    0.9995,         kMilli,  0},
    DurationRow{9.95,      99.95,          kSecond, 1},
    DurationRow{119.5,     119.5,          kSecond, 0},
    DurationRow{0,         99.95 * 60,     kMinute, 1},
    DurationRow{119.5 * 60, 119.5 * 60,    kMinute, 0},
    DurationRow{kEndless,  47.95 * 3'600,  kHour,   1},
    DurationRow{0,         99.95 * 86'400, kDay,    1},
    DurationRow{0,         kEndless,       kDay,    0},
};
// clang-format on

std::string written(double seconds, double DurationRow::*below, bool ascii) {
  const auto row = std::find_if(kDurations.begin(), kDurations.end() - 1,
                                [&](const DurationRow& candidate) { return seconds < candidate.*below; });
  return fmt::format("{:.{}f} {}", seconds * row->unit.per_second / row->unit.seconds, row->decimals,
                     ascii ? row->unit.ascii : row->unit.name);
}

/// "-12345.6" as "-12,345.6". "inf" and "nan" stay.
std::string separated(std::string number) {
  const std::size_t first = number.front() == '-' ? 1 : 0;
  const std::size_t point = std::min(number.find_first_not_of("0123456789", first), number.size());
  for (std::size_t end = point; end > first + 3; end -= 3) number.insert(end - 3, 1, ',');
  return number;
}

double in_seconds(Nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

/// `all` is distinguished from a part that only rounds to it.
std::string percent_text(double percent, bool all) {
  if (percent <= 0) return "0 %";
  if (all) return "100 %";
  if (percent < 0.05) return "<0.1 %";
  if (percent >= 99.95 && percent <= 100) return ">99.9 %";
  return decimal_text(percent) + " %";
}

}  // namespace

std::string duration_text(std::optional<Nanoseconds> duration, bool ascii) {
  if (!duration || duration->count() < 0) return "-";
  return seconds_text(in_seconds(*duration), ascii);
}

std::string seconds_text(double seconds, bool ascii) {
  return seconds < 0 ? "-" : written(seconds, &DurationRow::fine_below, ascii);
}

std::string coarse_duration_text(Nanoseconds duration) {
  return duration.count() < 0 ? "-" : written(in_seconds(duration), &DurationRow::coarse_below, false);
}

std::string count_text(std::uint64_t count) { return separated(std::to_string(count)); }

std::string count_of(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count_text(count), noun, count == 1 ? "" : "s");
}

std::string decimal_text(double value, int decimals) { return separated(fmt::format("{:.{}f}", value, decimals)); }

std::string amount_text(double amount) {
  const bool is_count = amount >= 0 && amount < 0x1p64 && amount == std::floor(amount);
  return is_count ? count_text(static_cast<std::uint64_t>(amount)) : decimal_text(amount);
}

std::string rate_text(std::uint64_t events, Nanoseconds time) {
  return time.count() <= 0 ? "-" : rate_text(static_cast<double>(events) / in_seconds(time));
}

std::string rate_text(double per_second) {
  if (per_second <= 0) return "0";
  if (per_second < 0.05) return "<0.1";
  return per_second < 99.95 ? decimal_text(per_second) : amount_text(std::round(per_second));
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  return percent_text(100.0 * static_cast<double>(part) / static_cast<double>(whole), part == whole);
}

std::string share_text(double part) { return percent_text(100 * part, part == 1); }

std::string coarse_share_text(double part) { return decimal_text(part * 100, 0) + " %"; }

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1'000) return fmt::format("{} B", bytes);
  constexpr std::array kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1'000;
  std::size_t unit = 0;
  while (value >= 999.95) value /= 1'000, ++unit;  // rounded, it would have four digits
  return fmt::format("{} {}", decimal_text(value), kUnits[unit]);
}

std::string p_value_text(double p) { return p < 0.001 ? "p < 0.001" : fmt::format("p = {:.3f}", p); }

std::string at_least_text(std::string_view number, bool ascii) {
  return fmt::format("{} {}", ascii ? ">=" : "≥", number);
}

std::string at_most_text(std::string_view number, bool ascii) {
  return fmt::format("{} {}", ascii ? "<=" : "≤", number);
}

bool is_unit(std::string_view word) {
  constexpr std::array<std::string_view, 14> kUnits{"%", "ns", "µs", "us", "ms", "s",  "min",
                                                    "h", "d",  "B",  "kB", "MB", "GB", "TB"};
  while (!word.empty() && std::string_view(",;:.)").find(word.back()) != std::string_view::npos) word.remove_suffix(1);
  return std::ranges::find(kUnits, word) != kUnits.end();
}

std::string with_bound_units(std::string_view text) {
  std::string bound;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    bound += word;
    text.remove_prefix(word.size());
    if (text.empty()) break;
    text.remove_prefix(1);
    bound += is_unit(text.substr(0, text.find(' '))) || word == "≥" || word == "≤" ? "\u00a0" : " ";
  }
  return bound;
}

std::string instant_text(Instant instant) {
  std::string text;
  InstantText{}.append(text, instant);
  text.resize(std::string_view("2024-05-01T14:02:11").size());
  text[10] = ' ';
  return text + " UTC";
}

}  // namespace acceptscope
