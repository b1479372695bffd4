// SPDX-License-Identifier: BSD-2-Clause
/// Every kind of file that the program writes, one row each. The command line, its help and the commands take the
/// outputs from here only: a new output is a pair of files in its wing, and a row.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "model/diff.hpp"
#include "model/picture.hpp"
#include "output/html/html.hpp"
#include "util/result.hpp"
#include "util/text_sink.hpp"

namespace acceptscope {

/// A file that is written at the end; it appears complete or not at all (OutputFile).
struct WholeFile {
  Result<void> (*write)(const TextSink& sink, const Picture& picture);
  /// Writes the file of two dumps. Null: report and diff do not have this output, only a traced run does.
  Result<void> (*write_diff)(const TextSink& sink, const Picture& before, const Picture& after,
                             const Diff& diff) = nullptr;
  std::size_t most_connections = 0;  ///< from a dump read back: this output needs no more
};

/// A file that gets one line per connection during the run (LogFile).
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

/// Has a name because it can also be written during the run.
inline constexpr OutputRow kDumpOutput{
    "-o", "--output",
    "JSON dump at the end, and so far at SIGUSR1; - is standard output; the file appears complete or not at all",
    "the dump", WholeFile{output_rows::write_dump}};

/// In the order in which the files are opened, and written at the end.
inline constexpr std::array kOutputs{
    kDumpOutput,
    OutputRow{
        "", "--log",
        "one JSON object per closed connection, one per line, written at the close; open ones follow at the end; away "
        "from a terminal, SIGHUP opens a file again (logrotate)",
        "the log", LineFile{output_rows::append_log_line}},
    OutputRow{
        "", "--html",
        "one self-contained HTML page, also of a dump (report) or of two (diff); with -, standard output gets only "
        "the page",
        "the page", WholeFile{output_rows::write_page, output_rows::write_diff_page, HtmlOptions{}.max_lanes}},
};

}  // namespace acceptscope
