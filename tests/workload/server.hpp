// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "options.hpp"
#include "truth.hpp"

namespace workload {

/// A listening socket from a worker's point of view.
struct Listener {
  int fd;
  std::uint32_t service;
};

/// Parameters of a worker process.
struct WorkerPlan {
  const Options* options;
  Truth* truth;
  std::uint32_t first_slot;         ///< index of its first thread in Truth::workers()
  std::vector<Listener> listeners;  ///< with SO_REUSEPORT one per service for each thread, in order
  int gate;                         ///< hang-up: begin to accept
  int stop;                         ///< hang-up: finish
};

/// Main function of a forked worker process.
[[noreturn]] void run_worker_process(const WorkerPlan& plan);

}  // namespace workload
