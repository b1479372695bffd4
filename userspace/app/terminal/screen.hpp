// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "output/tui/tui.hpp"
#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// The terminal in full-screen mode: the only code that uses ncurses. One at a time. Its destructor restores the
/// terminal, and so does a signal handler if the program crashes.
class Screen {
 public:
  /// Whether `fd` is a terminal that screens can be painted on.
  [[nodiscard]] static bool possible(int fd);

  /// Takes the terminal `fd`, and reads keys from the controlling terminal, which leaves standard input to others.
  /// `color` allows colors, if the terminal has any.
  [[nodiscard]] static Result<Screen> open(int fd, bool color);
  Screen(Screen&& other) noexcept;
  Screen& operator=(Screen&&) = delete;
  ~Screen();

  /// Readable if a key was pressed.
  [[nodiscard]] int key_fd() const { return keys_.get(); }
  /// The next key, or what the mouse did; empty if no more are waiting. Keys without a meaning here are skipped.
  [[nodiscard]] std::optional<std::variant<TuiKey, TuiMouse>> next_input();

  [[nodiscard]] std::size_t width() const;
  [[nodiscard]] std::size_t height() const;
  /// Adopts the current size of the terminal.
  void follow_size();
  /// Shows these lines; sends only the differences.
  void paint(const std::vector<StyledLine>& lines);
  /// The next paint() sends everything.
  void forget();
  /// Restores the terminal for a while; the next paint() takes it again.
  void leave();

 private:
  Screen() = default;
  struct Curses;
  Curses* curses_ = nullptr;  ///< owned; a raw pointer, so that ncurses' types stay out of this file
  UniqueFd keys_;
  int fd_ = -1;
};

}  // namespace acceptscope
