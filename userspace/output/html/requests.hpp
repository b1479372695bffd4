// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "model/snapshot.hpp"

namespace acceptscope {

/// The headline numbers of the requests; empty if they were not counted.
[[nodiscard]] std::string request_tiles(const Snapshot& snapshot, const ServiceRow& service);

}  // namespace acceptscope
