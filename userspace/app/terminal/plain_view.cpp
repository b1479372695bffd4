// SPDX-License-Identifier: BSD-2-Clause
#include "app/terminal/plain_view.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "app/terminal/charset.hpp"
#include "output/markdown/markdown.hpp"
#include "output/plain/diff.hpp"

namespace acceptscope {
namespace {

bool wants_color(cli::ColorChoice choice, bool terminal) {
  if (choice != cli::ColorChoice::automatic) return choice == cli::ColorChoice::always;
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org: set and not empty
  const char* term = std::getenv("TERM");
  return terminal && (no_color == nullptr || *no_color == '\0') &&
         (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace

TerminalTraits terminal_traits(int fd, const cli::Options& options) {
  return {wants_color(options.color, isatty(fd) != 0), !charset_is_utf8()};
}

std::size_t text_width(int fd) {
  constexpr std::size_t otherwise = 80, most = 10'000;
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const std::string_view text = columns == nullptr ? "" : columns;
  std::size_t width = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), width);
  const bool is_number = !text.empty() && error == std::errc() && end == text.data() + text.size();
  return is_number && width > 0 && width <= most ? width : otherwise;
}

PlainView::PlainView(int fd, const cli::Options& options, std::uint32_t host_netns)
    : fd_(fd),
      enabled_(options.view != cli::ViewChoice::none),
      markdown_(options.format == cli::FormatChoice::markdown),
      ticks_(!markdown_ || options.view == cli::ViewChoice::plain),
      traits_(terminal_traits(fd, options)),
      host_netns_(host_netns) {}

TextOptions PlainView::layout(bool final) const {
  TextOptions plain;
  plain.color = traits_.color;
  plain.ascii = traits_.ascii;
  plain.final = final;
  plain.host_netns = host_netns_;
  plain.width = text_width(fd_);
  return plain;
}

Result<void> PlainView::show(const Snapshot& snapshot) {
  return enabled_ && ticks_ ? put(render(snapshot, layout(false)) + '\n') : Result<void>{};
}

Result<void> PlainView::close(const Snapshot& snapshot) {
  if (!enabled_) return {};
  return put(markdown_ ? render_markdown(snapshot, layout(true)) : render(snapshot, layout(true)));
}

Result<void> PlainView::close(const Diff& diff) {
  return put(markdown_ ? render_markdown_diff(diff, layout(true)) : render_diff(diff, layout(true)));
}

Result<void> PlainView::put(std::string_view text) {
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
