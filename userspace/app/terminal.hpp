// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "cli/options.hpp"
#include "model/diff.hpp"
#include "output/plain.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// Where the plain view goes: one block redrawn in place on a terminal, blocks one after the other elsewhere.
class PlainView {
 public:
  /// \param fd standard output, or standard error when the former carries a dump or a log
  PlainView(int fd, const cli::Options& options, std::uint32_t host_netns);

  /// The live block; replaces the one before on a terminal.
  [[nodiscard]] Result<void> show(const Snapshot& snapshot);
  /// The closing summary, in the place of the live block.
  [[nodiscard]] Result<void> close(const Snapshot& snapshot);
  /// What changed between two dumps.
  [[nodiscard]] Result<void> close(const Diff& diff);
  [[nodiscard]] bool enabled() const { return enabled_; }

 private:
  [[nodiscard]] PlainOptions layout(bool final) const;
  [[nodiscard]] Result<void> put(const std::string& text);

  int fd_;
  bool enabled_;
  bool redraw_;
  bool color_;
  bool ascii_;
  std::uint32_t host_netns_;
  std::size_t lines_shown_ = 0;
};

}  // namespace acceptscope
