// SPDX-License-Identifier: BSD-2-Clause
/// The tables and lists of a page.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.hpp"

namespace acceptscope {

/// A table in a box of its own, which scrolls if it does not fit; `head` and `body` are markup, `where` is visible
/// text.
[[nodiscard]] std::string scrolling_table(std::string_view title, const std::string& where, std::string_view head,
                                          std::string_view body);
/// The head of a column.
[[nodiscard]] std::string column(std::string_view name, std::string_view css_class = "");

/// A headline number, in a list of class `tiles`: `number` and `more` are visible text.
[[nodiscard]] std::string tile(std::string_view name, const std::string& number, const std::string& more);

/// The workers of a service; beyond 40 workers idle ones are folded into a line below, and at most 200 have a row.
[[nodiscard]] std::string workers_table(const ServiceRow& service, Nanoseconds run);

/// The client addresses; empty without any.
[[nodiscard]] std::string peers_table(const ServiceRow& service);

/// Listening sockets, accept queue, close reasons.
[[nodiscard]] std::string listener_facts(const ServiceRow& service);

/// Each listening socket, those with the most that waits or was refused first; empty for a single socket.
[[nodiscard]] std::string listeners_table(const ServiceRow& service);

/// Services with their worst finding, one line each; `linked` to their sections.
[[nodiscard]] std::string services_table(std::string_view title, const Snapshot& snapshot,
                                         const std::vector<std::size_t>& services, bool linked);

/// A box if something was lost or is inconsistent; else empty.
[[nodiscard]] std::string losses_box(const Snapshot& snapshot);

/// What each code of a finding means. Each is folded by itself: a link to it lands on its line even in browsers that do
/// not open what is folded around the target of a link.
[[nodiscard]] std::string finding_kinds_list();

/// Host, run, selection, backend, cost of the tracing.
[[nodiscard]] std::string run_facts(const Snapshot& snapshot);

}  // namespace acceptscope
