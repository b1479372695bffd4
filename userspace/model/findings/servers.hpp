// SPDX-License-Identifier: BSD-2-Clause
/// What an advice may name: the settings of servers that are known by name, and how a server accepts.
#pragma once

#include <string>
#include <string_view>

#include "model/snapshot.hpp"

namespace acceptscope {

/// A server program. Its settings as its own documentation spells them; empty where it has none.
struct ServerKind {
  std::string_view name;
  std::string_view sign;        ///< in a command name or command line, in any case of letters
  std::string_view idle_limit;  ///< ends connections that are idle
  std::string_view renewal;     ///< ends connections after a number of requests or a time
  std::string_view reuseport;   ///< gives each worker a listening socket of its own
  std::string_view workers;     ///< how many there are
  std::string_view per_wakeup;  ///< how many connections a worker accepts when it wakes
};

/// By the command names and command lines of the service's processes; its `name` is empty if none is known.
[[nodiscard]] const ServerKind& server_kind(const ServiceRow& service);

/// " (nginx: keepalive_requests)", or nothing for a server that is not known or has no such setting.
[[nodiscard]] std::string setting_text(const ServiceRow& service, std::string_view ServerKind::*setting);

/// Its workers serve one connection at a time and wait for the next one in accept() or poll(): Apache prefork, PHP-FPM,
/// gunicorn's sync workers. A client that keeps its connection occupies a worker, idle or not.
[[nodiscard]] bool serves_one_at_a_time(const ServiceRow& service);

}  // namespace acceptscope
