// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/diff.hpp"
#include "output/plain/plain.hpp"

namespace acceptscope {

/// The changes between two dumps: a verdict for each service, then its figures and the certainty of each change. Uses
/// the options of the closing summary. The same diff always gives the same text.
[[nodiscard]] std::string render_diff(const Diff& diff, const TextOptions& options);

}  // namespace acceptscope
