// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>

#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// The root directory of the tracefs or cgroup2 file system: where the host mounts the whole of it, else from a private
/// mount that no other process sees (fsopen(2), 5.2; takes CAP_SYS_ADMIN), of which nothing stays.
/// \param type "tracefs" or "cgroup2"
[[nodiscard]] Result<UniqueFd> open_file_system(const char* type);

/// Number of the tracepoint `events/CATEGORY/NAME` for perf_event_open(2).
[[nodiscard]] Result<std::uint64_t> tracepoint_id(const UniqueFd& tracefs, const std::string& category,
                                                  const std::string& name);

/// A disabled perf event on that tracepoint, to which a BPF program can be attached; it fires on every CPU.
[[nodiscard]] Result<UniqueFd> open_tracepoint(const std::string& category, const std::string& name);

}  // namespace acceptscope
