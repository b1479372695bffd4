// SPDX-License-Identifier: BSD-2-Clause
#include "app/dump_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "output/escape.hpp"
#include "output/json.hpp"

namespace acceptscope {

Result<Snapshot> load_dump(const std::string& path) {
  if (path == "-") return read_dump(std::cin, "standard input");
  const std::string name = fmt::format("'{}'", escape_text(path));
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return system_failure(EISDIR, "cannot read " + name);
  std::ifstream file(path, std::ios::binary);
  if (!file) return system_failure(errno, "cannot open " + name);
  return read_dump(file, name);
}

}  // namespace acceptscope
