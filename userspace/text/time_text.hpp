// SPDX-License-Identifier: BSD-2-Clause
/// Instants and durations as written in JSON.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

#include "util/clock.hpp"

namespace acceptscope {

/// Appends `value` with leading zeros to at least `digits` digits.
inline void append_padded(std::string& out, std::uint64_t value, int digits) {
  std::array<char, 20> text{};
  auto first = text.end();
  for (; digits > 0 || value > 0; --digits, value /= 10) *--first = static_cast<char>('0' + value % 10);
  out.append(first, text.end());
}

/// Appends decimal seconds, exact to the nanosecond, without trailing zeros: "0.000001234".
inline void append_seconds(std::string& out, Nanoseconds duration) {
  const std::int64_t count = duration.count();
  if (count < 0) out += '-';
  const std::uint64_t ns = count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  append_padded(out, ns / 1'000'000'000, 1);
  std::uint64_t fraction = ns % 1'000'000'000;
  if (fraction == 0) return;
  int digits = 9;
  for (; fraction % 10 == 0; --digits) fraction /= 10;
  out += '.';
  append_padded(out, fraction, digits);
}

/// Appends instants as RFC 3339 UTC with nanoseconds. Caches the text of the day, as most instants share it.
class InstantText {
 public:
  void append(std::string& out, Instant instant) {
    using namespace std::chrono;
    const nanoseconds since_epoch{instant.unix_ns};
    const auto day = floor<days>(since_epoch);
    if (day.count() != day_) remember(day);
    out += date_;
    // Not since_epoch - day: the beginning of the first representable day is out of range.
    const nanoseconds rest = since_epoch % days{1};
    const auto ns = static_cast<std::uint64_t>((rest.count() < 0 ? rest + days{1} : rest).count());
    const std::uint64_t second = ns / 1'000'000'000;
    append_padded(out, second / 3600, 2);
    out += ':';
    append_padded(out, second / 60 % 60, 2);
    out += ':';
    append_padded(out, second % 60, 2);
    out += '.';
    append_padded(out, ns % 1'000'000'000, 9);
    out += 'Z';
  }

 private:
  void remember(std::chrono::days day) {
    const std::chrono::year_month_day date{std::chrono::sys_days{day}};
    day_ = day.count();
    date_.clear();
    append_padded(date_, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
    date_ += '-';
    append_padded(date_, static_cast<unsigned>(date.month()), 2);
    date_ += '-';
    append_padded(date_, static_cast<unsigned>(date.day()), 2);
    date_ += 'T';
  }

  std::int64_t day_ = std::numeric_limits<std::int64_t>::min();
  std::string date_;
};

}  // namespace acceptscope
