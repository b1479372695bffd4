// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <compare>

#include "model/records.hpp"

namespace acceptscope {

/// Who owns a connection: a worker, on a service.
struct Owner {
  ServiceKey service;
  WorkerKey worker;
  auto operator<=>(const Owner&) const = default;
};

[[nodiscard]] inline Owner owner_of(const ConnectionFacts& connection) {
  return {connection.service, connection.worker};
}
[[nodiscard]] inline Owner owner_of(const WorkerCounters& counters) { return {counters.service, counters.worker}; }

}  // namespace acceptscope
