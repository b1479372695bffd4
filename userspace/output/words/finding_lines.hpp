// SPDX-License-Identifier: BSD-2-Clause
/// Findings, and the table of what each code means, in lines of text.
#pragma once

#include <cstddef>
#include <vector>

#include "model/snapshot.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {

/// "WARNING accept_skew: 4 of 16 workers accepted ..." behind `start`.
[[nodiscard]] std::vector<StyledLine> finding_headline(StyledLine start, const Finding& finding, std::size_t width,
                                                       bool ascii);

/// The evidence and what to do, behind `indent` columns.
[[nodiscard]] std::vector<StyledLine> finding_details(const Finding& finding, std::size_t indent, std::size_t width,
                                                      bool ascii);

/// The findings beside the verdict, which is the first of them.
[[nodiscard]] std::vector<const Finding*> further_findings(const ServiceRow& service);

/// Each code: when it is said, what to do, and why its threshold is what it is.
[[nodiscard]] std::vector<StyledLine> finding_kind_lines(std::size_t width, bool ascii);

}  // namespace acceptscope
