// SPDX-License-Identifier: BSD-2-Clause
#include "capture/mounts.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace acceptscope {

std::vector<Mount> read_mounts(const std::string& proc) {
  std::vector<Mount> mounts;
  std::ifstream file(proc + "/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream columns(line);
    std::vector<std::string> fields;
    for (std::string field; columns >> field;) fields.push_back(field);
    const auto separator = std::ranges::find(fields, "-");  // after any number of optional fields
    if (separator - fields.begin() < 6 || fields.end() - separator < 4) continue;
    mounts.push_back({fields[3], fields[4], separator[1], separator[3]});
  }
  return mounts;
}

}  // namespace acceptscope
