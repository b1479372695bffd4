// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <optional>
#include <vector>

#include "output/tui/tui.hpp"
#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// The terminal in full-screen mode: the only code that knows ncurses. One at a time. The terminal is given back when
/// it is destroyed, and by a signal handler when the program crashes.
class Screen {
 public:
  /// Whether `fd` is a terminal that screens can be painted on.
  [[nodiscard]] static bool possible(int fd);

  /// Takes the terminal `fd`, and reads keys from the controlling terminal, so that standard input stays whoever's it
  /// is. `color` allows colours, where the terminal has some.
  [[nodiscard]] static Result<Screen> open(int fd, bool color);
  Screen(Screen&& other) noexcept;
  Screen& operator=(Screen&&) = delete;
  ~Screen();

  /// Readable when a key was pressed.
  [[nodiscard]] int key_fd() const { return keys_.get(); }
  /// The next key; empty when no more are waiting. Those that mean nothing here are left out.
  [[nodiscard]] std::optional<TuiKey> next_key();

  [[nodiscard]] std::size_t width() const;
  [[nodiscard]] std::size_t height() const;
  /// Takes over the size that the terminal has now.
  void follow_size();
  /// Shows these lines; only what differs from before is sent.
  void paint(const std::vector<StyledLine>& lines);
  /// The next paint() sends everything.
  void forget();
  /// Gives the terminal back for a while; the next paint() takes it again.
  void leave();

 private:
  Screen() = default;
  struct Curses;
  Curses* curses_ = nullptr;  ///< owned; a raw pointer, so that ncurses' types stay out of this file
  UniqueFd keys_;
  int fd_ = -1;
};

}  // namespace acceptscope
