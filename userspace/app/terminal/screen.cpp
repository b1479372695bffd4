// SPDX-License-Identifier: BSD-2-Clause
#include "app/terminal/screen.hpp"

#define NCURSES_NOMACROS 1  // otherwise ncurses defines macros such as 'move' and 'clear'
#include <curses.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "app/terminal/charset.hpp"
#include "app/terminal/rescue.hpp"
#include "app/terminal/terminal_entry.hpp"
#include "app/terminal/terminfo.hpp"

namespace acceptscope {
namespace {

constexpr int kEscapeDelayMs = 25;  // a lone Escape is no function key, whose bytes arrive together over any network

/// A second file descriptor as a stdio stream, which is what ncurses takes.
FILE* stream(int fd, const char* mode) {
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  FILE* file = copy < 0 ? nullptr : fdopen(copy, mode);
  if (file == nullptr && copy >= 0) close(copy);
  return file;
}

TuiKey function_key(int code) {
  switch (code) {
    case KEY_UP: return tui_key::up;
    case KEY_DOWN: return tui_key::down;
    case KEY_LEFT: return tui_key::left;
    case KEY_RIGHT: return tui_key::right;
    case KEY_PPAGE: return tui_key::page_up;
    case KEY_NPAGE: return tui_key::page_down;
    case KEY_HOME: return tui_key::home;
    case KEY_END: return tui_key::end;
    case KEY_BTAB: return tui_key::back_tab;
    case KEY_ENTER: return tui_key::enter;
    case KEY_BACKSPACE: return tui_key::backspace;
    case KEY_F(3): return tui_key::f3;
    case KEY_F(4): return tui_key::f4;
    case KEY_F(6): return tui_key::f6;
    case KEY_F(1): return tui_key::f1;
    case KEY_F(10): return tui_key::f10;
    default: return 0;
  }
}

std::optional<TuiMouse> mouse_event() {
  MEVENT event{};
  if (getmouse(&event) != OK || event.x < 0 || event.y < 0) return std::nullopt;
  TuiMouse mouse{TuiMouseAct::click, static_cast<std::size_t>(event.x), static_cast<std::size_t>(event.y)};
  if ((event.bstate & BUTTON1_PRESSED) != 0) return mouse;
  if ((event.bstate & (BUTTON4_PRESSED | BUTTON5_PRESSED)) == 0) return std::nullopt;
  mouse.act = (event.bstate & BUTTON4_PRESSED) != 0 ? TuiMouseAct::wheel_up : TuiMouseAct::wheel_down;
  return mouse;
}

}  // namespace

struct Screen::Curses {
  SCREEN* screen = nullptr;
  FILE* out = nullptr;
  FILE* in = nullptr;
  bool color = false;
  std::array<attr_t, kStyles> attributes{};

  ~Curses() {
    if (screen != nullptr) {
      endwin();
      delscreen(screen);
      terminal_is_safe();
    }
    if (out != nullptr) fclose(out);
    if (in != nullptr) fclose(in);
  }

  void choose_attributes() {
    if (color) {
      start_color();
      use_default_colors();
    }
    for (std::size_t i = 0; i < kStyles; ++i) {
      const Look look = look_of(static_cast<Style>(i));
      attr_t attribute = A_NORMAL;
      if (look.bold) attribute |= A_BOLD;
      if (look.dim) attribute |= A_DIM;
      if (look.reverse) attribute |= A_REVERSE;
      const int wanted = COLORS >= 256 && look.color_256 >= 0 ? look.color_256 : look.color;
      const auto pair = static_cast<short>(i + 1);
      if (color && wanted >= 0 && init_pair(pair, static_cast<short>(wanted), -1) == OK)
        attribute |= static_cast<attr_t>(COLOR_PAIR(pair));
      attributes[i] = attribute;
    }
  }
};

bool Screen::possible(int fd) { return isatty(fd) != 0 && terminal_name() != "dumb" && terminal_has_cursor(fd); }

Result<Screen> Screen::open(int fd, bool color) {
  const std::string hint = "--view plain needs no such terminal";
  if (isatty(fd) == 0) return system_failure(ENOTTY, "cannot show the full-screen view", hint);
  Screen screen;
  screen.fd_ = fd;
  screen.keys_.reset(::open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC));
  if (!screen.keys_ && isatty(STDIN_FILENO) != 0) screen.keys_.reset(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!screen.keys_) return system_failure(errno, "cannot read keys from the terminal", hint);
  termios modes{};
  tcgetattr(fd, &modes);
  screen.curses_ = new Curses;
  Curses& curses = *screen.curses_;
  curses.out = stream(fd, "w");
  curses.in = stream(screen.keys_.get(), "r");
  if (curses.out == nullptr || curses.in == nullptr) return system_failure(errno, "cannot use the terminal", hint);
  // The size is that of the terminal, whatever LINES and COLUMNS of the environment say (curs_util(3X)).
  use_env(FALSE);
  use_tioctl(TRUE);
  if (const std::optional<std::string> entry = terminal_entry(terminal_name())) {
    const EntryForCurses found(*entry);
    curses.screen = newterm(nullptr, curses.out, curses.in);
  }
  if (curses.screen == nullptr)
    return failure("cannot show the full-screen view: no terminal description for TERM='" + terminal_name() + "'",
                   hint);
  for (const int number : {SIGTSTP, SIGWINCH}) std::signal(number, SIG_DFL);  // ncurses' own handlers would interfere
  rescue_terminal_from_crashes(fileno(curses.out), modes, terminal_farewell());
  if (charset_is_utf8()) use_legacy_coding(0);  // ncurses takes bytes for characters if the locale's name is "C"
  set_escdelay(kEscapeDelayMs);
  cbreak();  // the terminal still turns Ctrl-C and Ctrl-Z into signals
  noecho();
  nonl();
  curs_set(0);
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  mouseinterval(0);  // a press counts at once, no double click is waited for
  mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, nullptr);
  curses.color = color && has_colors();
  curses.choose_attributes();
  return screen;
}

Screen::Screen(Screen&& other) noexcept
    : curses_(std::exchange(other.curses_, nullptr)), keys_(std::move(other.keys_)), fd_(other.fd_) {}

Screen::~Screen() { delete curses_; }

std::optional<std::variant<TuiKey, TuiMouse>> Screen::next_input() {
  for (wint_t code = 0;;) {
    const int kind = get_wch(&code);
    if (kind == ERR) return std::nullopt;
    if (kind == KEY_CODE_YES && code == KEY_MOUSE) {
      if (const std::optional<TuiMouse> mouse = mouse_event()) return *mouse;
      continue;
    }
    const TuiKey key = kind == KEY_CODE_YES ? function_key(static_cast<int>(code)) : static_cast<TuiKey>(code);
    if (key != 0) return key;
  }
}

std::size_t Screen::width() const { return static_cast<std::size_t>(std::max(getmaxx(stdscr), 1)); }
std::size_t Screen::height() const { return static_cast<std::size_t>(std::max(getmaxy(stdscr), 1)); }

void Screen::follow_size() {
  winsize size{};
  if (ioctl(fd_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) resizeterm(size.ws_row, size.ws_col);
}

void Screen::paint(const std::vector<StyledLine>& lines) {
  for (std::size_t y = 0; y < std::min(lines.size(), height()); ++y) {
    move(static_cast<int>(y), 0);
    for (const StyledLine::Part& part : lines[y].parts()) {
      attrset(static_cast<int>(curses_->attributes[static_cast<std::size_t>(part.style)]));
      addstr(part.text.c_str());
    }
    attrset(A_NORMAL);
    if (getcury(stdscr) == static_cast<int>(y)) clrtoeol();  // a full line has taken the cursor to the next one
  }
  refresh();
}

void Screen::forget() { clearok(stdscr, TRUE); }

void Screen::leave() { endwin(); }

}  // namespace acceptscope
