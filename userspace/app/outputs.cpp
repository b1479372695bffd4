// SPDX-License-Identifier: BSD-2-Clause
#include "app/outputs.hpp"

#include <linux/capability.h>

#include <initializer_list>
#include <string>

#include "output/json/json.hpp"
#include "text/time_text.hpp"
#include "util/privileges.hpp"

namespace acceptscope {
namespace {

/// Root may write where the directory is somebody else's, and replace what is somebody else's.
constexpr std::initializer_list<int> kForFiles{CAP_DAC_OVERRIDE, CAP_FOWNER};

/// "acceptscope-20240501T140211Z.json"
std::string name_for(Instant instant) {
  std::string time;
  InstantText{}.append(time, instant);
  time.resize(std::string_view("2024-05-01T14:02:11").size());
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return "acceptscope-" + time + "Z.json";
}

}  // namespace

Result<Outputs> Outputs::open(const cli::Options& options) {
  Outputs outputs;
  if (options.output) {
    Result<OutputFile> file = OutputFile::open(*options.output, "the dump");
    if (!file) return tl::unexpected(file.error());
    outputs.dump_ = *std::move(file);
  }
  if (options.log) {
    Result<LogFile> file = LogFile::open(*options.log, "the log");
    if (!file) return tl::unexpected(file.error());
    outputs.log_ = *std::move(file);
  }
  return outputs;
}

void Outputs::log(const Run& run, const ClosedConnection& connection) {
  if (log_) append(run.service_of(connection), run.row_of(connection));
}

void Outputs::log(const Run& run, const OpenConnection& connection, MonotonicTime at) {
  if (log_) append(run.service_of(connection), run.row_of(connection, at));
}

void Outputs::append(ServiceKey service, std::optional<ConnectionRow> row) {
  if (!row) return;
  row->id = ++lines_;
  std::string line;
  write_connection_line(line, {service, *std::move(row)});
  line.pop_back();  // LogFile ends its lines itself
  log_->append(line);
}

Result<void> Outputs::flush_log() { return log_ ? log_->flush() : Result<void>{}; }

Result<void> Outputs::dump(const Snapshot& snapshot) {
  if (!dump_) return {};
  const RaisedCapabilities raised(kForFiles);
  const Result<void> written = write_dump([this](std::string_view text) { return dump_->write(text); }, snapshot);
  return written ? dump_->commit() : written;
}

Result<std::string> Outputs::dump_now(const Snapshot& snapshot) const {
  const RaisedCapabilities raised(kForFiles);
  const bool again = dump_ && dump_->appears_at_commit();
  const std::string path = again ? dump_->path() : name_for(snapshot.run.ended_at);
  Result<OutputFile> file = again ? OutputFile::open(path, "the dump") : OutputFile::create(path, "the dump");
  if (!file) return tl::unexpected(file.error());
  Result<void> written = write_dump([&file](std::string_view text) { return file->write(text); }, snapshot);
  if (written) written = file->commit();
  if (!written) return tl::unexpected(written.error());
  return path;
}

}  // namespace acceptscope
