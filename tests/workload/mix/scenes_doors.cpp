// SPDX-License-Identifier: BSD-2-Clause
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "../failure.hpp"
#include "scenes.hpp"
#include "worker.hpp"

namespace workload::mix {
namespace {

/// What clients do that do not wait for the server.
constexpr std::array<std::string_view, 6> kImpatient{
    "peer", "reset", "close-unread-after-peer", "write-to-closed", "peer-then-shutdown", "write-to-reset"};

Link& impatient_link(Stage& stage, std::uint32_t service) {
  Link& link = stage.plan(service, stage.chance().pick(kImpatient));
  link.script.turns = 0;
  return link;
}

/// Connections that wait in the accept queue; some of their clients have gone again.
std::vector<Side> fill_queue(Stage& stage, const Door& door, std::uint32_t count) {
  std::vector<Side> sides;
  for (std::uint32_t i = 0; i < count; ++i) {
    Link& link = impatient_link(stage, door.service);
    link.fate = Fate::kNeverAccepted;
    Side side = stage.connect(link);
    if (stage.chance().one_in(3))
      converse(side);
    else
      sides.push_back(std::move(side));
  }
  stage.wait_for_queue(door, count);
  return sides;
}

/// Some connections, served from beginning to end by workers that exist for them. `target`: empty for any that reaches
/// it.
void serve_some(Stage& stage, const Door& door, const std::string& target = {}) {
  Staff staff(stage);
  for (std::uint32_t i = stage.chance().between(1, 3); i > 0; --i) staff.hire(door, any_waiting(stage.chance()));
  const std::vector<Link*> links = stage.plan_some(door.service, stage.chance().between(1, 10));
  for (Link* link : links) {
    if (!target.empty()) link->target = Endpoint::of(target, link->target.port());
  }
  stage.call_all(links, stage.chance().between(1, 4));
  Stage::settle(links);
  while (staff.size() > 0) staff.kill(0);
}

/// Any number of connections are in the queue when it is closed, by a call or by the death of its process.
void abandon(Stage& stage, bool reuseport) {
  const std::uint32_t count = stage.chance().below(20);
  const std::string address = stage.listening_address();
  if (stage.chance().one_in(2)) {
    Door door = stage.listen(address, stage.port(), reuseport);
    const std::vector<Side> clients = fill_queue(stage, door, count);
    if (stage.chance().one_in(2)) shutdown(door.fd.get(), SHUT_RDWR);
    door.fd.reset();
    return;
  }
  Door door = stage.listen(address, stage.port(), reuseport);
  const pid_t holder = stage.hire([] {
    for (;;) pause();
  });
  const std::vector<Side> clients = fill_queue(stage, door, count);
  door.fd.reset();
  stage.kill(holder);
}

}  // namespace

void abandoned_queue(Stage& stage) {
  const bool reuseport = stage.chance().one_in(2);
  for (std::uint32_t i = stage.chance().between(1, 3); i > 0; --i) abandon(stage, reuseport);
}

/// The clients have done all they want, some have reset the connection, before anybody accepts it.
void late_accept(Stage& stage) {
  const Door door = stage.listen(stage.listening_address(), stage.port());
  std::vector<Link*> links;
  for (std::uint32_t i = stage.chance().between(5, 40); i > 0; --i)
    links.push_back(&impatient_link(stage, door.service));
  stage.call_all(links, stage.chance().between(1, 6));
  stage.wait_for_queue(door, static_cast<std::uint32_t>(links.size()));
  Staff staff(stage);
  for (std::uint32_t i = stage.chance().between(1, 4); i > 0; --i) staff.hire(door, any_waiting(stage.chance()));
  Stage::settle(links);
  staff.end_all();
}

/// The same socket listens again after shutdown(), which resets what is in its queue.
void relisten(Stage& stage) {
  const Door door = stage.listen(stage.listening_address(), stage.port());
  for (std::uint32_t round = stage.chance().between(1, 3); round > 0; --round) {
    serve_some(stage, door);
    const std::vector<Side> clients = fill_queue(stage, door, stage.chance().below(6));
    if (shutdown(door.fd.get(), SHUT_RD) != 0) fail_with_errno("shutdown of a listening socket");
    stage.listen_again(door);
  }
  serve_some(stage, door);
}

/// One socket listens on an address, another on all of them; the first is closed after some connections.
void address_beside_wildcard(Stage& stage) {
  const Door wildcard = stage.listen("0.0.0.0", stage.port(), true);
  Door exact = stage.listen("127.0.0.1", stage.port(), true);
  for (std::uint32_t i = stage.chance().between(1, 3); i > 0; --i) {
    serve_some(stage, exact);
    serve_some(stage, wildcard, "127.0.0.2");
  }
  exact.fd.reset();
  serve_some(stage, wildcard, "127.0.0.1");
}

/// An accepted connection is disconnected, and its socket listens on another port.
void former_connection_listens(Stage& stage) {
  const Door door = stage.listen("127.0.0.1", stage.port());
  Link& link = stage.plan(door.service, "peer-af-unspec");
  link.script.turns = 0;
  Side client = stage.connect(link);
  const Accepted accepted = accept_one(stage.ledger(), door.fd.get(), door.service);
  Side server(link, accepted.fd, Side::Role::kServer);
  server.disconnect();
  const Endpoint other = Endpoint::of("127.0.0.1", stage.port(1));
  if (bind(server.fd(), &other.generic, other.length) != 0) fail_with_errno("bind what was a connection");
  Door second{UniqueFd{server.release()}, stage.service("127.0.0.1", stage.port(1))};
  link.closer = getpid();
  link.reasons = kLocal | kReset;
  stage.listen_again(second);
  serve_some(stage, second);
  second.fd.reset();
  link.closed_ns = now_ns();
}

/// One server after the other on the same port.
void port_changes_hands(Stage& stage) {
  const std::string address = stage.listening_address();
  for (std::uint32_t round = stage.chance().between(2, 5); round > 0; --round) {
    const Door door = stage.listen(address, stage.port());
    serve_some(stage, door);
  }
}

/// The same addresses and ports on both sides, again and again.
void reused_client_port(Stage& stage) {
  static constexpr std::array<std::string_view, 2> kNoTimeWait{"reset", "local-reset"};
  const Door door = stage.listen(stage.chance().one_in(2) ? "127.0.0.1" : "::1", stage.port());
  Staff staff(stage);
  for (std::uint32_t i = stage.chance().between(1, 3); i > 0; --i) staff.hire(door, any_waiting(stage.chance()));
  for (std::uint32_t i = stage.chance().between(3, 30); i > 0; --i) {
    Link& link = stage.plan(door.service, stage.chance().pick(kNoTimeWait));
    stage.call(link, stage.port(1));
    Stage::settle({&link});
  }
  staff.end_all();
}

/// The same address, port and client ports in two network namespaces.
void two_namespaces(Stage& stage) {
  std::vector<Door> doors;
  Staff staff(stage);
  for (std::size_t net = 0; net < stage.nets(); ++net) {
    stage.enter(net);
    doors.push_back(stage.listen("127.0.0.1", stage.port()));
    staff.hire(doors.back(), any_waiting(stage.chance()));
  }
  for (std::uint32_t i = stage.chance().between(4, 20); i > 0; --i) {
    std::vector<Link*> links;
    for (std::size_t net = 0; net < stage.nets(); ++net) {
      stage.enter(net);
      links.push_back(&stage.plan(doors[net].service, "local-reset"));
      stage.call(*links.back(), stage.port(2));
    }
    Stage::settle(links);
  }
  staff.end_all();
}

/// A socket that connects to itself, with no listening socket anywhere.
void self_connect(Stage& stage) {
  for (std::uint32_t i = stage.chance().between(1, 8); i > 0; --i) {
    const Endpoint self = Endpoint::of("127.0.0.1", stage.port());
    const UniqueFd fd = bind_socket(self, false, 0);
    reset_on_close(fd.get());  // else the port is taken for a minute
    if (connect(fd.get(), &self.generic, self.length) != 0) fail_with_errno("connect to itself");
    char byte = 'x';
    if (write(fd.get(), &byte, 1) != 1 || read(fd.get(), &byte, 1) != 1) fail_with_errno("talk to itself");
  }
}

/// Connections that a server makes from the port on which it listens, as peer-to-peer programs do.
void outgoing_from_listening_port(Stage& stage) {
  const Door ours = stage.listen("127.0.0.1", stage.port(), true);
  const Door theirs = stage.listen("0.0.0.0", stage.port(1));
  const bool stay = stage.chance().one_in(2);
  serve_some(stage, ours);
  for (std::uint32_t i = stage.chance().between(1, 5); i > 0; --i) {
    Link& link = stage.plan(theirs.service, stay ? "hold" : "local-reset");
    link.script.turns = 0;
    link.target = Endpoint::of("127.0.0." + std::to_string(10 + i), stage.port(1));
    Side client = stage.connect(link, stage.port());
    const Accepted accepted = accept_one(stage.ledger(), theirs.fd.get(), theirs.service);
    Side server(link, accepted.fd, Side::Role::kServer);
    if (!serve(server)) static_cast<void>(server.release());
    converse(client);
  }
  serve_some(stage, ours);
}

}  // namespace workload::mix
