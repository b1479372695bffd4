// SPDX-License-Identifier: BSD-2-Clause
/// Listening Unix sockets of processes that the user selected: they are not traced, which is worth a word.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "util/clock.hpp"
#include "util/outside_text.hpp"

namespace acceptscope {

struct UnixListener {
  OutsideText path;             ///< "/run/app.sock"; "@name" of an abstract one
  std::uint32_t pid = 0;        ///< in /proc: the lowest that holds it
  OutsideText comm;             ///< of that process
  std::uint32_t processes = 0;  ///< that hold it
  bool operator==(const UnixListener&) const = default;
};

/// At most so many are told.
inline constexpr std::size_t kMostUnixListeners = 8;

/// Those of the processes in /proc that are `selected` by pid and command name, by path. Processes of which nothing is
/// read within `budget` are left out. \param proc the root of /proc
[[nodiscard]] std::vector<UnixListener> unix_listeners(
    const std::string& proc, const std::function<bool(std::uint32_t pid, const std::string& comm)>& selected,
    Nanoseconds budget);

}  // namespace acceptscope
