// SPDX-License-Identifier: BSD-2-Clause
/// The commands that only print a text.
#pragma once

#include <string_view>

#include "cli/options.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// A part of the manual, or without a topic which there are.
[[nodiscard]] int run_help(const cli::Options& options);
/// A JSON Schema.
[[nodiscard]] int run_schema(const cli::Options& options);
/// A completion script, or values that one asks for.
[[nodiscard]] int run_completion(const cli::Options& options);

/// Writes `text` to standard output; the error calls it `purpose`.
[[nodiscard]] Result<void> print_text(std::string_view text, std::string_view purpose);

}  // namespace acceptscope
