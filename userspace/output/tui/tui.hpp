// SPDX-License-Identifier: BSD-2-Clause
/// The full-screen view. Pure: a screen is a function of the snapshot, the history, the state and the options; a key
/// turns one state into the next. Who paints screens and reads keys is in app/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/history.hpp"
#include "model/snapshot.hpp"
#include "output/words/worker_columns.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {

/// What the terminal is like.
struct TuiOptions {
  std::size_t width = 80;        ///< columns
  std::size_t height = 24;       ///< lines
  bool ascii = false;            ///< nothing beyond ASCII
  std::uint32_t host_netns = 0;  ///< services of other network namespaces are marked; 0 = not known
};

enum class TuiPage : std::uint8_t { workers, histograms, peers };
enum class TuiHeat : std::uint8_t { traffic, accepts, open };

/// What the user has chosen; the default is the first screen.
struct TuiState {
  TuiPage page = TuiPage::workers;
  bool help = false;
  WorkerSort sort = WorkerSort::connections;
  TuiHeat heat = TuiHeat::traffic;
  bool paused = false;                ///< the caller goes on to show the same snapshot
  std::optional<ServiceKey> service;  ///< empty: the busiest one
  std::optional<WorkerId> worker;     ///< where the cursor is
  std::size_t first = 0;              ///< lines that are scrolled out on top
  std::string message;                ///< for the last line, until the next key; raw
  bool operator==(const TuiState&) const = default;
};

/// A character, or one of these.
using TuiKey = char32_t;
namespace tui_key {
inline constexpr TuiKey up = 0x110000, down = 0x110001, page_up = 0x110002, page_down = 0x110003, home = 0x110004,
                        end = 0x110005, back_tab = 0x110006, f1 = 0x110007, f10 = 0x110008, left = 0x110009,
                        right = 0x11000a;
}  // namespace tui_key

/// What a key asks of the program, beyond another state.
enum class TuiRequest : std::uint8_t { none, quit, write_dump, repaint };

struct TuiTurn {
  TuiState state;
  TuiRequest request = TuiRequest::none;
};

/// The state after `key`; a key without a meaning changes nothing but the message, which goes.
[[nodiscard]] TuiTurn on_key(TuiKey key, TuiState state, const Snapshot& snapshot, const TuiOptions& options);

/// Exactly `height` lines of at most `width` columns. The smaller the screen, the more gives way; losses never do.
[[nodiscard]] std::vector<StyledLine> render_tui(const Snapshot& snapshot, const History& history,
                                                 const TuiState& state, const TuiOptions& options);

/// The keys as a Markdown table: key, meaning.
[[nodiscard]] std::string tui_keys_markdown();

}  // namespace acceptscope
