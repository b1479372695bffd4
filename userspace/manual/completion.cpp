// SPDX-License-Identifier: BSD-2-Clause
#include "manual/completion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

#include "cli/option_table.hpp"
#include "manual/manual.hpp"
#include "model/figures.hpp"

namespace acceptscope::manual {
namespace {

constexpr std::string_view kHead = "# SPDX-License-Identifier: BSD-2-Clause\n# Generated: see userspace/manual.\n";

/// What can follow an option.
enum class Values : std::uint8_t { none, any, words, file, directory, ports, pids };

Values values_of(const cli::OptionRow& row) {
  if (row.argument.empty()) return Values::none;
  if (row.long_name == "--port") return Values::ports;
  if (row.long_name == "--pid") return Values::pids;
  if (row.long_name == "--fail-if" || row.argument.find('|') != std::string_view::npos) return Values::words;
  if (row.argument == "FILE") return Values::file;
  return row.argument == "PATH" ? Values::directory : Values::any;
}

/// The words, with `separator` between them: "auto fentry kprobe".
std::string words_of(std::string_view choices, char separator = ' ') {
  if (choices.starts_with('[')) choices = choices.substr(1, choices.size() - 2);
  std::string words(choices);
  std::ranges::replace(words, '|', separator);
  return words;
}

std::string words_of(const cli::OptionRow& row) {
  if (row.long_name != "--fail-if") return words_of(row.argument);
  std::vector<std::string_view> names;
  std::ranges::transform(figure_table(), std::back_inserter(names), &FigureRow::name);
  return fmt::format("{}", fmt::join(names, " "));
}

/// What can follow a command that takes a word.
std::string words_of(const cli::CommandRow& row) {
  if (row.command != cli::Command::help) return words_of(row.arguments);
  return fmt::format("{}", fmt::join(topics(), " "));
}

std::vector<const cli::OptionRow*> options_of(const cli::CommandRow& command) {
  std::vector<const cli::OptionRow*> rows;
  for (const cli::OptionRow& row : cli::option_table())
    if (row.group != cli::Group::hidden && (row.commands & command.bit) != 0) rows.push_back(&row);
  return rows;
}

/// "-p --port -a --address", with those that no command excludes.
std::string names_of(const cli::CommandRow& command) {
  std::string names;
  for (const cli::OptionRow* row : options_of(command))
    names += fmt::format("{}{}{} ", row->short_name, row->short_name.empty() ? "" : " ", row->long_name);
  return names + "-h --help --help-findings -V --version";
}

std::string command_names(std::string_view separator) {
  std::string names;
  for (const cli::CommandRow& row : cli::command_table())
    if (!row.name.empty()) names += fmt::format("{}{}", names.empty() ? "" : separator, row.name);
  return names;
}

bool takes_files(const cli::CommandRow& row) { return !row.operands.front().empty(); }

/// `text` within single quotes of a shell.
std::string in_single_quotes(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string bash_values(const cli::OptionRow& row) {
  switch (values_of(row)) {
    case Values::words: return fmt::format("_acceptscope_words \"{}\"", words_of(row));
    case Values::file: return "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\"))";
    case Values::directory: return "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- \"$cur\"))";
    case Values::ports: return "_acceptscope_list ports";
    case Values::pids: return "_acceptscope_list pids";
    case Values::any:
    case Values::none: break;
  }
  return ":";
}

/// "[8000 or 80,443]:LIST:action": the end of an option's description for _arguments of zsh.
std::string zsh_spec(const cli::OptionRow& row) {
  std::string meaning;
  for (const char c : row.meaning) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') meaning += '\\';
    meaning += c;
  }
  std::string action;  // with a space in front it gets no further arguments
  switch (values_of(row)) {
    case Values::words: action = fmt::format("({})", words_of(row)); break;
    case Values::file: action = "_files"; break;
    case Values::directory: action = "_files -/"; break;
    case Values::ports: action = " _acceptscope_values ports"; break;
    case Values::pids: action = " _acceptscope_values pids"; break;
    case Values::any: action = " "; break;
    case Values::none: return fmt::format("[{}]", meaning);
  }
  const std::string_view name = row.argument.find('|') == std::string_view::npos ? row.argument : "choice";
  return fmt::format("[{}]:{}:{}", meaning, name, action);
}

/// Options with a short name are two specifications.
std::string zsh_options(const cli::CommandRow& command) {
  std::string text;
  for (const cli::OptionRow* row : options_of(command))
    for (const std::string_view name : {row->short_name, row->long_name})
      if (!name.empty()) text += fmt::format("    {}\n", in_single_quotes(fmt::format("*{}{}", name, zsh_spec(*row))));
  for (const cli::TextRow& row : cli::general_options())
    text += fmt::format("    {}\n",
                        in_single_quotes(fmt::format("{}[{}]", row.term.substr(row.term.find("--")), row.text)));
  return text;
}

std::string fish_values(const cli::OptionRow& row) {
  switch (values_of(row)) {
    case Values::none: return {};
    case Values::words: return fmt::format(" -x -a '{}'", words_of(row));
    case Values::file: return " -r -F";
    case Values::directory: return " -x -a '(__fish_complete_directories)'";
    case Values::ports: return " -x -a '(acceptscope completion ports 2>/dev/null)'";
    case Values::pids: return " -x -a '(acceptscope completion pids 2>/dev/null)'";
    case Values::any: return " -x";
  }
  return {};
}

/// When an option is offered: with the commands that take it, and without a command if tracing does.
std::string fish_condition(const cli::OptionRow& row) {
  std::string with, without;
  bool tracing = false;
  for (const cli::CommandRow& command : cli::command_table()) {
    const bool takes = (row.commands & command.bit) != 0;
    if (command.name.empty())
      tracing = takes;
    else
      (takes ? with : without) += fmt::format(" {}", command.name);
  }
  if (tracing) return fmt::format("not __fish_seen_subcommand_from{}", without);
  return fmt::format("__fish_seen_subcommand_from{}", with);
}

}  // namespace

std::string bash_completion() {
  std::string text(kHead);
  text += R"sh(# shellcheck shell=bash disable=SC2207  # words of the program's own, without spaces

# The words that begin with what is typed.
_acceptscope_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }

# Ports or pids of this host; of a comma-separated list the last one.
_acceptscope_list() {
	local done=
	[[ $cur != *,* ]] || done=${cur%,*},
	COMPREPLY=($(compgen -P "$done" -W "$("${COMP_WORDS[0]}" completion "$1" 2>/dev/null | cut -f1)" -- "${cur##*,}"))
}

_acceptscope() {
	local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]} command='' i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			if declare -F _command_offset >/dev/null; then
				_command_offset $((i + 1))
			else
				COMPREPLY=($(compgen -c -f -- "$cur"))
			fi
			return
		fi
)sh";
  text += fmt::format("\t\tcase ${{COMP_WORDS[i]}} in {}) command=${{COMP_WORDS[i]}} ;; esac\n\tdone\n",
                      command_names("|"));
  text += R"sh(	# --option=value comes as three words.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD-2]}
	fi
	case $option in
)sh";
  for (const cli::OptionRow& row : cli::option_table())
    if (row.group != cli::Group::hidden && values_of(row) != Values::none)
      text += fmt::format("\t{}{}{}) {}; return ;;\n", row.short_name, row.short_name.empty() ? "" : " | ",
                          row.long_name, bash_values(row));
  text += "\tesac\n\tcase $command,$cur in\n";
  for (const cli::CommandRow& row : cli::command_table())
    text += fmt::format("\t{},-*) _acceptscope_words \"{}\" ;;\n", row.name, names_of(row));
  for (const cli::CommandRow& row : cli::command_table()) {
    if (takes_files(row))
      text +=
          fmt::format("\t{},*) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n", row.name);
    else if (!row.choices.empty())
      text += fmt::format("\t{},*) _acceptscope_words \"{}\" ;;\n", row.name, words_of(row));
  }
  return text + fmt::format("\t,*) _acceptscope_words \"{}\" ;;\n\tesac\n}}\ncomplete -F _acceptscope acceptscope\n",
                            command_names(" "));
}

std::string zsh_completion() {
  std::string text = "#compdef acceptscope\n" + std::string(kHead);
  text += R"sh(
# Ports or pids of this host, with what they are.
_acceptscope_values() {
  local -a values
  values=(${${(f)"$($service completion $1 2>/dev/null)"}//$'\t'/:})
  compset -P '*,'
  _describe $1 values
}

_acceptscope() {
  local command= word
  local -a commands options
  commands=(
)sh";
  for (const cli::CommandRow& row : cli::command_table())
    if (!row.name.empty())
      text += fmt::format("    {}\n", in_single_quotes(fmt::format("{}:{}", row.name, row.meaning)));
  text += fmt::format(
      "  )\n  for word in ${{words[2,CURRENT-1]}}; do\n    case $word in\n      --) break ;;\n"
      "      {}) command=$word ;;\n    esac\n  done\n  case $command in\n",
      command_names("|"));
  for (const cli::CommandRow& row : cli::command_table()) {
    if (row.name.empty()) continue;
    text += fmt::format("  {})\n    options=(\n{}    '1: :({})'\n", row.name, zsh_options(row), row.name);
    if (takes_files(row)) text += "    '*:file:_files'\n";
    if (!row.choices.empty()) text += fmt::format("    '2:{}:({})'\n", row.name, words_of(row));
    text += "    ) ;;\n";
  }
  text += fmt::format(
      "  *)\n    options=(\n{}    '1: :{{_describe command commands}}'\n"
      "    '(-)--[run this command and trace while it runs]:*:::command: _normal'\n    ) ;;\n  esac\n"
      "  _arguments -S $options\n}}\n\n_acceptscope \"$@\"\n",
      zsh_options(cli::command_table().front()));
  return text;
}

std::string fish_completion() {
  std::string text(kHead);
  text += "complete -c acceptscope -f\n";
  for (const cli::CommandRow& row : cli::command_table()) {
    if (row.name.empty()) continue;
    text += fmt::format("complete -c acceptscope -n __fish_use_subcommand -a {} -d {}\n", row.name,
                        in_single_quotes(row.meaning));
    const std::string_view condition = "complete -c acceptscope -n '__fish_seen_subcommand_from";
    if (takes_files(row)) text += fmt::format("{} {}' -F\n", condition, row.name);
    if (!row.choices.empty()) text += fmt::format("{} {}' -a '{}'\n", condition, row.name, words_of(row));
  }
  for (const cli::OptionRow& row : cli::option_table()) {
    if (row.group == cli::Group::hidden) continue;
    text += fmt::format("complete -c acceptscope -n '{}'", fish_condition(row));
    if (!row.short_name.empty()) text += fmt::format(" -s {}", row.short_name.substr(1));
    text += fmt::format(" -l {}{} -d {}\n", row.long_name.substr(2), fish_values(row), in_single_quotes(row.meaning));
  }
  for (const cli::TextRow& row : cli::general_options()) {
    const std::size_t name = row.term.find("--");
    if (name > 0)
      text += fmt::format("complete -c acceptscope -s {}", row.term[1]);
    else
      text += "complete -c acceptscope";
    text += fmt::format(" -l {} -d {}\n", row.term.substr(name + 2), in_single_quotes(row.text));
  }
  return text;
}

}  // namespace acceptscope::manual
