// SPDX-License-Identifier: BSD-2-Clause
/// Names of workers in sentences.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/snapshot.hpp"

namespace acceptscope {

/// "pid 3", or "thread 4" if workers are threads.
[[nodiscard]] std::string worker_text(const WorkerRow& row);

/// "pids 3, 4 and 26 more", or "threads 3, 4 ..." if workers are threads: at most `most` are listed. `rows` is not
/// empty.
[[nodiscard]] std::string workers_text(const std::vector<const WorkerRow*>& rows, std::size_t most);

/// The label of the container or unit that all workers of the service run in; empty: they differ, or none is known.
[[nodiscard]] std::optional<OutsideText> common_container(const ServiceRow& service);

/// Whether workers of the service run in different containers or units.
[[nodiscard]] bool has_several_containers(const ServiceRow& service);

/// Whether a label is of a systemd unit: every service of a host has one, so it tells little.
[[nodiscard]] bool is_unit_label(const OutsideText& label);

}  // namespace acceptscope
