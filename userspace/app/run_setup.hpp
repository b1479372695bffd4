// SPDX-License-Identifier: BSD-2-Clause
/// Converts the options of a run for the tracer and for the model.
#pragma once

#include <vector>

#include "capture/tracer.hpp"
#include "cli/options.hpp"
#include "model/run.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// The tracer's options; fails if the selection names a process or cgroup that does not exist.
[[nodiscard]] Result<TracerOptions> tracer_options(const cli::Options& options);

/// A run that begins now on this host. `attempts` are the backends tried; the one that works is the last.
[[nodiscard]] Run new_run(const cli::Options& options, const std::vector<Attempt>& attempts);

}  // namespace acceptscope
