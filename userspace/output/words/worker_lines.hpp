// SPDX-License-Identifier: BSD-2-Clause
/// What the live block and the summary say of one service around its table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.hpp"
#include "output/words/options.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {

/// With more workers than this, those without a connection share one line instead of having one each.
inline constexpr std::size_t kMostIdleRows = 40;

/// The rows of its table: its workers, without supervisors and without idle ones when these are folded.
[[nodiscard]] std::vector<const WorkerRow*> table_rows(const ServiceRow& service);

/// "  8 workers could accept; 5 idle; 1 supervisor; effective workers 2.6 of 8 (a fair draw: ≥ 5.1)", and how many are
/// active; a single line in the live block; nothing if it has no workers.
[[nodiscard]] std::vector<StyledLine> workers_lines(const ServiceRow& service, const TextOptions& options);

/// Below the table: idle workers that were folded, ones that have no row any more, supervisors.
[[nodiscard]] std::vector<StyledLine> below_table(const ServiceRow& service, bool ascii);

/// "WARNING", the way it stands out.
[[nodiscard]] StyledLine severity_word(Severity severity);

/// `text` at spaces broken into lines of at most `width` columns, as far as words allow; the first after `start`, the
/// others below its end.
[[nodiscard]] std::vector<StyledLine> wrapped(const StyledLine& start, std::string_view text, std::size_t width);

}  // namespace acceptscope
