// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "model/owner.hpp"
#include "util/huge_page_allocator.hpp"

namespace acceptscope {

/// Facts from the records of one owner's closed connections.
struct OwnerRecords {
  std::uint64_t seen = 0;
  std::uint64_t omitted = 0;        ///< records seen without room for their details
  Nanoseconds longest_lifetime{0};  ///< of connections whose accept was seen
  Nanoseconds longest_wait{0};
};

/// Details of single connections for the dump: the first `max_rows` closed connections in the order of their records,
/// then as many open ones as there is room for. Bounded by `max_rows` and kMaxOwners for any number of connections.
class ConnectionTable {
 public:
  /// Owners beyond this number are counted together under the empty Owner. Only a full worker map with endlessly
  /// replaced workers reaches it.
  static constexpr std::size_t kMaxOwners = 65536;

  using Closed = std::vector<ClosedConnection, HugePageAllocator<ClosedConnection>>;

  explicit ConnectionTable(std::size_t max_rows);

  /// Counts the record, and keeps its details if they are `wanted` and there is room.
  void add(const ClosedConnection& connection, bool wanted);
  /// Replaces the open connections by those of now, and keeps the longest owned ones.
  void replace_open(std::vector<OpenConnection> open);

  [[nodiscard]] std::uint64_t records_seen() const { return records_seen_; }
  [[nodiscard]] const std::map<Owner, OwnerRecords>& owners() const { return owners_; }
  /// Zeros for an owner without records.
  [[nodiscard]] OwnerRecords of(const Owner& owner) const;
  [[nodiscard]] const Closed& closed() const { return closed_; }
  /// In no order.
  [[nodiscard]] const std::vector<OpenConnection>& open() const { return open_; }
  [[nodiscard]] std::size_t max_rows() const { return max_rows_; }

 private:
  std::size_t max_rows_;
  std::uint64_t records_seen_ = 0;
  std::map<Owner, OwnerRecords> owners_;
  Closed closed_;
  std::vector<OpenConnection> open_;
};

}  // namespace acceptscope
