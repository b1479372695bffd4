// SPDX-License-Identifier: BSD-2-Clause
/// The plain view: a block of text per tick, and the closing summary.
#pragma once

#include <string>

#include "model/snapshot.hpp"
#include "output/words/options.hpp"

namespace acceptscope {

/// Lines of text, each terminated by a newline. The same snapshot and options always give the same text. The lines of
/// the live block have at most `width` columns.
[[nodiscard]] std::string render(const Snapshot& snapshot, const TextOptions& options);

}  // namespace acceptscope
