// SPDX-License-Identifier: BSD-2-Clause
/// What the tables of workers say in the same way, fit for a terminal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/snapshot.hpp"

namespace acceptscope {

/// "4121", or "4121/4130" for a thread.
[[nodiscard]] std::string pid_text(const WorkerRow& worker);

/// What the command line tells, see telling_command(), and whether the process is gone.
[[nodiscard]] std::string command_text(const ServiceRow& service, const WorkerRow& worker, bool ascii);

/// Median lifetime of the closed and the open ones; "≥ 41.0 s" while too few were closed to tell.
[[nodiscard]] std::string median_lifetime_text(const LifetimeStats& lifetime, bool ascii);

/// How long a connection has been open; "≥ 41.0 s" if that is only a lower bound, as for one from before the run.
[[nodiscard]] std::string age_text(std::optional<Nanoseconds> age, bool at_least, bool ascii);

}  // namespace acceptscope
