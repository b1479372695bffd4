// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "model/snapshot.hpp"

namespace acceptscope {

/// A sample of limited size of any number of connections, for a drawing. Every worker gets the same number, if it has
/// as many, and long connections are preferred to short ones. Within a worker it is a priority sample (Duffield, Lund
/// and Thorup, Journal of the ACM 54(6), 2007): it keeps the connections with the highest duration / u, where u is a
/// random number from the connection's id. Connections longer than the sample's threshold are always in it, the others
/// with a probability proportional to their duration. The same connections give the same sample in any order.
class ConnectionSample {
 public:
  explicit ConnectionSample(std::size_t most) : most_(most) {}

  void add(ConnectionRow&& row);

  /// The connections kept, by id. Nothing may be added afterwards.
  [[nodiscard]] std::vector<ConnectionRow> take();
  /// Connections that were added and are not kept.
  [[nodiscard]] std::uint64_t left_out() const { return added_ - kept_; }

 private:
  struct Entry {
    double priority = 0;
    ConnectionRow row;
  };
  /// A heap with the lowest priority in front.
  using Heap = std::vector<Entry>;
  using Worker = std::pair<std::uint32_t, std::uint64_t>;  ///< service; pid and tid

  void shrink(std::size_t most);
  static bool is_higher(const Entry& a, const Entry& b);

  std::size_t most_;
  std::size_t cap_ = SIZE_MAX;  ///< for each worker; only falls, so that each has its highest priorities of all seen
  std::uint64_t added_ = 0;
  std::uint64_t kept_ = 0;
  std::map<Worker, Heap> workers_;
};

}  // namespace acceptscope
