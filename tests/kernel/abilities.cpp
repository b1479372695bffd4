// SPDX-License-Identifier: BSD-2-Clause
#include "abilities.hpp"

#include <fstream>

namespace acceptscope::test {

std::optional<std::string> no_mptcp() {
  std::ifstream enabled("/proc/sys/net/mptcp/enabled");
  char value = '0';
  if (enabled >> value && value == '1') return std::nullopt;
  return "this kernel has no Multipath TCP, or it is switched off";
}

}  // namespace acceptscope::test
