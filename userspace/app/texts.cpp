// SPDX-License-Identifier: BSD-2-Clause
#include "app/texts.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "app/app.hpp"
#include "app/terminal/plain_view.hpp"
#include "capture/listening_ports.hpp"
#include "cli/option_table.hpp"
#include "manual/completion.hpp"
#include "manual/manual.hpp"
#include "output/json/schema.hpp"
#include "output/words/service_lines.hpp"
#include "text/escape.hpp"
#include "util/output_file.hpp"

namespace acceptscope {
namespace {

int print(std::string_view text, std::string_view purpose) {
  const Result<void> printed = print_text(text, purpose);
  return printed ? kExitOk : complain(printed.error());
}

std::string joined_topics() { return fmt::format("{}", fmt::join(manual::topics(), ", ")); }

/// "8000\tuvicorn, 9 processes": what fish shows beside a value; the other shells take it apart.
std::string ports() {
  std::string text;
  for (const ListeningPort& port : listening_ports("/proc", std::chrono::milliseconds{300}))
    text += fmt::format("{}\t{}\n", port.port, port.processes == 0 ? "not known whose" : holders_text(port, false));
  return text;
}

std::string pids() {
  std::map<std::uint32_t, std::string> commands;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry->path() / "comm");
    std::string comm;
    if (std::getline(file, comm)) commands[static_cast<std::uint32_t>(std::stoul(name))] = escape_text(comm);
  }
  std::string text;
  for (const auto& [pid, comm] : commands) text += fmt::format("{}\t{}\n", pid, comm);
  return text;
}

}  // namespace

Result<void> print_text(std::string_view text, std::string_view purpose) {
  Result<OutputFile> out = OutputFile::open("-", std::string(purpose));
  if (!out) return tl::unexpected(out.error());
  const Result<void> written = out->write(text);
  return written ? out->commit() : written;
}

int run_help(const cli::Options& options) {
  if (options.topic.empty())
    return print(fmt::format("{}\nacceptscope help TOPIC shows more about: {}.\n", cli::help_text(), joined_topics()),
                 "the help");
  const std::optional<manual::Section> section = manual::section_about(options.topic);
  if (!section) {
    complain(
        Error{fmt::format("help '{}': no such topic", escape_text(options.topic)), {}, "one of " + joined_topics()});
    return kExitUsage;
  }
  const TerminalTraits traits = terminal_traits(STDOUT_FILENO, options);
  std::string text;
  for (const StyledLine& line : manual::lines(*section, text_width(STDOUT_FILENO), traits.ascii))
    text += line.text(traits.color) + '\n';
  return print(text, "the help");
}

int run_schema(const cli::Options& options) {
  if (options.topic == "log") return print(log_schema(), "the schema");
  return print(options.topic == "diff" ? diff_schema() : json_schema(), "the schema");
}

int run_completion(const cli::Options& options) {
  const std::string& what = options.topic;
  return print(what == "bash"   ? manual::bash_completion()
               : what == "zsh"  ? manual::zsh_completion()
               : what == "fish" ? manual::fish_completion()
               : what == "pids" ? pids()
                                : ports(),
               "the completion");
}

}  // namespace acceptscope
