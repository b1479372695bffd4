// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "model/run.hpp"
#include "output/registry.hpp"
#include "util/output_file.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// The files that the options name, opened before there is anything to write. What goes wrong with one of them costs
/// none of the others.
class Outputs {
 public:
  /// Opens them in the order of kOutputs; the first that cannot be opened is the error.
  [[nodiscard]] static Result<Outputs> open(const cli::Options& options);

  /// One of them is standard output: what is for people gives way.
  [[nodiscard]] bool take_standard_output() const;
  /// Some get a line per connection.
  [[nodiscard]] bool take_lines() const { return !line_files_.empty(); }
  /// Of a dump read back, as many connections as any of them has use for.
  [[nodiscard]] std::size_t most_connections() const;

  /// The lines of one connection.
  void add_line(const Run& run, const ClosedConnection& connection);
  void add_line(const Run& run, const OpenConnection& connection, MonotonicTime at);
  /// Writes the lines added so far. Returns what went wrong; each file fails once, see LogFile.
  [[nodiscard]] std::vector<Error> flush_lines();
  /// Writes every whole file and gives it its name; call once. Returns what went wrong.
  [[nodiscard]] std::vector<Error> write(const Picture& picture);
  /// Likewise, of two dumps: those that show two.
  [[nodiscard]] std::vector<Error> write(const Picture& before, const Picture& after, const Diff& diff);
  /// Writes a dump while the run goes on: to the file of --output, which the one at the end will replace, or, where
  /// that is not possible, to a new file in the current directory. The path.
  [[nodiscard]] Result<std::string> dump_now(const Snapshot& snapshot) const;

 private:
  struct Whole {
    const OutputRow* row;
    OutputFile file;
  };
  struct Lines {
    const OutputRow* row;
    LogFile file;
  };
  Outputs() = default;
  Result<void> open(const OutputRow& row, const std::string& path);
  void append(const ServiceKey& service, std::optional<ConnectionRow> row);
  std::vector<Error> write_each(const std::function<Result<void>(const WholeFile&, const TextSink&)>& write);

  std::vector<Whole> whole_files_;
  std::vector<Lines> line_files_;
  std::uint64_t lines_ = 0;
};

}  // namespace acceptscope
