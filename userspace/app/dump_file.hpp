// SPDX-License-Identifier: BSD-2-Clause
/// The dumps that report and diff read.
#pragma once

#include <cstdint>
#include <string>

#include "model/connection_reuse.hpp"
#include "model/snapshot.hpp"
#include "output/registry.hpp"
#include "util/result.hpp"

namespace acceptscope {

struct LoadedDump {
  Snapshot snapshot;           ///< its connections are a ConnectionSample of the dump's connections
  std::uint64_t left_out = 0;  ///< connections of the dump that are not in the sample
  ConnectionReuse reuse;       ///< of all of them

  /// For outputs; valid while this object exists.
  [[nodiscard]] Picture picture() const { return {snapshot, left_out, &reuse}; }
};

/// Reads the dump in the file at `path`; "-" is standard input. Keeps a sample of at most `most_connections` of its
/// connections; with 0 it skips them.
[[nodiscard]] Result<LoadedDump> load_dump(const std::string& path, std::size_t most_connections);

}  // namespace acceptscope
