// SPDX-License-Identifier: BSD-2-Clause
#include "app/terminal/terminfo.hpp"

#include <cstdlib>

#include "app/terminal/terminal_entry.hpp"

// After all other headers.
#include <curses.h>
#include <term.h>

namespace acceptscope {
namespace {

// NOLINTNEXTLINE(performance-no-int-to-ptr): terminfo(3) says so
bool is_there(const char* value) { return value != nullptr && value != reinterpret_cast<const char*>(-1); }

/// tputs() removes the padding that old terminals need, and passes the rest to a function, which appends here.
std::string* collected = nullptr;

std::string capability(const char* name) {
  const char* raw = tigetstr(name);
  if (!is_there(raw)) return {};
  std::string text;
  collected = &text;
  tputs(raw, 1, [](int c) { return collected->push_back(static_cast<char>(c)), c; });
  collected = nullptr;
  return text;
}

}  // namespace

std::string terminal_name() {
  const char* name = std::getenv("TERM");
  return name == nullptr ? "" : name;
}

bool terminal_has_cursor(int fd) {
  const std::optional<std::string> entry = terminal_entry(terminal_name());
  if (!entry) return false;
  const EntryForCurses found(*entry);
  int problem = 0;
  if (setupterm(nullptr, fd, &problem) != OK) return false;
  const bool moves = is_there(tigetstr("cup"));
  del_curterm(cur_term);
  return moves;
}

std::string terminal_farewell() {
  std::string text;
  for (const char* name : {"sgr0", "op", "rmkx", "cnorm", "rmcup"}) text += capability(name);
  if (!capability("kmous").empty()) text += "\x1b[?1006l\x1b[?1000l";  // mouse reports off, as ncurses turned them on
  return text;
}

}  // namespace acceptscope
