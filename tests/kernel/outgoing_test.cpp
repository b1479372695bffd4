// SPDX-License-Identifier: BSD-2-Clause
// Connections that this host made itself, though from a port on which somebody listens, or did: nobody accepted them.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <vector>

#include "listener.hpp"
#include "shared.hpp"

namespace acceptscope::test {
namespace {

class Outgoing : public BackendTest {};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// Bound to `port`, with SO_REUSEPORT as the listening sockets here.
UniqueFd bound_to(std::uint16_t port) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

void connect_from(const UniqueFd& fd, std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

/// A server, and another one that this host connects to from the first one's port.
struct TwoServers {
  Listener server{Listening{.reuseport = true}};
  Listener other{};
  [[nodiscard]] std::string ports() const { return server.port_text() + "," + other.port_text(); }
};

/// A connection to `listener`, accepted and closed by both sides.
void come_and_go(const Listener& listener) {
  const UniqueFd client = connect_to(listener.port());
  static_cast<void>(listener.accept());
}

const json* service_at(const json& dump, std::uint16_t port) {
  for (const json& service : dump["services"])
    if (service["port"] == port) return &service;
  return nullptr;
}

void expect_nothing_but(std::uint64_t accepts, const json& dump) {
  expect_count("accepts", dump, dump["totals"]["accepts"], accepts);
  EXPECT_EQ(dump["losses"]["missed_accept"], 0);
  EXPECT_EQ(dump["losses"]["unknown_close"], 0);
  EXPECT_EQ(dump["losses"]["unattributed_accept"], 0);
  EXPECT_EQ(dump["consistency"]["broken"], json::array());
}

TEST_P(Outgoing, FromAPortThatListensIsNoAccept) {
  const TwoServers servers;
  Tracer tracer(backend(), {"--port", servers.ports(), "--duration", "3s"});  // a walk comes after two seconds
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  come_and_go(servers.server);
  const UniqueFd client = bound_to(servers.server.port());
  connect_from(client, servers.other.port());
  const UniqueFd accepted = servers.other.accept();
  const Traced traced = tracer.stop(std::nullopt);

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  expect_nothing_but(2, traced.dump);
  const json* const service = service_at(traced.dump, servers.server.port());
  ASSERT_NE(service, nullptr);
  EXPECT_EQ((*service)["accepts"], 1);
}

TEST_P(Outgoing, FromAPortThatListensIsNoUnknownClose) {
  const TwoServers servers;
  Tracer tracer(backend(), {"--port", servers.ports()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  come_and_go(servers.server);
  for (int i = 0; i < 5; ++i) {
    const UniqueFd client = bound_to(servers.server.port());
    connect_from(client, servers.other.port());
    const UniqueFd accepted = servers.other.accept();
    const linger reset{.l_onoff = 1, .l_linger = 0};
    setsockopt(accepted.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);  // no TIME_WAIT: the addresses are needed
  }
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  expect_nothing_but(6, traced.dump);
}

TEST_P(Outgoing, FromBeforeTracingIsNotFoundAmongThePreexisting) {
  const TwoServers servers;
  const UniqueFd client = bound_to(servers.server.port());
  connect_from(client, servers.other.port());
  const UniqueFd accepted = servers.other.accept();
  Tracer tracer(backend(), {"--port", servers.ports()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  expect_nothing_but(0, traced.dump);
  EXPECT_EQ(traced.dump["totals"]["preexisting"], 1);
  EXPECT_EQ(service_at(traced.dump, servers.server.port())->at("preexisting"), 0);
}

TEST_P(Outgoing, FromAPortThatListenedFormerlyIsNoAccept) {
  TwoServers servers;
  const std::uint16_t former = servers.server.port();
  Tracer tracer(backend(), {"--port", servers.ports(), "--duration", "3s"});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  come_and_go(servers.server);
  servers.server.close();
  const UniqueFd client = bound_to(former);
  connect_from(client, servers.other.port());
  const UniqueFd accepted = servers.other.accept();
  const Traced traced = tracer.stop(std::nullopt);

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  expect_nothing_but(2, traced.dump);
}

TEST_P(Outgoing, ToItselfIsNoAccept) {
  Listener place;  // finds a port
  const std::uint16_t port = place.port();
  Tracer tracer(backend(), {"--port", place.port_text(), "--duration", "3s"});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  place.close();
  const UniqueFd both = bound_to(port);
  connect_from(both, port);  // a simultaneous open with itself
  const Traced traced = tracer.stop(std::nullopt);

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  expect_nothing_but(0, traced.dump);
  EXPECT_EQ(traced.dump["totals"]["never_accepted"], 0);
}

TEST_P(Outgoing, AListenerWithoutABacklogIsKnownByTheSequenceNumbers) {
  Listener listener({.backlog = 0});
  const UniqueFd client = connect_to(listener.port());
  const UniqueFd accepted = listener.accept();
  EXPECT_EQ(send(accepted.get(), "hello", 5, 0), 5);
  Tracer tracer(backend(), {"--port", listener.port_text()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  EXPECT_EQ(traced.dump["totals"]["preexisting"], 1);
}

INSTANTIATE_TEST_SUITE_P(, Outgoing, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
