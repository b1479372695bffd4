// SPDX-License-Identifier: BSD-2-Clause
#include "model/telling_command.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace acceptscope {
namespace {

using Words = std::span<const std::string_view>;

/// A program that runs another one, whose name is what tells.
struct Interpreter {
  std::string_view name;           ///< a version may follow: python3.11
  std::string_view value_options;  ///< one letter each: their value is the next word
  std::string_view code_options;   ///< likewise: their value is code, and there is no script
  std::string_view name_options;   ///< whole words: their value is what runs, -m of Python
  std::string_view value_words;    ///< whole words, like value_options
  std::string_view commands;       ///< first words that only say "run"
  bool class_name = false;         ///< what runs is a class: the last part of its name tells
};

// From python3(1), node(1), ruby(1), perl(1), php(1), java(1), bash(1).
constexpr std::array kInterpreters{
    Interpreter{"python", "WXQ", "c", "-m", "", ""},
    Interpreter{"pypy", "WXQ", "c", "-m", "", ""},
    Interpreter{"node", "r", "ep", "", "--require --import --loader --env-file --conditions", ""},
    Interpreter{"nodejs", "r", "ep", "", "--require --import", ""},
    Interpreter{"bun", "r", "ep", "", "--require --preload --cwd --config", "run"},
    Interpreter{"deno", "", "", "", "--config --import-map --lock", "run serve"},
    Interpreter{"ruby", "IrCEKW", "e", "", "", ""},
    Interpreter{"perl", "I", "eE", "", "", ""},
    Interpreter{"php", "Stdcz", "rBRE", "-f", "", ""},
    Interpreter{"java", "", "", "-jar -m --module",
                "-cp -classpath --class-path -p --module-path --add-modules --add-opens --add-exports --add-reads", "",
                true},
    Interpreter{"dotnet", "", "", "", "", "run exec"},
    Interpreter{"bash", "oO", "c", "", "--rcfile --init-file", ""},
    Interpreter{"dash", "o", "c", "", "", ""},
    Interpreter{"sh", "o", "c", "", "", ""},
};

/// Programs that serve an application, which their command line names.
constexpr std::array<std::string_view, 6> kServers{"uvicorn", "gunicorn", "hypercorn",
                                                   "daphne",  "granian",  "waitress-serve"};

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

/// Whether the words of `list` contain `word`.
bool is_among(std::string_view list, std::string_view word) {
  const std::vector<std::string_view> words = words_of(list);
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view base_name(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos || path.size() == 1 ? path : path.substr(slash + 1);
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_version(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.' || c == '-'; });
}

const Interpreter* interpreter_of(std::string_view program) {
  for (const Interpreter& interpreter : kInterpreters)
    if (program.starts_with(interpreter.name) && is_version(program.substr(interpreter.name.size())))
      return &interpreter;
  return nullptr;
}

bool is_name(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '.'; });
}

/// "app.main:create": a module and a name in it. An address is none, because its port is no name.
bool is_application(std::string_view word) {
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view object = word.substr(colon + 1);
  return is_name(word.substr(0, colon)) && is_name(object.substr(0, object.find('(')));
}

/// "uvicorn app:app" of "uvicorn --workers 4 app:app".
std::string with_application(std::string_view program, Words arguments) {
  std::string text(program);
  if (std::find(kServers.begin(), kServers.end(), program) == kServers.end()) return text;
  const auto application = std::find_if(arguments.begin(), arguments.end(), is_application);
  return application == arguments.end() ? text : text.append(" ").append(*application);
}

/// "multiprocessing.spawn" of "from multiprocessing.spawn import spawn_main; ...", which is what the workers of many
/// Python servers run; otherwise nothing.
std::string module_of_code(Words code) {
  const bool imports = code.size() > 2 && code[0] == "from" && code[2] == "import" && is_name(code[1]);
  return imports ? std::string(code[1]) : std::string();
}

std::string name_of_class(std::string_view name) {
  const std::string_view path = name.substr(name.find('/') == std::string_view::npos ? 0 : name.find('/') + 1);
  return std::string(path.substr(path.rfind('.') == std::string_view::npos ? 0 : path.rfind('.') + 1));
}

/// What a script or a class is called; `rest` follows it.
std::string name_of_script(const Interpreter& interpreter, std::string_view script, Words rest) {
  const bool is_class = interpreter.class_name && script.find(".jar") == std::string_view::npos;
  return is_class ? name_of_class(script) : with_application(base_name(script), rest);
}

/// What an option of one dash and letters asks for: "-u", "-Wdefault", "-Bm http.server".
enum class Letters { nothing, value, code, name };
Letters letters_of(const Interpreter& interpreter, std::string_view option) {
  for (std::size_t i = 1; i < option.size(); ++i) {
    const bool is_last = i + 1 == option.size();
    if (interpreter.value_options.find(option[i]) != std::string_view::npos)
      return is_last ? Letters::value : Letters::nothing;  // its value may follow at once
    if (interpreter.code_options.find(option[i]) != std::string_view::npos) return Letters::code;
    if (is_last && is_among(interpreter.name_options, std::string("-") + option[i])) return Letters::name;
  }
  return Letters::nothing;
}

/// What the interpreter runs; empty if that cannot be told.
std::string script_of(const Interpreter& interpreter, Words arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    const Words rest = arguments.subspan(i + 1);
    if (i == 0 && is_among(interpreter.commands, word)) continue;
    if (!word.starts_with('-')) return name_of_script(interpreter, word, rest);
    if (word == "--" || word == "-") continue;
    const bool has_next = !rest.empty();
    if (is_among(interpreter.name_options, word))
      return has_next ? name_of_script(interpreter, rest[0], rest.subspan(1)) : std::string();
    if (is_among(interpreter.value_words, word)) ++i;
    if (word.starts_with("--") || interpreter.class_name) continue;
    switch (letters_of(interpreter, word)) {
      case Letters::nothing: break;
      case Letters::value: ++i; break;
      case Letters::code: return module_of_code(rest);
      case Letters::name: return has_next ? name_of_script(interpreter, rest[0], rest.subspan(1)) : std::string();
    }
  }
  return {};
}

/// A title that the program has given itself: its first word ends in a colon, or the second one is a role.
std::string title_of(Words words) {
  const bool has_colon = words[0].size() > 1 && words[0].ends_with(':');
  const bool has_role =
      words.size() > 1 &&
      (words[1].starts_with("worker[") || (words[1] == "master" && words[0].find("unicorn") != std::string_view::npos));
  std::string title;
  if (has_role && !has_colon) words = words.first(2);
  if (!has_role && !has_colon) return title;
  for (const std::string_view word : words) title.append(title.empty() ? "" : " ").append(word);
  return title;
}

std::string piece_of(std::string_view comm, std::string_view cmdline) {
  const std::vector<std::string_view> all = words_of(cmdline);
  if (all.empty()) return std::string(comm);
  const Words words(all);
  if (std::string title = title_of(words); !title.empty()) return title;
  const std::string_view program = base_name(words[0]);
  const Interpreter* const interpreter = interpreter_of(program);
  std::string piece =
      interpreter != nullptr ? script_of(*interpreter, words.subspan(1)) : with_application(program, words.subspan(1));
  // Of other programs the kernel knows the name better: the path of one may have spaces.
  const bool says_more = interpreter != nullptr ? !piece.empty() : piece.find(' ') != std::string::npos;
  return says_more ? piece : std::string(comm);
}

constexpr std::size_t kMostLast = 32;

bool is_spawned(const OutsideText& command) {
  return command.raw() == "multiprocessing.spawn" || command.raw() == "multiprocessing.forkserver";
}

}  // namespace

OutsideText telling_command(const OutsideText& comm, const std::optional<OutsideText>& cmdline, bool thread) {
  if (thread && interpreter_of(comm.raw()) == nullptr) return comm;
  return cmdline ? OutsideText(piece_of(comm.raw(), cmdline->raw())) : comm;
}

OutsideText telling_command(const ServiceRow& service, const WorkerRow& worker) {
  OutsideText own = telling_command(worker.comm, worker.cmdline, worker.tid.has_value());
  if (!is_spawned(own)) return own;
  // They come last: a look at each worker for each would take too long for many.
  const auto first = service.workers.end() - static_cast<std::ptrdiff_t>(std::min(kMostLast, service.workers.size()));
  const auto supervisor = std::find_if(first, service.workers.end(), [](const WorkerRow& row) {
    return row.role == Role::supervisor && !is_spawned(telling_command(row.comm, row.cmdline));
  });
  return supervisor == service.workers.end() ? own : telling_command(supervisor->comm, supervisor->cmdline);
}

}  // namespace acceptscope
