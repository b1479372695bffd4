// SPDX-License-Identifier: BSD-2-Clause
/// The HTML report: pages that need no network and no script.
#pragma once

#include <cstddef>
#include <string>

#include "model/diff.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

struct HtmlOptions {
  std::size_t max_lanes = 3000;  ///< connections drawn as lanes
};

/// One self-contained page (inline SVG and CSS) of one dump.
[[nodiscard]] std::string render_html(const Snapshot& snapshot, const HtmlOptions& options = {});

/// Two dumps side by side, with what changed between them.
[[nodiscard]] std::string render_html_diff(const Snapshot& before, const Snapshot& after, const Diff& diff,
                                           const HtmlOptions& options = {});

}  // namespace acceptscope
