// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/diff.hpp"
#include "output/plain.hpp"

namespace acceptscope {

/// What changed between two dumps: a verdict for each service, then its figures and how sure each change is. Of the
/// options those of the closing summary count. The same diff always gives the same text.
[[nodiscard]] std::string render_diff(const Diff& diff, const PlainOptions& options);

/// "127.0.0.1:8000", and what it was before where that is another.
[[nodiscard]] std::string diff_name(const ServiceDiff& service);

/// "FIXED", "BETTER", "UNCHANGED", "WORSE", "UNDECIDED"
[[nodiscard]] std::string_view fix_word(FixCode code);

/// "+3.1", "-20.0%"; shares change by points of a hundred.
[[nodiscard]] std::string change_text(const FigureChange& change);

/// "yes (p < 0.001), better", "no (p = 0.251)"; empty where nothing was tested.
[[nodiscard]] std::string chance_text(const FigureChange& change);

/// What the words of chance_text() rest on, a sentence each.
[[nodiscard]] std::vector<std::string> diff_notes();

}  // namespace acceptscope
