// SPDX-License-Identifier: BSD-2-Clause
/// Histograms as rows of text, for the closing summary and the full-screen view.
#pragma once

#include <cstddef>
#include <vector>

#include "model/histogram.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {

/// "   ≤ 4.2 ms 20 ████████████": a row for one or more powers of two, so that there are at most `rows` (3 at least) of
/// `width` columns; without gaps between the shortest and the longest.
[[nodiscard]] std::vector<StyledLine> histogram_rows(const std::vector<HistogramBucket>& buckets, std::size_t rows,
                                                     std::size_t width, bool ascii);

/// `right` beside `left`, from column `width` on.
[[nodiscard]] std::vector<StyledLine> side_by_side(std::vector<StyledLine> left, const std::vector<StyledLine>& right,
                                                   std::size_t width, bool ascii);

}  // namespace acceptscope
