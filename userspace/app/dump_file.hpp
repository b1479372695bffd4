// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "model/snapshot.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// The dump in the file at `path`; "-" is standard input.
[[nodiscard]] Result<Snapshot> load_dump(const std::string& path);

}  // namespace acceptscope
