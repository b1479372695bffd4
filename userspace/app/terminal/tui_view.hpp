// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "app/terminal/screen.hpp"
#include "model/history.hpp"
#include "model/snapshot.hpp"
#include "output/tui/tui.hpp"
#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// The full-screen view at work: what is on the screen, which keys were pressed, and the signals that concern a
/// terminal: its size, stop and continue. They are blocked, and come as a descriptor, while it lives.
class TuiView {
 public:
  /// \param fd the terminal: standard output, or standard error when the former carries a dump or a log
  [[nodiscard]] static Result<TuiView> open(int fd, bool color, bool ascii, std::uint32_t host_netns);
  TuiView(TuiView&&) noexcept = default;
  TuiView& operator=(TuiView&&) = delete;
  ~TuiView();

  [[nodiscard]] int key_fd() const { return screen_.key_fd(); }
  [[nodiscard]] int signal_fd() const { return signals_.get(); }

  /// The picture of the next tick; not to be seen while the user holds the one before.
  void show(Snapshot snapshot);
  /// Takes the next key in; empty when none waits.
  [[nodiscard]] std::optional<TuiRequest> next_request();
  /// Takes in what came on signal_fd(). Returns when the process goes on, if it was stopped.
  void take_signals();
  /// Says something in the last line.
  void tell(std::string message);

 private:
  TuiView(Screen screen, bool ascii, std::uint32_t host_netns);
  [[nodiscard]] TuiOptions options() const;
  void stop();
  void paint();

  Screen screen_;
  UniqueFd signals_;
  bool ascii_;
  std::uint32_t host_netns_;
  TuiState state_;
  History history_;
  Snapshot shown_;
  History shown_history_;  ///< as of shown_
};

}  // namespace acceptscope
