// SPDX-License-Identifier: BSD-2-Clause
/// Lines shared by the live block and the summary.
#pragma once

#include <string>
#include <vector>

#include "model/snapshot.hpp"
#include "output/words/options.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {

/// "port 8000; PIDs 12, 77"; "any port" without a selection.
[[nodiscard]] std::string describe_filters(const Filters& filters, bool ascii);

/// "0.0.0.0:8000", with its network namespace if that is not the host's own.
[[nodiscard]] std::string service_name(const ServiceRow& service, const Snapshot& snapshot, const TextOptions& options);

/// The service's name and numbers.
[[nodiscard]] StyledLine service_headline(const ServiceRow& service, const Snapshot& snapshot,
                                          const TextOptions& options);

/// One line for each kind of loss and for each inconsistent total; none if all is well.
[[nodiscard]] std::vector<StyledLine> trouble_lines(const Snapshot& snapshot, bool ascii);

/// The same in one line, for small terminals; empty if all is well.
[[nodiscard]] std::string trouble_in_short(const Snapshot& snapshot);

}  // namespace acceptscope
