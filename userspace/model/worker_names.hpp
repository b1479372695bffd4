// SPDX-License-Identifier: BSD-2-Clause
/// Names of workers in sentences.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/snapshot.hpp"

namespace acceptscope {

/// "pid 3", or "thread 4" if workers are threads.
[[nodiscard]] std::string worker_text(const WorkerRow& row);

/// "pids 3, 4 and 26 more", or "threads 3, 4 ..." if workers are threads: at most `most` are listed. `rows` is not
/// empty.
[[nodiscard]] std::string workers_text(const std::vector<const WorkerRow*>& rows, std::size_t most);

}  // namespace acceptscope
