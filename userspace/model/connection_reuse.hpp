// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>

#include "model/snapshot.hpp"

namespace acceptscope {

/// Requests per connection of one service: how far a client's pool uses its connections again.
struct Reuse {
  /// Connections without a request, with 1, 2, 3 to 4, 5 to 8, ... requests.
  std::array<std::uint64_t, 34> buckets{};
  std::uint64_t connections = 0;  ///< whose requests were counted; likewise below
  std::uint64_t requests = 0;
  std::uint64_t open = 0;         ///< may serve more
  std::uint64_t preexisting = 0;  ///< may have served more before tracing began
  std::uint64_t shared = 0;       ///< served by more than one worker

  /// Least and most requests of a bucket.
  [[nodiscard]] static std::uint64_t first(std::size_t bucket);
  [[nodiscard]] static std::uint64_t last(std::size_t bucket);
  bool operator==(const Reuse&) const = default;
};

/// The reuse of connections by service, of all connections that are listed: a ConnectionSample prefers the long ones.
class ConnectionReuse {
 public:
  void add(const ConnectionRow& row);
  /// Of service number `service`.
  [[nodiscard]] Reuse of(std::size_t service) const;

 private:
  std::map<std::size_t, Reuse> services_;
};

/// `known`, else that of the snapshot's connections.
[[nodiscard]] ConnectionReuse reuse_of(const Snapshot& snapshot, const ConnectionReuse* known);

}  // namespace acceptscope
