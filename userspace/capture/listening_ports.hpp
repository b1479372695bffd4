// SPDX-License-Identifier: BSD-2-Clause
/// Who listens on this host: for a user who named a port on which nobody does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/selection.hpp"
#include "model/snapshot.hpp"
#include "util/clock.hpp"

namespace acceptscope {

/// At most so many are listed.
inline constexpr std::size_t kMostListeningPorts = 20;

/// Who listens in this process's network namespace, the ports with the most processes first. Processes of which nothing
/// is read within `budget` are not counted. \param proc the root of /proc
[[nodiscard]] std::vector<ListeningPort> listening_ports(const std::string& proc, Nanoseconds budget);

/// Empty if somebody listens on one of `ports` and `addresses` (none: any), in this process's network namespace; else
/// who listens elsewhere, at most kMostListeningPorts of listening_ports(), those on one of `ports` first.
[[nodiscard]] std::optional<std::vector<ListeningPort>> listening_instead(const std::string& proc, const PortSet& ports,
                                                                          const std::vector<IpAddress>& addresses,
                                                                          Nanoseconds budget);

}  // namespace acceptscope
