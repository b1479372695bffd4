// SPDX-License-Identifier: BSD-2-Clause
#include "app/terminal.hpp"

#include <fmt/format.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "output/diff_text.hpp"

namespace acceptscope {
namespace {

bool wants_color(cli::ColorChoice choice, bool terminal) {
  if (choice != cli::ColorChoice::automatic) return choice == cli::ColorChoice::always;
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org: set and not empty
  const char* term = std::getenv("TERM");
  return terminal && (no_color == nullptr || *no_color == '\0') && (term == nullptr || std::string_view(term) != "dumb");
}

bool locale_is_utf8() { return std::string_view(nl_langinfo(CODESET)) == "UTF-8"; }

}  // namespace

PlainView::PlainView(int fd, const cli::Options& options, std::uint32_t host_netns)
    : fd_(fd),
      enabled_(options.view != cli::ViewChoice::none),
      redraw_(isatty(fd) != 0),
      color_(wants_color(options.color, redraw_)),
      ascii_(!locale_is_utf8()),
      host_netns_(host_netns) {}

PlainOptions PlainView::layout(bool final) const {
  PlainOptions plain;
  plain.color = color_;
  plain.ascii = ascii_;
  plain.final = final;
  plain.host_netns = host_netns_;
  winsize size{};
  if (redraw_ && ioctl(fd_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    plain.width = size.ws_col;
    // The last line stays free: a newline at the bottom would scroll the block away from under the cursor.
    if (!final) plain.height = std::max<std::size_t>(size.ws_row, 4) - 1u;
  }
  return plain;
}

Result<void> PlainView::show(const Snapshot& snapshot) {
  if (!enabled_) return {};
  std::string block = render(snapshot, layout(false));
  std::string text;
  if (redraw_ && lines_shown_ > 0) text = fmt::format("\x1b[{}F", lines_shown_);
  if (redraw_) text += "\x1b[J";
  lines_shown_ = static_cast<std::size_t>(std::count(block.begin(), block.end(), '\n'));
  text += block;
  if (!redraw_) text += '\n';
  return put(text);
}

Result<void> PlainView::close(const Snapshot& snapshot) {
  if (!enabled_) return {};
  std::string text;
  if (redraw_ && lines_shown_ > 0) text = fmt::format("\x1b[{}F\x1b[J", lines_shown_);
  text += render(snapshot, layout(true));
  lines_shown_ = 0;
  return put(text);
}

Result<void> PlainView::close(const Diff& diff) { return put(render_diff(diff, layout(true))); }

Result<void> PlainView::put(const std::string& text) {
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      enabled_ = false;
      return system_failure(errno, fmt::format("cannot write the view to standard {}", fd_ == 1 ? "output" : "error"),
                            "--view none writes no view");
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace acceptscope
