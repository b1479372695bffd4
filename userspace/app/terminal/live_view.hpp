// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/terminal/plain_view.hpp"
#include "app/terminal/tui_view.hpp"
#include "cli/options.hpp"
#include "model/snapshot.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// The view of a run for people: plain text, or the full screen while it is active. Messages and the command's output
/// during the full screen are kept, and printed once the screen is left.
class LiveView {
 public:
  /// \param fd standard output, or standard error if an output file goes to standard output
  LiveView(int fd, const cli::Options& options, std::uint32_t host_netns);

  /// Replacement for the terminal in the command's output; -1: the terminal itself.
  [[nodiscard]] int command_output();
  /// Activates the full screen if --view says so; fails only if --view is tui.
  [[nodiscard]] Result<void> take_screen();
  /// Restores the terminal, then prints the messages kept during the full screen.
  void leave_screen();

  /// Shows the picture of a tick. After a failure the view is lost, and nothing more is shown.
  [[nodiscard]] Result<void> show(Snapshot snapshot);
  /// Prints the closing summary on the normal terminal.
  [[nodiscard]] Result<void> close(const Snapshot& snapshot);
  /// Whether the terminal or the reader of the output is gone.
  [[nodiscard]] bool lost() const { return lost_; }
  /// Reports something that must not be missed.
  void say(const OutsideText& message);
  /// Reports something that only matters on the full screen.
  void tell(const OutsideText& message);

  /// Readable if a key was pressed; -1 without the full screen.
  [[nodiscard]] int key_fd() const { return screen_ ? screen_->key_fd() : -1; }
  /// Readable if a signal concerns the screen; -1 without the full screen.
  [[nodiscard]] int signal_fd() const { return screen_ ? screen_->signal_fd() : -1; }
  /// Handles the next key; empty if none is waiting.
  [[nodiscard]] std::optional<TuiRequest> next_request();
  /// The worker whose connections are on the screen; empty: none.
  [[nodiscard]] std::optional<ListedWorker> listed_worker() const;
  /// Shows a picture in between, of no tick; only the full screen needs it.
  void update(Snapshot snapshot);
  /// Handles the signals from signal_fd().
  void take_signals();

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  const cli::Options& options_;
  int fd_;
  std::uint32_t host_netns_;
  PlainView plain_;
  std::unique_ptr<std::FILE, CloseFile> command_output_;
  std::vector<OutsideText> unsaid_;
  bool lost_ = false;
  std::optional<TuiView> screen_;
};

}  // namespace acceptscope
