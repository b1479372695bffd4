// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>

#include "model/connection_reuse.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

/// Input of an output: a run, or a dump read back.
struct Picture {
  const Snapshot& snapshot;
  std::uint64_t left_out = 0;  ///< connections in the dump's list but not in the snapshot's sample of it
  /// Of all connections in the dump's list; null: the snapshot has them all. Not owned.
  const ConnectionReuse* reuse = nullptr;
};

}  // namespace acceptscope
