// SPDX-License-Identifier: BSD-2-Clause
/// The options of a run in the words of the tracer and of the model.
#pragma once

#include <vector>

#include "capture/tracer.hpp"
#include "cli/options.hpp"
#include "model/run.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// What the tracer needs to know; fails where the selection names what is not there.
[[nodiscard]] Result<TracerOptions> tracer_options(const cli::Options& options);

/// A run that begins now on this host. `attempts` are the backends tried, the one that works last.
[[nodiscard]] Run new_run(const cli::Options& options, const std::vector<Attempt>& attempts);

}  // namespace acceptscope
