// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/diff.hpp"
#include "output/plain/plain.hpp"

namespace acceptscope {

/// What changed between two dumps: a verdict for each service, then its figures and how sure each change is. Of the
/// options those of the closing summary count. The same diff always gives the same text.
[[nodiscard]] std::string render_diff(const Diff& diff, const TextOptions& options);

}  // namespace acceptscope
