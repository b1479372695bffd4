// SPDX-License-Identifier: BSD-2-Clause
/// Figures of how something is distributed: over the workers, over durations.
#pragma once

#include <string>

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

}  // namespace acceptscope
