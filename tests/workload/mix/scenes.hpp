// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <span>

#include "stage.hpp"

namespace workload::mix {

/// A kind of scene. Its processes may stay when it returns: then their connections are open at the end of the run.
struct Scene {
  const char* name;
  std::uint32_t weight;  ///< how often it is chosen
  void (*play)(Stage&);
};
[[nodiscard]] std::span<const Scene> scenes();

// Workers that share what comes.
void prefork(Stage& stage);
void threads(Stage& stage);
void reuseport_group(Stage& stage);
void fork_storm(Stage& stage);
void killed_in_traffic(Stage& stage);
void killed_clients(Stage& stage);
void open_at_end(Stage& stage);
void io_uring_workers(Stage& stage);
void closing_together(Stage& stage);
void sending_and_closing(Stage& stage);

// Connections that another process or program than the accepting one serves.
void child_per_connection(Stage& stage);
void passed_on(Stage& stage);
void exec_after_accept(Stage& stage);

// Listening sockets that come, go and come again.
void abandoned_queue(Stage& stage);
void late_accept(Stage& stage);
void relisten(Stage& stage);
void address_beside_wildcard(Stage& stage);
void former_connection_listens(Stage& stage);
void port_changes_hands(Stage& stage);
void reused_client_port(Stage& stage);
void two_namespaces(Stage& stage);

// What is not an accept.
void self_connect(Stage& stage);
void outgoing_from_listening_port(Stage& stage);

/// What the executed program of exec_after_accept does: serves `link` on `fd`, or notes that it was closed if `fd` < 0.
void serve_after_exec(Ledger& ledger, std::size_t link, int fd);

}  // namespace workload::mix
