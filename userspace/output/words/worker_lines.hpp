// SPDX-License-Identifier: BSD-2-Clause
/// The lines around a service's table in the live block and in the summary.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.hpp"
#include "output/words/options.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {

/// With more workers than this, idle workers share one line: those that serve no request, or, where requests are not
/// counted, have no connection.
inline constexpr std::size_t kMostIdleRows = 40;

/// The rows of its table, most requests first, then most connections: its workers without supervisors and holders, and
/// without idle workers if these are folded.
[[nodiscard]] std::vector<const WorkerRow*> table_rows(const ServiceRow& service);

/// "  8 workers could accept; 5 idle; 1 supervisor; effective workers 2.6 of 8 (a fair draw: ≥ 5.1)", and the number of
/// active workers; "...; 4 had connections; 5 idle; effective workers 1.5 of 8 by requests" where these are counted, in
/// the summary; a single line in the live block; nothing if the service has no workers.
[[nodiscard]] std::vector<StyledLine> workers_lines(const ServiceRow& service, const TextOptions& options);

/// How the kernel hands connections out, as sentences without their period: threads that wait in one process, who is
/// always woken first.
[[nodiscard]] std::vector<std::string> door_facts(const ServiceRow& service);

/// Below the table: folded idle workers, workers that no longer have a row, supervisors, mere holders.
[[nodiscard]] std::vector<StyledLine> below_table(const ServiceRow& service, bool ascii);

/// "WARNING" in its style.
[[nodiscard]] StyledLine severity_word(Severity severity);

}  // namespace acceptscope
