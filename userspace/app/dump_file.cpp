// SPDX-License-Identifier: BSD-2-Clause
#include "app/dump_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>

#include "model/connection_sample.hpp"
#include "model/spread.hpp"
#include "output/json/json.hpp"
#include "text/escape.hpp"

namespace acceptscope {
namespace {

Result<Snapshot> read_file(const std::string& path, const ConnectionSink& connections) {
  if (path == "-") return read_dump(std::cin, "standard input", connections);
  const std::string name = fmt::format("'{}'", escape_text(path));
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return system_failure(EISDIR, "cannot read " + name);
  std::ifstream file(path, std::ios::binary);
  if (!file) return system_failure(errno, "cannot open " + name);
  return read_dump(file, name, connections);
}

}  // namespace

Result<LoadedDump> load_dump(const std::string& path, std::size_t most_connections) {
  ConnectionSample sample(most_connections);
  ConnectionReuse reuse;
  const ConnectionSink keep = [&](ConnectionRow&& row) {
    reuse.add(row);
    sample.add(std::move(row));
  };
  Result<Snapshot> snapshot = read_file(path, most_connections > 0 ? keep : ConnectionSink{});
  if (!snapshot) return tl::unexpected(snapshot.error());
  snapshot->connections = sample.take();
  if (most_connections > 0) add_spreads(*snapshot);  // a page is to be made of it
  return LoadedDump{*std::move(snapshot), sample.left_out(), std::move(reuse)};
}

}  // namespace acceptscope
