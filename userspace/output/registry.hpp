// SPDX-License-Identifier: BSD-2-Clause
/// Every kind of file that the program writes, a row each. The command line, its help and the commands know outputs
/// from here only: a new one is a pair of files in its wing, and a row.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "model/diff.hpp"
#include "model/snapshot.hpp"
#include "output/html/html.hpp"
#include "util/result.hpp"
#include "util/text_sink.hpp"

namespace acceptscope {

/// What an output shows: a run, or a dump read back.
struct Picture {
  const Snapshot& snapshot;
  std::uint64_t left_out = 0;  ///< connections that the dump lists and the snapshot, a sample of them, does not
};

/// A file that is written at the end and appears complete or not at all (OutputFile).
struct WholeFile {
  Result<void> (*write)(const TextSink& sink, const Picture& picture);
  /// The file of two dumps. Null: report and diff do not have this output, only a traced run does.
  Result<void> (*write_diff)(const TextSink& sink, const Picture& before, const Picture& after,
                             const Diff& diff) = nullptr;
  std::size_t most_connections = 0;  ///< of a dump read back: more are of no use to this output
};

/// A file that gets a line per connection while the run goes on (LogFile).
struct LineFile {
  /// Appends the line, without a newline at its end.
  void (*append)(std::string& line, const ServiceKey& service, const ConnectionRow& row);
};

struct OutputRow {
  std::string_view short_option;  ///< "-o", or empty
  std::string_view option;        ///< "--output"
  std::string_view meaning;       ///< as in the help
  std::string_view purpose;       ///< what errors call the file: "the dump"
  std::variant<WholeFile, LineFile> form;
};

/// For the rows below.
namespace output_rows {
Result<void> write_dump(const TextSink& sink, const Picture& picture);
void append_log_line(std::string& line, const ServiceKey& service, const ConnectionRow& row);
Result<void> write_page(const TextSink& sink, const Picture& picture);
Result<void> write_diff_page(const TextSink& sink, const Picture& before, const Picture& after, const Diff& diff);
}  // namespace output_rows

/// By itself too: it can also be written while the run goes on.
inline constexpr OutputRow kDumpOutput{
    "-o", "--output", "JSON dump at the end, - for standard output; the file appears complete or not at all",
    "the dump", WholeFile{output_rows::write_dump}};

/// In the order in which they are opened, and written at the end.
inline constexpr std::array kOutputs{
    kDumpOutput,
    OutputRow{"", "--log",
              "one JSON object per closed connection, a line each, written as they close; open ones follow at the end",
              "the log", LineFile{output_rows::append_log_line}},
    OutputRow{"", "--html",
              "one self-contained HTML page, also of a dump (report) and of two (diff); with - the page is all that "
              "goes to standard output",
              "the page", WholeFile{output_rows::write_page, output_rows::write_diff_page, HtmlOptions{}.max_lanes}},
};

}  // namespace acceptscope
