// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <optional>
#include <string>

#include "cli/options.hpp"
#include "model/run.hpp"
#include "util/output_file.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// The files of a run, opened before it starts.
class Outputs {
 public:
  [[nodiscard]] static Result<Outputs> open(const cli::Options& options);

  /// One line of --log.
  void log(const Run& run, const ClosedConnection& connection);
  void log(const Run& run, const OpenConnection& connection, MonotonicTime at);
  [[nodiscard]] Result<void> flush_log();
  /// Writes the dump and gives it its name.
  [[nodiscard]] Result<void> dump(const Snapshot& snapshot);
  /// Writes a dump while the run goes on: to the file of --output, which the one at the end will replace, or, where
  /// that is not possible, to a new file in the current directory. The path.
  [[nodiscard]] Result<std::string> dump_now(const Snapshot& snapshot) const;

 private:
  Outputs() = default;
  void append(ServiceKey service, std::optional<ConnectionRow> row);

  std::optional<OutputFile> dump_;
  std::optional<LogFile> log_;
  std::uint64_t lines_ = 0;
};

}  // namespace acceptscope
