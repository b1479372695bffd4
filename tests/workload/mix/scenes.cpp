// SPDX-License-Identifier: BSD-2-Clause
#include "scenes.hpp"

#include <array>

namespace workload::mix {

std::span<const Scene> scenes() {
  static constexpr std::array kScenes{
      Scene{"prefork", 4, prefork},
      Scene{"threads", 3, threads},
      Scene{"reuseport-group", 3, reuseport_group},
      Scene{"fork-storm", 2, fork_storm},
      Scene{"killed-in-traffic", 2, killed_in_traffic},
      Scene{"killed-clients", 2, killed_clients},
      Scene{"io-uring", 2, io_uring_workers},
      Scene{"open-at-end", 2, open_at_end},
      Scene{"closing-together", 3, closing_together},
      Scene{"sending-and-closing", 2, sending_and_closing},
      Scene{"child-per-connection", 2, child_per_connection},
      Scene{"passed-on", 2, passed_on},
      Scene{"exec-after-accept", 2, exec_after_accept},
      Scene{"abandoned-queue", 3, abandoned_queue},
      Scene{"late-accept", 2, late_accept},
      Scene{"relisten", 2, relisten},
      Scene{"address-beside-wildcard", 2, address_beside_wildcard},
      Scene{"former-connection-listens", 1, former_connection_listens},
      Scene{"port-changes-hands", 2, port_changes_hands},
      Scene{"reused-client-port", 2, reused_client_port},
      Scene{"two-namespaces", 2, two_namespaces},
      Scene{"self-connect", 1, self_connect},
      Scene{"outgoing-from-listening-port", 2, outgoing_from_listening_port},
  };
  return kScenes;
}

}  // namespace workload::mix
