// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "options.hpp"
#include "truth.hpp"

namespace workload {

/// A listening socket as a worker uses it.
struct Listener {
  int fd;
  std::uint32_t service;
};

/// What a worker process needs to know.
struct WorkerPlan {
  const Options* options;
  Truth* truth;
  std::uint32_t first_slot;         ///< of its threads, in Truth::workers()
  std::vector<Listener> listeners;  ///< with SO_REUSEPORT one of each service for each thread, in order
  int gate;                         ///< hang-up: begin to accept
  int stop;                         ///< hang-up: finish
};

/// The life of a worker process, in the process forked for it.
[[noreturn]] void run_worker_process(const WorkerPlan& plan);

}  // namespace workload
