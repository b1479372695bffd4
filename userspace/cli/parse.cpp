// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <numeric>

#include "cli/option_table.hpp"
#include "output/registry.hpp"
#include "text/escape.hpp"
#include "util/output_file.hpp"
#include "util/version.hpp"

namespace acceptscope::cli {
namespace {

constexpr int kUsageStatus = 2;
constexpr auto kSeeHelp = "see acceptscope --help";

/// `error` as the line that the program prints before it exits; control characters in arguments become \xNN.
ExitNow usage_error(const Error& error) {
  return {kUsageStatus, "acceptscope: " + escape_text(error.message()) + "\n", true};
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

/// Insertions, deletions, replacements and swaps of neighbors that turn `a` into `b` (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  std::iota(cost[0].begin(), cost[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    cost[i][0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

/// The name that the user probably meant by `typed`: `typed` is a prefix of it or a few typos away. Empty if none is.
std::string_view nearest(std::string_view typed, const std::vector<std::string_view>& names) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string_view name : names) {
    const bool begun = typed.size() >= 4 && name.substr(0, typed.size()) == typed;
    const std::size_t distance = begun ? 0 : edit_distance(typed, name);
    if (distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view name) {
  return name.empty() ? kSeeHelp : "did you mean " + std::string(name) + "?";
}

Error unknown_option(std::string_view argument) {
  const std::string_view typed = argument.substr(0, argument.find('='));
  std::vector<std::string_view> names{"--help", "--help-findings", "--version"};
  for (const OptionRow& row : option_table()) {
    if (row.group != Group::hidden) names.push_back(row.long_name);
  }
  const std::string_view guess = typed.size() > 2 && typed[1] == '-' ? nearest(typed, names) : std::string_view{};
  return {"unknown option " + in_quotes(typed), {}, did_you_mean(guess)};
}

Error unexpected_argument(std::string_view argument) {
  std::vector<std::string_view> names;
  for (const CommandRow& row : command_table()) {
    if (!row.name.empty() && row.name == argument) {
      return {in_quotes(argument) + " is a second command", {}, "give one command at a time"};
    }
    if (!row.name.empty()) names.push_back(row.name);
  }
  const std::string_view guess = nearest(argument, names);
  const std::string command_hint = "a command to run comes after --, as in: acceptscope -- " + std::string(argument);
  return {"unexpected argument " + in_quotes(argument), {}, guess.empty() ? command_hint : did_you_mean(guess)};
}

/// The words before "--" and the words after it, verbatim.
struct SplitArguments {
  std::vector<std::string> own;
  std::vector<std::string> command;
  bool separator = false;
};

SplitArguments split(int argc, const char* const* argv) {
  SplitArguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (arguments.separator) {
      arguments.command.emplace_back(word);
    } else if (word == "--") {
      arguments.separator = true;
    } else {
      arguments.own.emplace_back(word);
    }
  }
  return arguments;
}

/// The result of CLI11, which only splits the words; values stay text.
struct Parsed {
  const CommandRow* command = &command_table().front();
  std::vector<std::pair<const OptionRow*, std::vector<std::string>>> given;  ///< in the table's order
  std::vector<std::string> operands;
  bool help = false;
  bool help_findings = false;
  bool version = false;

  [[nodiscard]] bool has(std::string_view long_name) const {
    return std::any_of(given.begin(), given.end(),
                       [&](const auto& pair) { return pair.first->long_name == long_name; });
  }
};

CLI::Option* add_row(CLI::App& app, const OptionRow& row) {
  std::string names(row.long_name);
  if (!row.short_name.empty()) names = std::string(row.short_name) + "," + names;
  if (row.argument.empty()) return app.add_flag(names)->disable_flag_override();
  // The raw results are read later, so this does nothing. A value is one word, even if it looks like an option.
  CLI::Option* option = app.add_option(names, CLI::callback_t([](const CLI::results_t&) { return true; }));
  return option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
}

/// CLI11's "--port: 1 required TEXT missing" and the like, in this program's words.
Error syntax_error(const CLI::ParseError& error) {
  std::string_view text = error.what();
  while (!text.empty() && text.front() == '-') text.remove_prefix(1);  // some of CLI11's errors omit the dashes
  for (const OptionRow& row : option_table()) {
    const std::string name(row.long_name);
    const std::string_view bare = row.long_name.substr(2);
    if (text.substr(0, bare.size()) != bare || text.substr(bare.size(), 1).find_first_of(": ") != 0) continue;
    if (row.argument.empty()) return {name + " takes no value", {}, kSeeHelp};
    return {name + " needs a value", {}, "as in: " + name + " " + std::string(row.argument)};
  }
  return {std::string(text.substr(0, text.find('\n'))), {}, kSeeHelp};
}

/// The one word that the command takes, if it takes one.
Result<void> take_choice(Parsed& parsed, const std::vector<std::string>& words) {
  std::string_view choices = parsed.command->choices;
  const bool optional = choices.starts_with('[');
  if (optional) choices = choices.substr(1, choices.size() - 2);
  const std::string command(parsed.command->name);
  std::vector<std::string_view> known;
  for (std::string_view rest = choices; !rest.empty();) {
    known.push_back(rest.substr(0, rest.find('|')));
    rest.remove_prefix(std::min(rest.size(), known.back().size() + 1));
  }
  if (words.empty() && optional) return {};
  if (words.empty()) return failure(command + " needs one of " + std::string(parsed.command->arguments), {});
  if (words.size() > 1) return tl::unexpected(unexpected_argument(words[1]));
  const bool any = known.size() == 1;  // the program knows what there is
  if (!any && std::ranges::find(known, words.front()) == known.end())
    return failure(command + " " + in_quotes(words.front()) + ": no such choice",
                   "one of " + std::string(parsed.command->arguments));
  parsed.operands = words;
  return {};
}

/// The words that are neither an option, nor an option's value, nor a command.
Result<void> take_operands(Parsed& parsed, const std::vector<std::string>& words) {
  if (!parsed.command->choices.empty()) return take_choice(parsed, words);
  std::vector<std::string_view> wanted;
  for (const std::string_view operand : parsed.command->operands) {
    if (!operand.empty()) wanted.push_back(operand);
  }
  for (const std::string& word : words) {
    if (word.size() > 1 && word[0] == '-') return tl::unexpected(unknown_option(word));
    if (parsed.operands.size() == wanted.size()) return tl::unexpected(unexpected_argument(word));
    if (word.empty()) return failure(std::string(wanted[parsed.operands.size()]) + " is empty", "name a file");
    parsed.operands.push_back(word);
  }
  if (parsed.operands.size() == wanted.size()) return {};
  const std::string command(parsed.command->name);
  return failure(command + " needs " + std::string(wanted[parsed.operands.size()]),
                 "as in: acceptscope " + command + " " + std::string(parsed.command->arguments));
}

Result<Parsed> take_apart(std::vector<std::string> words) {
  CLI::App app;
  app.allow_extras()->require_subcommand(0, 1)->set_help_flag();  // extras are reported below, with a guess
  const CLI::Option* help = app.add_flag("-h,--help")->disable_flag_override();
  const CLI::Option* help_findings = app.add_flag("--help-findings")->disable_flag_override();
  const CLI::Option* version_flag = app.add_flag("-V,--version")->disable_flag_override();
  std::vector<std::pair<const OptionRow*, const CLI::Option*>> options;
  for (const OptionRow& row : option_table()) options.emplace_back(&row, add_row(app, row));
  for (const CommandRow& row : command_table().subspan(1)) app.add_subcommand(std::string(row.name))->fallthrough();

  try {
    std::reverse(words.begin(), words.end());  // CLI11 expects them in reverse
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return tl::unexpected(syntax_error(error));
  }

  Parsed parsed;
  parsed.help = help->count() > 0;
  parsed.help_findings = help_findings->count() > 0;
  parsed.version = version_flag->count() > 0;
  if (parsed.help || parsed.help_findings || parsed.version) return parsed;
  for (const auto& [row, option] : options) {
    if (option->count() > 0) parsed.given.emplace_back(row, option->results());
  }
  for (const CommandRow& row : command_table().subspan(1)) {
    if (app.got_subcommand(std::string(row.name))) parsed.command = &row;
  }
  if (auto taken = take_operands(parsed, app.remaining(true)); !taken) return tl::unexpected(taken.error());
  return parsed;
}

/// The names of the commands that accept the option, "diff and doctor", and the first of them.
std::pair<std::string, std::string> commands_with(const OptionRow& row) {
  std::string all, first;
  for (const CommandRow& command : command_table()) {
    if ((row.commands & command.bit) == 0) continue;
    if (first.empty()) first = command.name;
    all += (all.empty() ? "" : " and ") + std::string(command.name);
  }
  return {all, first};
}

/// Options that the command does not accept, and options of demo or diff without that command.
Result<void> check_command(const Parsed& parsed) {
  for (const auto& [row, values] : parsed.given) {
    if ((row->commands & parsed.command->bit) != 0) continue;
    const std::string name(row->long_name);
    if ((row->commands & kTrace) == 0) {
      const auto [commands, first] = commands_with(*row);
      return failure(fmt::format("{} is an option of {}", name, commands),
                     fmt::format("as in: acceptscope {} {}", first, name));
    }
    if (parsed.command->command == Command::demo) {
      return failure(name + " cannot be used with demo", "it traces its own server, all of it");
    }
    return failure(name + " cannot be used with " + std::string(parsed.command->name),
                   parsed.command->bit == kText ? "it only prints a text" : "it traces nothing");
  }
  return {};
}

/// Whether both texts name the same place. /dev/null may take any number of outputs.
bool same_place(const std::string& a, const std::string& b) {
  if (is_standard_output(a) || is_standard_output(b)) return is_standard_output(a) && is_standard_output(b);
  const auto normal = [](const std::string& path) { return std::filesystem::path(path).lexically_normal(); };
  return a != "/dev/null" && normal(a) == normal(b);
}

/// Two outputs that would overwrite each other.
Result<void> check_outputs(const Options& options) {
  std::vector<std::pair<std::string, std::string>> given;  // in the order of kOutputs
  for (const OutputRow& row : kOutputs) {
    const auto output = options.outputs.find(row.option);
    if (output == options.outputs.end()) continue;
    for (const auto& [other, path] : given) {
      if (!same_place(path, output->second)) continue;
      const std::string both = other + " and " + std::string(row.option);
      if (is_standard_output(path))
        return failure(both + " cannot both go to standard output", "give one of them a file");
      return failure(both + " name the same file " + in_quotes(output->second), "give each a file of its own");
    }
    given.emplace_back(*output);
  }
  return {};
}

Result<void> check_files(const Options& options) {
  for (const auto& [option, path] : options.outputs) {
    if (!options.json || !is_standard_output(path)) continue;
    const std::string name(option);
    return failure("--json and " + name + " cannot both go to standard output", "give " + name + " a file");
  }
  if (options.json && options.format == FormatChoice::markdown)
    return failure("--json and --format markdown exclude one another", "give one of them");
  if (options.files.size() < 2 || options.files[0] != "-" || options.files[1] != "-") return {};
  return failure("BEFORE and AFTER cannot both be standard input", "give one of them as a file");
}

Result<void> check_demo(const Parsed& parsed, const Options& options) {
  std::vector<std::string> kinds;
  for (const std::string_view kind : {"--pinned", "--spread", "--both"}) {
    if (parsed.has(kind)) kinds.emplace_back(kind);
  }
  if (kinds.size() > 1) return failure(kinds[0] + " and " + kinds[1] + " exclude one another", "give one of them");
  if (options.command != Command::demo || options.demo != DemoKind::both) return {};
  for (const OutputRow& row : kOutputs) {
    if (!options.outputs.contains(row.option)) continue;
    return failure(std::string(row.option) + " holds one run, and demo makes two", "add --pinned or --spread");
  }
  return {};
}

Result<void> take_command(const Parsed& parsed, SplitArguments& arguments, Options& options) {
  if (!arguments.separator) return {};
  if (parsed.command->command != Command::trace) {
    return failure(std::string(parsed.command->name) + " runs no command", "leave out -- and what follows it");
  }
  if (arguments.command.empty() || arguments.command.front().empty()) {
    return failure("no command after '--'", "as in: acceptscope --port 8000 -- ab -n 1000 http://127.0.0.1:8000/");
  }
  options.argv = std::move(arguments.command);
  return {};
}

/// The text after "--port '70000': ". Drops the value from the beginning of the error, so that it appears once.
Error about(const OptionRow& row, std::string_view value, Error error) {
  std::string_view why = error.what.raw();  // not printed: becomes an error again
  const std::string repeated = in_quotes(value) + " is ";
  if (why.substr(0, repeated.size()) == repeated) why.remove_prefix(repeated.size());
  error.what = std::string(row.long_name) + " " + in_quotes(value) + ": " + std::string(why);
  return error;
}

Result<Options> build(const Parsed& parsed, SplitArguments arguments) {
  if (auto checked = check_command(parsed); !checked) return tl::unexpected(checked.error());
  Options options;
  options.command = parsed.command->command;
  if (parsed.command->choices.empty())
    options.files = parsed.operands;
  else if (!parsed.operands.empty())
    options.topic = parsed.operands.front();
  for (const auto& [row, values] : parsed.given) {
    for (const std::string& value : values) {
      if (auto applied = row->apply(options, value); !applied) {
        return tl::unexpected(about(*row, value, std::move(applied.error())));
      }
    }
  }
  for (const auto& checked : {check_demo(parsed, options), check_outputs(options), check_files(options),
                              take_command(parsed, arguments, options)}) {
    if (!checked) return tl::unexpected(checked.error());
  }
  return options;
}

}  // namespace

std::variant<Options, ExitNow> parse(int argc, const char* const* argv) {
  SplitArguments arguments = split(argc, argv);
  const Result<Parsed> parsed = take_apart(std::move(arguments.own));
  if (!parsed) return usage_error(parsed.error());
  if (parsed->help) return ExitNow{0, help_text(), false};
  if (parsed->help_findings) return ExitNow{0, findings_text(), false};
  if (parsed->version) return ExitNow{0, "acceptscope " + std::string(version()) + " (" + build_text() + ")\n", false};
  Result<Options> options = build(*parsed, std::move(arguments));
  if (!options) return usage_error(options.error());
  return std::move(*options);
}

}  // namespace acceptscope::cli
