// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/worker_cells.hpp"

#include <fmt/format.h>

#include "model/telling_command.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kCommandMost = 24;  // "gunicorn: worker [app]" and more; an ellipsis shows that it is cut

}  // namespace

std::string pid_text(const WorkerRow& worker) {
  std::string text = worker.tid ? fmt::format("{}/{}", worker.pid, *worker.tid) : std::to_string(worker.pid);
  return worker.proc_pid ? fmt::format("{} ({})", text, *worker.proc_pid) : text;
}

std::string command_text(const ServiceRow& service, const WorkerRow& worker, bool ascii) {
  return escape_text(telling_command(service, worker), {kCommandMost, ascii}) + (worker.exited ? " (exited)"
                                                                                 : worker.role == Role::draining
                                                                                     ? " (draining)"
                                                                                     : "");
}

std::string median_lifetime_text(const LifetimeStats& lifetime, bool ascii) {
  if (lifetime.median) return age_text(lifetime.median, !lifetime.median_reached, ascii);
  // A dump of 0.1.0.
  if (lifetime.closed > 0 || !lifetime.open_age_p50) return duration_text(lifetime.p50, ascii);
  return age_text(lifetime.open_age_p50, true, ascii);
}

std::string age_text(std::optional<Nanoseconds> age, bool at_least, bool ascii) {
  const std::string text = duration_text(age, ascii);
  return at_least && age ? at_least_text(text, ascii) : text;
}

}  // namespace acceptscope
