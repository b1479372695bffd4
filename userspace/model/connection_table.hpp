// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "model/owner.hpp"
#include "util/huge_page_allocator.hpp"

namespace acceptscope {

/// What the records of one owner's closed connections told.
struct OwnerRecords {
  std::uint64_t seen = 0;
  std::uint64_t omitted = 0;        ///< of the seen: no room for their details
  Nanoseconds longest_lifetime{0};  ///< of those whose accept was seen
  Nanoseconds longest_wait{0};
};

/// Details of single connections for the dump: the first `max_rows` closed ones in the order of their records, then as
/// many open ones as there is room for. Bounded by `max_rows` and kMaxOwners, however many connections come.
class ConnectionTable {
 public:
  /// Owners beyond so many are counted together under the empty Owner: only a worker map that is full, with workers
  /// that never stop being replaced, gets there.
  static constexpr std::size_t kMaxOwners = 65536;

  using Closed = std::vector<ClosedConnection, HugePageAllocator<ClosedConnection>>;

  explicit ConnectionTable(std::size_t max_rows);

  /// Counts the record, and keeps its details if they are `wanted` and there is room.
  void add(const ClosedConnection& connection, bool wanted);
  /// The connections that are open now, in place of those from before: the longest owned of them are kept.
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
