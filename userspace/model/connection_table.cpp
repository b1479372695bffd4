// SPDX-License-Identifier: BSD-2-Clause
#include "model/connection_table.hpp"

#include <algorithm>

namespace acceptscope {
namespace {

/// Rows reserved for the list of connections: at most 160 MiB of address space. The list may grow beyond.
constexpr std::size_t kReservedRows = 1'000'000;

}  // namespace

ConnectionTable::ConnectionTable(std::size_t max_rows) : max_rows_(max_rows) {
  closed_.reserve(std::min(max_rows, kReservedRows));  // growing would copy all rows at the busiest moment
}

void ConnectionTable::add(const ClosedConnection& connection, bool wanted) {
  ++records_seen_;
  auto owner = owners_.find(owner_of(connection));
  if (owner == owners_.end()) {
    const bool room = owners_.size() < kMaxOwners;
    owner = owners_.try_emplace(room ? owner_of(connection) : Owner{}).first;
  }
  OwnerRecords& records = owner->second;
  ++records.seen;
  if (!connection.preexisting) {
    records.longest_lifetime = std::max(records.longest_lifetime, connection.lifetime());
    records.longest_wait = std::max(records.longest_wait, connection.accept_wait.value_or(Nanoseconds::zero()));
  }
  if (!wanted) return;
  if (closed_.size() < max_rows_) {
    closed_.push_back(connection);
  } else {
    ++records.omitted;
  }
}

void ConnectionTable::replace_open(std::vector<OpenConnection> open) {
  const std::size_t room = max_rows_ - closed_.size();
  if (open.size() > room) {
    const auto older = [](const auto& a, const auto& b) { return a.accepted_at < b.accepted_at; };
    std::nth_element(open.begin(), open.begin() + static_cast<std::ptrdiff_t>(room), open.end(), older);
    open.resize(room);
    open.shrink_to_fit();
  }
  open_ = std::move(open);
}

OwnerRecords ConnectionTable::of(const Owner& owner) const {
  const auto records = owners_.find(owner);
  return records == owners_.end() ? OwnerRecords{} : records->second;
}

}  // namespace acceptscope
