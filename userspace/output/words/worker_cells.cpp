// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/worker_cells.hpp"

#include <fmt/format.h>

#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kCommandMost = 15;  // TASK_COMM_LEN - 1, linux/sched.h

}  // namespace

std::uint64_t connections_of(const WorkerRow& worker) { return worker.accepts + worker.preexisting; }

bool is_idle(const WorkerRow& worker) { return worker.accepts + worker.preexisting + worker.open == 0; }

std::string pid_text(const WorkerRow& worker) {
  return worker.tid ? fmt::format("{}/{}", worker.pid, *worker.tid) : std::to_string(worker.pid);
}

std::string command_text(const WorkerRow& worker, bool ascii) {
  return escape_text(worker.comm, {kCommandMost, ascii}) + (worker.exited ? " (exited)" : "");
}

std::string median_lifetime_text(const LifetimeStats& lifetime, bool ascii) {
  if (lifetime.closed > 0 || !lifetime.open_age_p50) return human_duration(lifetime.p50, ascii);
  return (ascii ? ">=" : "≥") + human_duration(lifetime.open_age_p50, ascii);
}

}  // namespace acceptscope
