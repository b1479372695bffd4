// SPDX-License-Identifier: BSD-2-Clause
/// Numbers as people read them, with one format for each kind in sentences, tables and pages. A space separates a
/// number from its unit, as in the SI.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "util/clock.hpp"

namespace acceptscope {

/// For tables: "850 ns", "340 µs" (ASCII: "340 us"), "1.2 ms", "12.3 s", "119 s", "4.1 min", "2.1 h", "3.2 d"; "-" when
/// unknown or negative. At most 8 columns.
[[nodiscard]] std::string duration_text(std::optional<Nanoseconds> duration, bool ascii = false);

/// The same for `seconds`, of any size.
[[nodiscard]] std::string seconds_text(double seconds, bool ascii = false);

/// For sentences, with fewer digits: "340 µs", "202 ms", "4.9 s", "11 s", "4 min", "76.0 h". The unit is the one of
/// duration_text(), except below 1 µs and above 2 days.
[[nodiscard]] std::string coarse_duration_text(Nanoseconds duration);

/// "4,567"
[[nodiscard]] std::string count_text(std::uint64_t count);

/// "1 worker", "8 workers"
[[nodiscard]] std::string count_of(std::uint64_t count, std::string_view noun);

/// For effective workers, for example: "2.6"; with 0 `decimals` "3".
[[nodiscard]] std::string decimal_text(double value, int decimals = 1);

/// A count, or the result of a calculation with counts: "1,204", "2.5". Not negative.
[[nodiscard]] std::string amount_text(double amount);

/// Events per second: "0", "<0.1", "12.3", "4,567"; "-" when no time has passed.
[[nodiscard]] std::string rate_text(std::uint64_t events, Nanoseconds time);
[[nodiscard]] std::string rate_text(double per_second);

/// For tables: "0 %", "<0.1 %", "49.9 %", ">99.9 %", "100 %"; "-" if the whole is 0. Only nothing is 0 %, only all is
/// 100 %.
[[nodiscard]] std::string share_text(std::uint64_t part, std::uint64_t whole);

/// The same for a `part` of 1; above 1: "120.0 %".
[[nodiscard]] std::string share_text(double part);

/// For sentences, to the nearest per cent: "48 %".
[[nodiscard]] std::string coarse_share_text(double part);

/// "0 B", "999 B", "1.2 kB", "34.0 MB"; powers of 1,000.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

/// A p-value: "p < 0.001", "p = 0.026".
[[nodiscard]] std::string p_value_text(double p);

/// "≥ 41.0 s", ASCII ">= 41.0 s", for a number formatted by one of the functions above.
[[nodiscard]] std::string at_least_text(std::string_view number, bool ascii = false);

/// "≤ 4.2 ms", ASCII "<= 4.2 ms".
[[nodiscard]] std::string at_most_text(std::string_view number, bool ascii = false);

/// Whether a line must not begin with `word`, because it is the unit of a number: "ms", "%,".
[[nodiscard]] bool is_unit(std::string_view word);

/// `text` with a no-break space between each number and its unit, or the "≥" in front of it.
[[nodiscard]] std::string with_bound_units(std::string_view text);

/// "2024-05-01 14:02:11 UTC"
[[nodiscard]] std::string instant_text(Instant instant);

}  // namespace acceptscope
