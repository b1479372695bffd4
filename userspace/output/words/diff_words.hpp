// SPDX-License-Identifier: BSD-2-Clause
/// What the text and the page say in the same way about a comparison.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/diff.hpp"

namespace acceptscope {

/// "127.0.0.1:8000", and what it was before where that is another.
[[nodiscard]] std::string diff_name(const ServiceDiff& service);

/// "FIXED", "BETTER", "UNCHANGED", "WORSE", "UNDECIDED"
[[nodiscard]] std::string_view fix_word(FixCode code);

/// "+3.1", "-20.0 %"; shares change by points of a hundred.
[[nodiscard]] std::string change_text(const FigureChange& change);

/// "yes (p < 0.001), better", "no (p = 0.251)"; empty where nothing was tested.
[[nodiscard]] std::string chance_text(const FigureChange& change);

/// What the words of chance_text() rest on, a sentence each.
[[nodiscard]] std::vector<std::string> diff_notes();

}  // namespace acceptscope
