// SPDX-License-Identifier: BSD-2-Clause
#include "app/outputs.hpp"

#include <linux/capability.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>

#include "text/time_text.hpp"
#include "util/privileges.hpp"

namespace acceptscope {
namespace {

/// Root may write into directories of other users, replace their files, and give files to whoever called sudo.
constexpr std::initializer_list<int> kForFiles{CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_CHOWN};

/// "acceptscope-20240501T140211Z.json"
std::string name_for(Instant instant) {
  std::string time;
  InstantText{}.append(time, instant);
  time.resize(std::string_view("2024-05-01T14:02:11").size());
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return "acceptscope-" + time + "Z.json";
}

TextSink sink_of(OutputFile& file) {
  return [&file](std::string_view text) { return file.write(text); };
}

}  // namespace

Result<Outputs> Outputs::open(const cli::Options& options) {
  Outputs outputs;
  for (const OutputRow& row : kOutputs) {
    const auto given = options.outputs.find(row.option);
    if (given == options.outputs.end()) continue;
    if (const Result<void> opened = outputs.open(row, given->second); !opened) return tl::unexpected(opened.error());
  }
  return outputs;
}

Result<void> Outputs::open(const OutputRow& row, const std::string& path) {
  const std::string purpose(row.purpose);
  if (std::holds_alternative<LineFile>(row.form))
    return LogFile::open(path, purpose).map([&](LogFile&& file) { line_files_.push_back({&row, std::move(file)}); });
  return OutputFile::open(path, purpose).map([&](OutputFile&& file) {
    whole_files_.push_back({&row, std::move(file)});
  });
}

bool Outputs::take_standard_output() const {
  const auto is_standard = [](const auto& output) { return is_standard_output(output.file.path()); };
  return std::ranges::any_of(whole_files_, is_standard) || std::ranges::any_of(line_files_, is_standard);
}

std::size_t Outputs::most_connections() const {
  std::size_t most = 0;
  for (const Whole& output : whole_files_)
    most = std::max(most, std::get<WholeFile>(output.row->form).most_connections);
  return most;
}

void Outputs::add_line(const Run& run, const ClosedConnection& connection) {
  if (take_lines()) append(run.service_of(connection), run.row_of(connection));
}

void Outputs::add_line(const Run& run, const OpenConnection& connection, MonotonicTime at) {
  if (take_lines()) append(run.service_of(connection), run.row_of(connection, at));
}

void Outputs::append(const ServiceKey& service, std::optional<ConnectionRow> row) {
  if (!row) return;
  row->id = ++lines_;
  for (Lines& output : line_files_) {
    std::string line;
    std::get<LineFile>(output.row->form).append(line, service, *row);
    output.file.append(line);
  }
}

std::vector<Error> Outputs::each_line_file(Result<void> (LogFile::*action)()) {
  std::vector<Error> errors;
  for (Lines& output : line_files_)
    if (const Result<void> done = (output.file.*action)(); !done) errors.push_back(done.error());
  return errors;
}

std::vector<Error> Outputs::flush_lines() { return each_line_file(&LogFile::flush); }
std::vector<Error> Outputs::finish_lines() { return each_line_file(&LogFile::finish); }

std::vector<Error> Outputs::reopen_lines() {
  const RaisedCapabilities raised(kForFiles);
  return each_line_file(&LogFile::reopen);
}

bool Outputs::take_lines_to_file() const {
  return std::ranges::any_of(line_files_, [](const Lines& output) { return output.file.is_file(); });
}

std::uint64_t Outputs::lines_lost() const {
  std::uint64_t lost = 0;
  for (const Lines& output : line_files_) lost += output.file.lines_lost();
  return lost;
}

std::vector<Error> Outputs::write(const Picture& picture) {
  return write_each([&](const WholeFile& form, const TextSink& sink) { return form.write(sink, picture); });
}

std::vector<Error> Outputs::write(const Picture& before, const Picture& after, const Diff& diff) {
  return write_each([&](const WholeFile& form, const TextSink& sink) -> Result<void> {
    return form.write_diff == nullptr ? Result<void>{} : form.write_diff(sink, before, after, diff);
  });
}

std::vector<Error> Outputs::write_each(const std::function<Result<void>(const WholeFile&, const TextSink&)>& write) {
  const RaisedCapabilities raised(kForFiles);
  std::vector<Error> errors;
  for (Whole& output : whole_files_) {
    Result<void> written = write(std::get<WholeFile>(output.row->form), sink_of(output.file));
    if (written) written = output.file.commit();
    if (!written) errors.push_back(written.error());
  }
  return errors;
}

Result<std::string> Outputs::dump_now(const Snapshot& snapshot) const {
  const RaisedCapabilities raised(kForFiles);
  const auto dump =
      std::ranges::find(whole_files_, kDumpOutput.option, [](const Whole& output) { return output.row->option; });
  const bool again = dump != whole_files_.end() && dump->file.appears_at_commit();
  const std::string path = again ? dump->file.path() : name_for(snapshot.run.ended_at);
  const std::string purpose(kDumpOutput.purpose);
  Result<OutputFile> file = again ? OutputFile::open(path, purpose) : OutputFile::create(path, purpose);
  if (!file) return tl::unexpected(file.error());
  Result<void> written = std::get<WholeFile>(kDumpOutput.form).write(sink_of(*file), {snapshot});
  if (written) written = file->commit();
  if (!written) return tl::unexpected(written.error());
  return path;
}

}  // namespace acceptscope
