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

/// The output files of the options, opened before there is anything to write. An error with one file does not affect
/// the others.
class Outputs {
 public:
  /// Opens the files in the order of kOutputs; fails at the first one that cannot be opened.
  [[nodiscard]] static Result<Outputs> open(const cli::Options& options);

  /// Whether one of them is standard output, so that texts for people go elsewhere.
  [[nodiscard]] bool take_standard_output() const;
  /// Whether an output gets a line per connection.
  [[nodiscard]] bool take_lines() const { return !line_files_.empty(); }
  /// The number of connections that the outputs need at most from a dump read back.
  [[nodiscard]] std::size_t most_connections() const;

  /// Adds the lines of one connection.
  void add_line(const Run& run, const ClosedConnection& connection);
  void add_line(const Run& run, const OpenConnection& connection, MonotonicTime at);
  /// Writes the lines added so far. Returns the errors; each file fails once, see LogFile.
  [[nodiscard]] std::vector<Error> flush_lines();
  /// Likewise at the end of the run, see LogFile::finish().
  [[nodiscard]] std::vector<Error> finish_lines();
  /// Whether lines go to a file, which somebody may move away.
  [[nodiscard]] bool take_lines_to_file() const;
  /// Opens these files again, see LogFile::reopen(). Returns the errors.
  [[nodiscard]] std::vector<Error> reopen_lines();
  /// Lines that did not reach a file so far.
  [[nodiscard]] std::uint64_t lines_lost() const;
  /// Writes every whole file and gives it its name; call once. Returns the errors.
  [[nodiscard]] std::vector<Error> write(const Picture& picture);
  /// Likewise for two dumps: the outputs that can show two.
  [[nodiscard]] std::vector<Error> write(const Picture& before, const Picture& after, const Diff& diff);
  /// Writes a dump during the run: to the file of --output, which the dump at the end will replace, or else to a new
  /// file in the current directory. Returns the path.
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
  std::vector<Error> each_line_file(Result<void> (LogFile::*action)());
  std::vector<Error> write_each(const std::function<Result<void>(const WholeFile&, const TextSink&)>& write);

  std::vector<Whole> whole_files_;
  std::vector<Lines> line_files_;
  std::uint64_t lines_ = 0;
};

}  // namespace acceptscope
