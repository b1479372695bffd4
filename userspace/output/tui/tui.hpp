// SPDX-License-Identifier: BSD-2-Clause
/// The full-screen view. Pure: a screen is a function of the snapshot, the history, the state and the options; a key
/// turns one state into the next. The code that paints screens and reads keys is in app/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/history.hpp"
#include "model/run.hpp"
#include "model/snapshot.hpp"
#include "output/words/worker_columns.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {

/// Properties of the terminal.
struct TuiOptions {
  std::size_t width = 80;        ///< columns
  std::size_t height = 24;       ///< lines
  bool ascii = false;            ///< nothing beyond ASCII
  std::uint32_t host_netns = 0;  ///< services of other network namespaces are marked; 0 = unknown
};

enum class TuiPage : std::uint8_t { workers, histograms, peers, findings };
enum class TuiHeat : std::uint8_t { busy, cpu, traffic, accepts, open };
/// What the list of a worker's connections is sorted by: most first, peers in their order.
enum class ConnectionSort : std::uint8_t { age, idle, requests, received, sent, unread, peer };

template <>
struct EnumNames<TuiPage> {
  static constexpr std::string_view name(TuiPage value) {
    switch (value) {
      case TuiPage::workers: return "workers";
      case TuiPage::histograms: return "histograms";
      case TuiPage::peers: return "peers";
      case TuiPage::findings: return "findings";
    }
    return {};
  }
};

template <>
struct EnumNames<TuiHeat> {
  static constexpr std::string_view name(TuiHeat value) {
    switch (value) {
      case TuiHeat::busy: return "busy";
      case TuiHeat::cpu: return "CPU";
      case TuiHeat::traffic: return "traffic";
      case TuiHeat::accepts: return "accepts";
      case TuiHeat::open: return "open";
    }
    return {};
  }
};

template <>
struct EnumNames<ConnectionSort> {
  static constexpr std::string_view name(ConnectionSort value) {
    switch (value) {
      case ConnectionSort::age: return "age";
      case ConnectionSort::idle: return "idle";
      case ConnectionSort::requests: return "requests";
      case ConnectionSort::received: return "in";
      case ConnectionSort::sent: return "out";
      case ConnectionSort::unread: return "unread";
      case ConnectionSort::peer: return "peer";
    }
    return {};
  }
};

/// What the user is typing in the last line.
enum class TuiTyping : std::uint8_t { nothing, search, filter };

/// The user's choices; the default is the first screen.
struct TuiState {
  TuiPage page = TuiPage::workers;
  bool help = false;
  WorkerSort sort = WorkerSort::requests;  ///< by connections where requests are not counted; likewise for busy ones
  TuiHeat heat = TuiHeat::busy;            ///< traffic where requests are not counted
  bool paused = false;                     ///< the caller keeps showing the same snapshot
  std::optional<ServiceKey> service;       ///< that was opened; empty: the only one, or the overview
  std::vector<ServiceKey> order;           ///< of the overview, from the top
  std::optional<ServiceKey> cursor;        ///< of the overview; empty: the first service
  std::optional<WorkerId> worker;          ///< the worker under the cursor
  bool connections = false;                ///< its connections are on the screen
  ConnectionSort connection_sort = ConnectionSort::age;
  bool reversed = false;  ///< least first, in the lists of workers and connections
  TuiTyping typing = TuiTyping::nothing;
  std::u32string search;  ///< as typed
  std::u32string filter;  ///< likewise; of the list on the screen, whose other rows are not shown
  std::size_t first = 0;  ///< number of lines scrolled out at the top
  OutsideText message;    ///< shown in the last line until the next key
  bool operator==(const TuiState&) const = default;
};

/// A key: a character, or one of these.
using TuiKey = char32_t;
namespace tui_key {
inline constexpr TuiKey up = 0x110000, down = 0x110001, page_up = 0x110002, page_down = 0x110003, home = 0x110004,
                        end = 0x110005, back_tab = 0x110006, f1 = 0x110007, f10 = 0x110008, left = 0x110009,
                        right = 0x11000a, f3 = 0x11000b, f4 = 0x11000c, f6 = 0x11000d;
inline constexpr TuiKey enter = U'\r', escape = U'\x1b', backspace = 0x7f;
}  // namespace tui_key

/// What the mouse did, and where.
enum class TuiMouseAct : std::uint8_t { click, wheel_up, wheel_down };
struct TuiMouse {
  TuiMouseAct act = TuiMouseAct::click;
  std::size_t x = 0, y = 0;  ///< column and line from 0
};

/// The request of a key to the program, beyond a change of state.
enum class TuiRequest : std::uint8_t {
  none,
  quit,
  write_dump,
  repaint,
  list_connections  ///< a picture with those of listed_worker()
};

struct TuiTurn {
  TuiState state;
  TuiRequest request = TuiRequest::none;
};

/// The state after `key`; a key without a meaning only clears the message.
[[nodiscard]] TuiTurn on_key(TuiKey key, TuiState state, const Snapshot& snapshot, const TuiOptions& options);

/// The state after a click, which selects a row or sorts by the column whose head it hits, or after a turn of the
/// wheel.
[[nodiscard]] TuiState on_mouse(const TuiMouse& mouse, TuiState state, const Snapshot& snapshot,
                                const TuiOptions& options);

/// The state with which a new picture is shown. The services of the overview keep their places until a new one appears;
/// a service that is alone is opened, and stays when others appear.
[[nodiscard]] TuiState on_snapshot(TuiState state, const Snapshot& snapshot);

/// The worker whose connections are on the screen; empty: none.
[[nodiscard]] std::optional<ListedWorker> listed_worker(const Snapshot& snapshot, const TuiState& state);

/// Exactly `height` lines of at most `width` columns. A smaller screen leaves out more, but never the losses.
[[nodiscard]] std::vector<StyledLine> render_tui(const Snapshot& snapshot, const History& history,
                                                 const TuiState& state, const TuiOptions& options);

/// A key or the mouse, and what it does; for the manual.
struct TuiKeyText {
  std::string_view names, meaning;
};
[[nodiscard]] std::vector<TuiKeyText> tui_key_texts();

}  // namespace acceptscope
