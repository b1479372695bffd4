// SPDX-License-Identifier: BSD-2-Clause
#include "app/terminal/live_view.hpp"

#include <array>
#include <utility>

#include "app/app.hpp"
#include "app/terminal/screen.hpp"

namespace acceptscope {

LiveView::LiveView(int fd, const cli::Options& options, std::uint32_t host_netns)
    : options_(options), fd_(fd), host_netns_(host_netns), plain_(fd, options, host_netns) {}

int LiveView::command_output() {
  if (!command_output_ && options_.view == cli::ViewChoice::tui) command_output_.reset(std::tmpfile());
  return command_output_ ? fileno(command_output_.get()) : -1;
}

/// A command and the full screen would overwrite each other on the same terminal.
Result<void> LiveView::take_screen() {
  const bool asked = options_.view == cli::ViewChoice::tui;
  const bool automatic = options_.view == cli::ViewChoice::automatic && options_.argv.empty();
  if (!asked && !(automatic && Screen::possible(fd_))) return {};
  const TerminalTraits traits = terminal_traits(fd_, options_);
  Result<TuiView> opened = TuiView::open(fd_, traits.color, traits.ascii, host_netns_);
  if (opened)
    screen_.emplace(*std::move(opened));
  else if (asked)
    return tl::unexpected(opened.error());
  return {};
}

void LiveView::leave_screen() {
  if (!screen_) return;
  screen_.reset();
  for (const OutsideText& message : unsaid_) complain(message);
  unsaid_.clear();
  if (!command_output_) return;
  std::rewind(command_output_.get());
  std::array<char, 65536> block{};
  for (std::size_t count; (count = std::fread(block.data(), 1, block.size(), command_output_.get())) > 0;)
    if (!plain_.put({block.data(), count})) return;
}

Result<void> LiveView::show(Snapshot snapshot) {
  if (lost_) return {};
  if (screen_) {
    screen_->show(std::move(snapshot));
    return {};
  }
  const Result<void> shown = plain_.show(snapshot);
  lost_ = !shown;
  return shown;
}

Result<void> LiveView::close(const Snapshot& snapshot) { return lost_ ? Result<void>{} : plain_.close(snapshot); }

void LiveView::say(const OutsideText& message) {
  if (!screen_) return complain(message);
  tell(message);
  unsaid_.push_back(message);
}

void LiveView::tell(const OutsideText& message) {
  if (screen_) screen_->tell(message);
}

std::optional<TuiRequest> LiveView::next_request() { return screen_ ? screen_->next_request() : std::nullopt; }

std::optional<ListedWorker> LiveView::listed_worker() const {
  return screen_ ? screen_->listed_worker() : std::nullopt;
}

void LiveView::update(Snapshot snapshot) {
  if (screen_) screen_->update(std::move(snapshot));
}

void LiveView::take_signals() {
  if (screen_) screen_->take_signals();
}

}  // namespace acceptscope
