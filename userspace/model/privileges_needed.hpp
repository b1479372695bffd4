// SPDX-License-Identifier: BSD-2-Clause
/// Which capabilities a backend needs: as the kernel tests find out on each kernel, by doing without them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/backend.hpp"

namespace acceptscope {

/// What of a kernel decides it.
struct PrivilegeRules {
  bool locks_memory = false;      ///< before 5.11: BPF memory counts against RLIMIT_MEMLOCK, which must be raised
  bool restricts_events = false;  ///< kernel.perf_event_paranoid above 2, the default of Debian and Ubuntu, whose
                                  ///< kernels then let only CAP_SYS_ADMIN open perf events
  bool operator==(const PrivilegeRules&) const = default;
};

/// The least that `backend` traces with, by name, where tracefs and cgroup2 are mounted. CAP_SYS_ADMIN stands for
/// CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN, too. It is also needed where they are not mounted.
[[nodiscard]] std::vector<std::string_view> needed_capabilities(Backend backend, const PrivilegeRules& rules);

/// "CAP_BPF, CAP_PERFMON"
[[nodiscard]] std::string needed_capabilities_text(Backend backend, const PrivilegeRules& rules);

}  // namespace acceptscope
