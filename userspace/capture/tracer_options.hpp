// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "capture/attach_plan.hpp"
#include "model/selection.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// What is traced, by which backend, and how much room there is for it.
struct TracerOptions {
  std::optional<Backend> backend;   ///< forced; empty: the first of kBackends that loads and attaches
  PortSet ports;                    ///< empty: every port
  std::vector<std::uint32_t> pids;  ///< with their descendants; empty: every process
  std::vector<UniqueFd> cgroups;    ///< their directories, at most MAX_CGROUPS; empty: every cgroup
  bool by_thread = false;
  std::uint32_t max_connections = 262144;
  std::uint32_t max_workers = 4096;
  std::uint32_t max_services = 1024;
  std::uint32_t ring_bytes = 8u << 20;  ///< power of two, at least a page
};

}  // namespace acceptscope
