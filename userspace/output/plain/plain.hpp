// SPDX-License-Identifier: BSD-2-Clause
/// The plain view: a block of text per tick, and the closing summary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.hpp"
#include "output/words/options.hpp"

namespace acceptscope {

/// Lines of text, each ended by a newline. The same snapshot and options always give the same text. The lines of
/// the live block have at most `width` columns.
[[nodiscard]] std::string render(const Snapshot& snapshot, const TextOptions& options);

/// A column of the worker table.
struct PlainColumn {
  std::string_view header;
  std::string_view help;
};

[[nodiscard]] std::vector<PlainColumn> plain_columns();

/// The columns as a Markdown table: header, meaning.
[[nodiscard]] std::string plain_columns_markdown();

}  // namespace acceptscope
