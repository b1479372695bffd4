// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <algorithm>
#include <cstdint>

namespace acceptscope {

/// What is counted of the connections of a worker, a service or several of them, since tracing began.
struct ConnectionCounts {
  std::uint64_t accepts = 0;
  std::uint64_t closes = 0;              ///< of the accepts
  std::uint64_t preexisting = 0;         ///< open when tracing began
  std::uint64_t preexisting_closes = 0;  ///< of the pre-existing ones
  std::uint64_t peak_open = 0;           ///< most of them open at once
  std::uint64_t bytes_received = 0;      ///< of pre-existing ones since they were found
  std::uint64_t bytes_sent = 0;          ///< likewise

  /// Accepted and pre-existing ones: what shares, bars and the fair draw count.
  [[nodiscard]] constexpr std::uint64_t connections() const { return accepts + preexisting; }
  /// Of connections(). Counters that are read while they move may be ahead of one another: it can be the larger.
  [[nodiscard]] constexpr std::uint64_t closed() const { return closes + preexisting_closes; }
  /// Received and sent.
  [[nodiscard]] constexpr std::uint64_t bytes() const { return bytes_received + bytes_sent; }

  /// Sums up. Two peaks need not have been at the same moment: the larger is certain, the sum is not, so the peak of
  /// both together is the larger, and that is the least it can have been.
  constexpr ConnectionCounts& operator+=(const ConnectionCounts& other) {
    accepts += other.accepts;
    closes += other.closes;
    preexisting += other.preexisting;
    preexisting_closes += other.preexisting_closes;
    peak_open = std::max(peak_open, other.peak_open);
    bytes_received += other.bytes_received;
    bytes_sent += other.bytes_sent;
    return *this;
  }

  bool operator==(const ConnectionCounts&) const = default;
};

}  // namespace acceptscope
