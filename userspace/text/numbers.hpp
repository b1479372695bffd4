// SPDX-License-Identifier: BSD-2-Clause
/// Numbers as people read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "util/clock.hpp"

namespace acceptscope {

/// "850ns", "340µs" (ASCII: "340us"), "1.2ms", "12.3s", "4m05s", "2h05m", "3d04h"; "-" when unknown.
[[nodiscard]] std::string human_duration(std::optional<Nanoseconds> duration, bool ascii = false);

/// "4,567"
[[nodiscard]] std::string human_count(std::uint64_t count);

/// "1 worker", "8 workers"
[[nodiscard]] std::string human_count(std::uint64_t count, std::string_view noun);

/// Events per second: "0", "<0.1", "12.3", "4,567"; "-" when no time has passed.
[[nodiscard]] std::string human_rate(std::uint64_t events, Nanoseconds time);

/// "0%", "<0.1%", "49.9%", ">99.9%", "100%"; "-" of nothing.
[[nodiscard]] std::string human_share(std::uint64_t part, std::uint64_t whole);

/// "0 B", "999 B", "1.2 kB", "34.0 MB"; powers of 1,000.
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);

/// "2024-05-01 14:02:11 UTC"
[[nodiscard]] std::string human_instant(Instant instant);

}  // namespace acceptscope
