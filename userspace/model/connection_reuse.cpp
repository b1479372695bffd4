// SPDX-License-Identifier: BSD-2-Clause
#include "model/connection_reuse.hpp"

#include <bit>

namespace acceptscope {
namespace {

std::size_t bucket_of(std::uint32_t requests) {
  return requests == 0 ? 0 : 1 + static_cast<std::size_t>(std::bit_width(requests - 1));
}

}  // namespace

std::uint64_t Reuse::first(std::size_t bucket) { return bucket < 2 ? bucket : last(bucket - 1) + 1; }

std::uint64_t Reuse::last(std::size_t bucket) { return bucket == 0 ? 0 : std::uint64_t{1} << (bucket - 1); }

void ConnectionReuse::add(const ConnectionRow& row) {
  if (!row.requests) return;
  Reuse& reuse = services_[row.service];
  ++reuse.buckets.at(bucket_of(*row.requests));
  ++reuse.connections;
  reuse.requests += *row.requests;
  reuse.open += !row.closed_at;
  reuse.preexisting += row.preexisting;
  reuse.shared += row.served_by_workers.value_or(0) > 1;
}

Reuse ConnectionReuse::of(std::size_t service) const {
  const auto found = services_.find(service);
  return found == services_.end() ? Reuse{} : found->second;
}

ConnectionReuse reuse_of(const Snapshot& snapshot, const ConnectionReuse* known) {
  if (known != nullptr) return *known;
  ConnectionReuse reuse;
  for (const ConnectionRow& row : snapshot.connections) reuse.add(row);
  return reuse;
}

}  // namespace acceptscope
