// SPDX-License-Identifier: BSD-2-Clause
#include "util/version.hpp"

namespace acceptscope {

std::string_view version() { return ACCEPTSCOPE_VERSION; }
std::string_view release_date() { return ACCEPTSCOPE_DATE; }
std::string_view commit() { return ACCEPTSCOPE_COMMIT; }
std::string_view architecture() { return ACCEPTSCOPE_ARCHITECTURE; }
std::string_view compiler() { return ACCEPTSCOPE_COMPILER; }

std::string build_text() {
  const std::string source = commit().empty() ? "commit not known" : "commit " + std::string(commit());
  return source + ", " + std::string(architecture());
}

}  // namespace acceptscope
