// SPDX-License-Identifier: BSD-2-Clause
/// Figures of how something is distributed: over the workers, over durations, over connections.
#pragma once

#include <cstdint>
#include <string>

#include "model/connection_reuse.hpp"
#include "model/snapshot.hpp"
#include "output/html/figure.hpp"

namespace acceptscope {

/// Connections per worker as bars, the even share of those that the verdict counts marked; at most 40
/// workers.
[[nodiscard]] std::string workers_figure(Ids& ids, const ServiceRow& service);

/// Lorenz curve of the connections that the verdict counts with the band of fair draws; empty with fewer than two
/// workers or no connections.
[[nodiscard]] std::string lorenz_figure(Ids& ids, const ServiceRow& service);

/// Empty without a closed connection.
[[nodiscard]] std::string lifetime_figure(Ids& ids, const ServiceRow& service);

/// Empty without a wait.
[[nodiscard]] std::string wait_figure(Ids& ids, const ServiceRow& service);

/// Response times, with unread waits if they were measured; empty without either, and if requests were not counted.
[[nodiscard]] std::string response_figure(Ids& ids, const ServiceRow& service);

/// Requests per connection. `omitted` connections are not in the dump's list. Empty without a connection whose requests
/// were counted.
[[nodiscard]] std::string reuse_figure(Ids& ids, const ServiceRow& service, const Reuse& reuse, std::uint64_t omitted);

}  // namespace acceptscope
