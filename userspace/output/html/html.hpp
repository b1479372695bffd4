// SPDX-License-Identifier: BSD-2-Clause
/// The HTML report: pages that need no network and no script.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "model/connection_reuse.hpp"
#include "model/diff.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

struct HtmlOptions {
  std::size_t max_lanes = 3000;  ///< connections drawn as lanes
  /// Connections in the dump's list but not in the snapshot, because the reader kept a sample (ConnectionSample). The
  /// page shows their number. `left_out_before` is the number for BEFORE if two dumps are compared.
  std::uint64_t left_out = 0, left_out_before = 0;
  /// Requests of all these connections; null: the snapshot has them all. Not owned.
  const ConnectionReuse *reuse = nullptr, *reuse_before = nullptr;
};

/// One self-contained page (inline SVG and CSS) of one dump.
[[nodiscard]] std::string render_html(const Snapshot& snapshot, const HtmlOptions& options = {});

/// Two dumps side by side, with the changes between them.
[[nodiscard]] std::string render_html_diff(const Snapshot& before, const Snapshot& after, const Diff& diff,
                                           const HtmlOptions& options = {});

}  // namespace acceptscope
