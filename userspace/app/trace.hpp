// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sys/types.h>
#include <functional>

#include "cli/options.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// Starts the child that the run waits for, after counting has begun; the run ends with it.
using StartChild = std::function<Result<pid_t>()>;

struct TraceEnd {
  int exit_status = 0;       ///< exit status of acceptscope
  bool interrupted = false;  ///< the user ended it, by Ctrl-C or another signal
};

/// One traced run, from opening the outputs to writing them. `start_child` replaces the command of the options.
[[nodiscard]] TraceEnd run_trace(const cli::Options& options, const StartChild& start_child = {});

}  // namespace acceptscope
