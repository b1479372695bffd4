// SPDX-License-Identifier: BSD-2-Clause
/// The one description of every option: parsing, --help and the README's table come from it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cli/options.hpp"

namespace acceptscope::cli {

/// Heading of the help that lists an option.
enum class Group : std::uint8_t { selection, time, output, capture, demo, diff, general, hidden };

/// Commands that accept an option, as a bit set.
enum Commands : std::uint8_t {
  kTrace = 1,
  kDemo = 2,
  kDoctor = 4,
  kReport = 8,
  kDiff = 16,
  kText = 32,  ///< prints a text: no option matters
  kOnThisHost = 7,
  kAllCommands = 31
};

struct OptionRow {
  Group group;
  std::uint8_t commands;          ///< of Commands
  std::string_view short_name;    ///< "-p", or empty
  std::string_view long_name;     ///< "--port"
  std::string_view argument;      ///< "LIST"; empty for a flag
  std::string_view meaning;       ///< as in the help
  std::string_view default_text;  ///< as in the help; empty if there is no default
  /// Stores `value` in the options; a flag's value is empty. The error says what is wrong with the value, but does not
  /// name the option. Called once per occurrence, in the order of the command line.
  Result<void> (*apply)(Options& options, std::string_view value);
};

[[nodiscard]] std::span<const OptionRow> option_table();

struct CommandRow {
  Command command;
  Commands bit;
  std::string_view name;       ///< empty for tracing
  std::string_view arguments;  ///< as in the help
  std::string_view meaning;
  std::array<std::string_view, 2> operands = {};  ///< files required after the name: "FILE"; the rest is empty
  std::string_view choices = {};  ///< of one word after the name: "dump|log|diff"; in brackets if it may be left out
};

[[nodiscard]] std::span<const CommandRow> command_table();

/// A heading of the help, and the options below it.
struct GroupRow {
  Group group;
  std::string_view heading;
};
[[nodiscard]] std::span<const GroupRow> group_table();

/// "-p, --port LIST"; an option without a short name begins with `no_short`.
[[nodiscard]] std::string option_names(const OptionRow& row, std::string_view no_short = {});

struct TextRow {
  std::string_view term, text;
};
/// --help and the like, which are no options of a run.
[[nodiscard]] std::span<const TextRow> general_options();
[[nodiscard]] std::span<const TextRow> examples();
[[nodiscard]] std::span<const TextRow> exit_statuses();

}  // namespace acceptscope::cli
