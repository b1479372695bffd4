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

/// What people see of a run: plain text, or the full screen while it is taken. What is said while the screen is taken,
/// and what the command writes then, is kept and follows when the screen is left.
class LiveView {
 public:
  /// \param fd standard output, or standard error when the former carries an output
  LiveView(int fd, const cli::Options& options, std::uint32_t host_netns);

  /// Where the command has to write what it would write to the terminal; -1: to the terminal itself.
  [[nodiscard]] int command_output();
  /// Takes the whole screen if --view says so; fails only where --view asks for it by name.
  [[nodiscard]] Result<void> take_screen();
  /// Gives the terminal back, then says what could not be said while the screen was taken.
  void leave_screen();

  /// The picture of a tick. Once that has failed the view is lost, and nothing is shown any more.
  [[nodiscard]] Result<void> show(Snapshot snapshot);
  /// The closing summary, on the terminal as it was.
  [[nodiscard]] Result<void> close(const Snapshot& snapshot);
  /// Nobody looks any more.
  [[nodiscard]] bool lost() const { return lost_; }
  /// Says something that must not be missed.
  void say(const std::string& message);
  /// Says something that only those who look at the screen want to know.
  void tell(const std::string& message);

  /// Readable when a key was pressed; -1 while the screen is not taken.
  [[nodiscard]] int key_fd() const { return screen_ ? screen_->key_fd() : -1; }
  /// Readable when a signal concerns the screen; -1 while it is not taken.
  [[nodiscard]] int signal_fd() const { return screen_ ? screen_->signal_fd() : -1; }
  /// Takes the next key in; empty when none waits.
  [[nodiscard]] std::optional<TuiRequest> next_request();
  /// Takes in what came on signal_fd().
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
  std::vector<std::string> unsaid_;
  bool lost_ = false;
  std::optional<TuiView> screen_;
};

}  // namespace acceptscope
