// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/backend.hpp"
#include "model/capacity.hpp"
#include "model/records.hpp"
#include "model/selection.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// The selection of what is traced, the backend, and the capacity.
struct TracerOptions {
  std::optional<Backend> backend;    ///< forced; empty: the first one that loads and attaches
  PortSet ports;                     ///< empty: every port
  std::vector<IpAddress> addresses;  ///< of listening sockets; empty: any
  std::vector<std::uint32_t> pids;   ///< with their descendants; empty: every process
  std::vector<UniqueFd> cgroups;     ///< their directories, at most MAX_CGROUPS; empty: every cgroup
  WorkerUnit by = WorkerUnit::process;
  bool requests = true;  ///< reads and writes are traced
  Capacity capacity;
};

}  // namespace acceptscope
