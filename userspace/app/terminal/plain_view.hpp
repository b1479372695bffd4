// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <string_view>

#include "cli/options.hpp"
#include "model/diff.hpp"
#include "output/plain/plain.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// Capabilities of the view's terminal.
struct TerminalTraits {
  bool color = false;
  bool ascii = false;  ///< the locale is not UTF-8
};
[[nodiscard]] TerminalTraits terminal_traits(int fd, const cli::Options& options);

/// Columns for text that goes to `fd`: those of the terminal that it is, else COLUMNS of the environment, else 80.
[[nodiscard]] std::size_t text_width(int fd);

/// Writes the plain view: a block of text per tick, one after the other, and the closing summary.
class PlainView {
 public:
  /// \param fd standard output, or standard error if a dump or a log goes to standard output
  PlainView(int fd, const cli::Options& options, std::uint32_t host_netns);

  [[nodiscard]] Result<void> show(const Snapshot& snapshot);
  /// Writes the closing summary.
  [[nodiscard]] Result<void> close(const Snapshot& snapshot);
  /// Writes the comparison of two dumps.
  [[nodiscard]] Result<void> close(const Diff& diff);
  /// Writes `text` as it is.
  [[nodiscard]] Result<void> put(std::string_view text);

 private:
  [[nodiscard]] TextOptions layout(bool final) const;

  int fd_;
  bool enabled_;
  bool markdown_;  ///< the closing summary
  bool ticks_;     ///< whether there is a block per tick
  TerminalTraits traits_;
  std::uint32_t host_netns_;
};

}  // namespace acceptscope
