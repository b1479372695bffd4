// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sys/types.h>

#include <functional>

#include "util/result.hpp"

namespace acceptscope::demo {

/// Forks; the child sets its comm to `name`, runs `body` and exits with the status that `body` returns. It keeps only
/// the standard file descriptors and `keep`: a tracer's BPF file descriptors must not live on in its children. It
/// ignores SIGINT and SIGHUP, because the tracer decides when the demo ends, and dies when the calling thread dies.
[[nodiscard]] Result<pid_t> spawn(const char* name, std::initializer_list<int> keep, const std::function<int()>& body);

/// Terminates a child and reaps it: SIGTERM, then SIGKILL after two seconds. Does nothing if it is already gone.
void end_process(pid_t pid);

}  // namespace acceptscope::demo
