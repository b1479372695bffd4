// SPDX-License-Identifier: BSD-2-Clause
/// What the tables of workers say in the same way, fit for a terminal.
#pragma once

#include <cstdint>
#include <string>

#include "model/snapshot.hpp"

namespace acceptscope {

/// Accepted and pre-existing ones: what shares, bars and the fair draw count.
[[nodiscard]] std::uint64_t connections_of(const WorkerRow& worker);

/// It never had a connection in the run.
[[nodiscard]] bool is_idle(const WorkerRow& worker);

/// "4121", or "4121/4130" for a thread.
[[nodiscard]] std::string pid_text(const WorkerRow& worker);

/// The command name, and whether the process is gone.
[[nodiscard]] std::string command_text(const WorkerRow& worker, bool ascii);

/// Median lifetime of the closed ones; "≥41.0s" while none was closed: then the ages of the open ones are all that is
/// known, and a lower bound.
[[nodiscard]] std::string median_lifetime_text(const LifetimeStats& lifetime, bool ascii);

}  // namespace acceptscope
