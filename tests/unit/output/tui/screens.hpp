// SPDX-License-Identifier: BSD-2-Clause
/// Whole screens of the full-screen view as text, and keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "output/tui/tui.hpp"
#include "unit/output/sample.hpp"

namespace acceptscope {

inline TuiOptions sized(std::size_t width, std::size_t height) {
  return {.width = width, .height = height, .host_netns = sample::kHostNetns};
}

/// A screen as text.
inline std::vector<std::string> text_of(const std::vector<StyledLine>& lines, bool color = false) {
  std::vector<std::string> text;
  for (const StyledLine& line : lines) text.push_back(line.text(color));
  return text;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

/// Ticks in which the first workers reach their counts in `s`, each at its own pace.
inline History history_of(const Snapshot& s, std::uint64_t ticks) {
  History history;
  for (std::uint64_t tick = 0; tick <= ticks; ++tick) {
    Snapshot earlier = s;
    for (ServiceRow& row : earlier.services) {
      for (WorkerRow& w : row.workers) {
        w.counts.accepts = w.counts.accepts * tick * tick / (ticks * ticks);
        w.counts.bytes_sent = w.counts.bytes_sent * tick / ticks;
        w.counts.bytes_received = 0;
        if (w.requests) w.requests->load.busy = w.recent_busy * static_cast<std::int64_t>(tick);
      }
    }
    history.add(earlier);
  }
  return history;
}

inline std::vector<std::string> screen(const Snapshot& s, const TuiState& state = {},
                                       const TuiOptions& options = sized(80, 24)) {
  return text_of(render_tui(s, history_of(s, 30), state, options));
}

inline TuiState pressed(std::u32string_view keys, const Snapshot& s, TuiState state = {},
                        const TuiOptions& options = sized(80, 24)) {
  for (const TuiKey key : keys) state = on_key(key, std::move(state), s, options).state;
  return state;
}

}  // namespace acceptscope
