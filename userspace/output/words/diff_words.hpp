// SPDX-License-Identifier: BSD-2-Clause
/// The wording of a comparison, shared by the text and the page.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/diff.hpp"

namespace acceptscope {

/// "127.0.0.1:8000", with its address before if that differs.
[[nodiscard]] std::string diff_name(const ServiceDiff& service);

/// "FIXED", "BETTER", "UNCHANGED", "WORSE", "UNDECIDED"
[[nodiscard]] std::string_view fix_word(FixCode code);

/// "+3.1", "-20.0 %"; shares change by percentage points.
[[nodiscard]] std::string change_text(const FigureChange& change);

/// "yes (p < 0.001), better", "no (p = 0.251)"; empty if nothing was tested.
[[nodiscard]] std::string chance_text(const FigureChange& change);

/// The basis of the words of chance_text(), and which dumps of `services` have no requests; one sentence each.
[[nodiscard]] std::vector<std::string> diff_notes(std::span<const ServiceDiff> services);

}  // namespace acceptscope
