// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sys/types.h>
#include <functional>

#include "cli/options.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// Starts what the run waits for, once everything counts; its end is the end of the run.
using StartChild = std::function<Result<pid_t>()>;

struct TraceEnd {
  int exit_status = 0;       ///< of the program
  bool interrupted = false;  ///< the user ended it, by Ctrl-C or another signal
};

/// One traced run, from opening the outputs to writing them. `start_child` stands in for the command of the options.
[[nodiscard]] TraceEnd run_trace(const cli::Options& options, const StartChild& start_child = {});

}  // namespace acceptscope
