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

/// The running full-screen view: the screen, the keys, and the signals that concern a terminal: change of size, stop
/// and continue. During its lifetime these signals are blocked, and come through a file descriptor.
class TuiView {
 public:
  /// \param fd the terminal: standard output, or standard error if a dump or a log goes to standard output
  [[nodiscard]] static Result<TuiView> open(int fd, bool color, bool ascii, std::uint32_t host_netns);
  TuiView(TuiView&&) noexcept = default;
  TuiView& operator=(TuiView&&) = delete;
  ~TuiView();

  [[nodiscard]] int key_fd() const { return screen_.key_fd(); }
  [[nodiscard]] int signal_fd() const { return signals_.get(); }

  /// Takes the picture of the next tick; does not show it while the user has paused the view.
  void show(Snapshot snapshot);
  /// Takes a picture in between, of no tick; of a paused view only the list of connections is new.
  void update(Snapshot snapshot);
  /// The worker whose connections are on the screen; empty: none.
  [[nodiscard]] std::optional<ListedWorker> listed_worker() const { return acceptscope::listed_worker(shown_, state_); }
  /// Handles the next key; empty if none is waiting.
  [[nodiscard]] std::optional<TuiRequest> next_request();
  /// Handles the signals from signal_fd(). If the process is stopped, returns when it continues.
  void take_signals();
  /// Shows a message in the last line.
  void tell(OutsideText message);

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
