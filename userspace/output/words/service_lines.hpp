// SPDX-License-Identifier: BSD-2-Clause
/// Lines shared by the live block and the summary.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/snapshot.hpp"
#include "output/words/options.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {

/// "port 8000; PIDs 12, 77"; "any port" without a selection.
[[nodiscard]] std::string describe_filters(const Filters& filters, bool ascii);

/// "uvicorn, 8 processes": who holds listening sockets on the port, if that is known.
[[nodiscard]] std::string holders_text(const ListeningPort& port, bool ascii);

/// Why nothing was seen, as far as is known: "Nobody listens on port 9999; listening here: 8000 (uvicorn, 8 processes),
/// 22 (sshd, 1 process)."; empty if somebody listens, or that was not looked for.
[[nodiscard]] std::string nobody_listens_text(const Snapshot& snapshot, bool ascii);

/// "Nothing accepted yet (port 8000; since 14:02:11).", or why not.
[[nodiscard]] std::string nothing_yet_text(const Snapshot& snapshot, bool ascii);

/// `options` with the network namespace that all services are in, if that of the host is not known: without it, each
/// service_name() looks at all services.
[[nodiscard]] TextOptions with_common_netns(const Snapshot& snapshot, TextOptions options);

/// "0.0.0.0:8000", with its network namespace if that is not the host's own.
[[nodiscard]] std::string service_name(const ServiceRow& service, const Snapshot& snapshot, const TextOptions& options);

/// The service's name and numbers.
[[nodiscard]] StyledLine service_headline(const ServiceRow& service, const Snapshot& snapshot,
                                          const TextOptions& options);

/// "requests: 12,345 (205.8/s), in flight 3 (peak 64), response p50 20 ms p95 2.1 s, unread wait p95 3 ms, 3 of 32
/// workers serve", with --worker-limit ", 64 of 1,024 places in reach, 64 taken"; in as many lines as the width needs,
/// each behind `indent` columns; none where requests are not counted.
[[nodiscard]] std::vector<StyledLine> requests_lines(const ServiceRow& service, const Snapshot& snapshot,
                                                     const TextOptions& options, std::size_t indent);

/// "200 other drops (deferred handshakes, resets)": what the listening sockets dropped beside overflows; empty if
/// nothing.
[[nodiscard]] std::string other_drops_text(const AcceptQueue& queue);

/// One line for each kind of loss and for each inconsistent total; none if all is well.
[[nodiscard]] std::vector<StyledLine> trouble_lines(const Snapshot& snapshot, bool ascii);

/// The same in one line, for small terminals; empty if all is well.
[[nodiscard]] std::string trouble_in_short(const Snapshot& snapshot);

}  // namespace acceptscope
