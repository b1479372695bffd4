// SPDX-License-Identifier: BSD-2-Clause
/// The ways in which applications read, write and close.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace workload::mix {

inline constexpr std::uint8_t kReadWays = 6;
inline constexpr std::uint8_t kWriteWays = 7;
inline constexpr std::uint8_t kCloseWays = 4;

/// The most that one call transfers.
inline constexpr std::size_t kMostAtOnce = 65536;

/// As recv() and send() of at most kMostAtOnce bytes, with another system call for each `way`.
[[nodiscard]] ssize_t read_by(std::uint8_t way, int fd, std::size_t bytes);
[[nodiscard]] ssize_t write_by(std::uint8_t way, int fd, std::size_t bytes);
void close_by(std::uint8_t way, int fd);

}  // namespace workload::mix
