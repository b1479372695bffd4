// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <algorithm>
#include <cstdint>

namespace acceptscope {

/// Counts of the connections of a worker, a service or several of them, since tracing began.
struct ConnectionCounts {
  std::uint64_t accepts = 0;
  std::uint64_t closes = 0;              ///< of accepted connections
  std::uint64_t preexisting = 0;         ///< open when tracing began
  std::uint64_t preexisting_closes = 0;  ///< of pre-existing connections
  std::uint64_t peak_open = 0;           ///< largest number of connections open at once
  std::uint64_t bytes_received = 0;      ///< pre-existing connections count since they were found
  std::uint64_t bytes_sent = 0;          ///< likewise

  /// Accepted and pre-existing connections: the number behind shares, bars and the fair draw.
  [[nodiscard]] constexpr std::uint64_t connections() const { return accepts + preexisting; }
  /// Closes of connections(). Counters are read while they change, so that this may exceed connections().
  [[nodiscard]] constexpr std::uint64_t closed() const { return closes + preexisting_closes; }
  /// Received and sent.
  [[nodiscard]] constexpr std::uint64_t bytes() const { return bytes_received + bytes_sent; }

  /// Adds all counts except the peak. The two peaks may belong to different moments, so the peak of both together is
  /// the larger one: a lower bound.
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
