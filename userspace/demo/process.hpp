// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sys/types.h>

#include <functional>

#include "util/result.hpp"

namespace acceptscope::demo {

/// Forks; the child takes the name `name` (its comm), runs `body` and exits with the status that it returns. Of the
/// descriptors it keeps the standard ones and `keep`: a tracer's BPF descriptors must not live on in its children. It
/// ignores SIGINT and SIGHUP, because the tracer decides when the demo ends, and dies when the calling thread does.
[[nodiscard]] Result<pid_t> spawn(const char* name, std::initializer_list<int> keep, const std::function<int()>& body);

/// Ends a child and reaps it: SIGTERM, after two seconds SIGKILL. Does nothing if it is gone already.
void end_process(pid_t pid);

}  // namespace acceptscope::demo
