// SPDX-License-Identifier: BSD-2-Clause
#include "model/privileges_needed.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace acceptscope {

std::vector<std::string_view> needed_capabilities(Backend backend, const PrivilegeRules& rules) {
  std::vector<std::string_view> names;
  if (rules.restricts_events && backend != Backend::fentry) {
    names.emplace_back("CAP_SYS_ADMIN");
  } else {
    names.assign({"CAP_BPF", "CAP_PERFMON"});
    if (backend == Backend::tracepoint) names.emplace_back("CAP_NET_ADMIN");
  }
  if (rules.locks_memory) names.emplace_back("CAP_SYS_RESOURCE");
  return names;
}

std::string needed_capabilities_text(Backend backend, const PrivilegeRules& rules) {
  return fmt::format("{}", fmt::join(needed_capabilities(backend, rules), ", "));
}

}  // namespace acceptscope
