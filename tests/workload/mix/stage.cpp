// SPDX-License-Identifier: BSD-2-Clause
#include "stage.hpp"

#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <thread>

#include "../failure.hpp"
#include "transfer.hpp"

namespace workload::mix {
namespace {

/// Where a client connects to reach a service that listens there.
std::string reachable(const std::string& address, Chance& chance) {
  const bool as_ipv4 = address == "0.0.0.0" || (address == "::" && chance.one_in(2));
  if (as_ipv4) return "127.0.0." + std::to_string(chance.between(1, 9));
  return address == "::" ? "::1" : address;
}

/// The peer, also if it has reset the connection meanwhile: then getpeername() fails.
Endpoint peer_of(int fd) {
  Endpoint peer;
  std::memset(&peer, 0, sizeof peer);
  for (const std::size_t size : {sizeof peer.v6, sizeof peer.v4}) {  // one shorter than asked for is refused
    peer.length = static_cast<socklen_t>(size);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERNAME, &peer, &peer.length) == 0) return peer;
  }
  fail_with_errno("SO_PEERNAME");
}

std::uint32_t length_of_queue(int listener) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) fail_with_errno("TCP_INFO");
  return info.tcpi_unacked;  // of a listening socket
}

}  // namespace

Stage::Stage(Ledger& ledger, std::uint32_t number, std::uint64_t seed, std::uint16_t first_port,
             const std::vector<Net>& nets)
    : ledger_(ledger),
      number_(number),
      chance_(seed),
      first_port_(first_port),
      nets_(nets),
      net_inode_(nets.front().inode) {}

Stage::~Stage() {
  for (const pid_t pid : children_) ::kill(pid, SIGKILL);
  for (const pid_t pid : children_) waitpid(pid, nullptr, 0);
}

void Stage::enter(std::size_t net) {
  if (setns(nets_.at(net).fd, CLONE_NEWNET) != 0) fail_with_errno("enter a network namespace");
  net_inode_ = nets_.at(net).inode;
}

std::string Stage::listening_address() {
  static const std::array<const char*, 6> kAddresses{"127.0.0.1", "127.0.0.1", "127.0.0.2", "::1", "0.0.0.0", "::"};
  return chance_.pick(kAddresses);
}

std::uint32_t Stage::service(const std::string& address, std::uint16_t port) {
  return ledger_.add_service({.scene = number_, .netns = net_inode_, .address = Endpoint::of(address, port)});
}

Door Stage::listen(const std::string& address, std::uint16_t port, bool reuseport, int backlog) {
  Door door{bind_socket(Endpoint::of(address, port), reuseport, 0), service(address, port)};
  listen_again(door, backlog);
  return door;
}

void Stage::listen_again(const Door& door, int backlog) const {
  if (::listen(door.fd.get(), backlog) != 0) fail_with_errno("listen");
}

void Stage::wait_for_queue(const Door& door, std::uint32_t count) const {
  const auto deadline = std::chrono::steady_clock::now() + patience();
  while (length_of_queue(door.fd.get()) < count) {
    sched_yield();
    if (std::chrono::steady_clock::now() > deadline) throw Failure("the accept queue does not fill");
  }
}

std::uint8_t Stage::any_end() {
  const auto held = static_cast<std::uint32_t>(end_named("hold"));  // it and what follows are for some scenes only
  for (;;) {
    const std::uint32_t end = chance_.below(held);
    if (std::ranges::find(left_out_, ends().at(end).name) == left_out_.end()) return static_cast<std::uint8_t>(end);
  }
}

Link& Stage::plan(std::uint32_t service, std::string_view end) {
  Link& link = ledger_.add_link(number_, service);
  Script& script = link.script;
  script.end = end.empty() ? any_end() : end_named(end);
  script.turns = static_cast<std::uint8_t>(chance_.below(4));
  script.read_way = static_cast<std::uint8_t>(chance_.below(kReadWays));
  script.write_way = static_cast<std::uint8_t>(chance_.below(kWriteWays));
  script.close_way = static_cast<std::uint8_t>(chance_.below(kCloseWays));
  script.duplicate = chance_.one_in(5);
  for (std::size_t i = 0; i < script.turns; ++i) {
    script.request.at(i) = chance_.size(30'000);
    script.response.at(i) = chance_.size(60'000);
  }
  const End& chosen = ends().at(script.end);
  script.last = std::max(chosen.least_last, chance_.one_in(4) ? chosen.most_last : chance_.size(chosen.most_last));
  script.last = std::min(script.last, chosen.most_last);
  link.target = Endpoint::of(reachable(ledger_.service(service).address.address(), chance_),
                             ledger_.service(service).address.port());
  return link;
}

std::vector<Link*> Stage::plan_some(std::uint32_t service, std::uint32_t count, std::string_view end) {
  std::vector<Link*> links;
  for (std::uint32_t i = 0; i < count; ++i) links.push_back(&plan(service, end));
  return links;
}

Side Stage::connect(Link& link, std::uint16_t source_port) {
  const bool is_ipv4 = link.target.generic.sa_family == AF_INET;
  UniqueFd fd{socket(link.target.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!fd) fail_with_errno("socket");
  if (source_port != 0) {
    const int on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);  // a socket may listen there
  }
  const Endpoint from = Endpoint::of(is_ipv4 ? "127.0.0.1" : "::1", source_port);
  if (bind(fd.get(), &from.generic, from.length) != 0) fail_with_errno("bind a client");
  link.client = Endpoint::local_of(fd.get());  // now the server can find it
  link.connect_started_ns = now_ns();
  // The server may have accepted and reset it before this call returns.
  if (::connect(fd.get(), &link.target.generic, link.target.length) != 0 && errno != ECONNRESET) {
    link.fate = Fate::kRefused;
    fail_with_errno("connect to " + link.target.address() + " port " + std::to_string(link.target.port()));
  }
  link.connected_ns = now_ns();
  return {link, fd.release(), Side::Role::kClient};
}

void Stage::call(Link& link, std::uint16_t source_port) {
  Side side = connect(link, source_port);
  converse(side);
}

void Stage::call_all(const std::vector<Link*>& links, std::uint32_t callers, bool despite) {
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < callers; ++i) {
    threads.emplace_back([&] {
      for (std::size_t k = next++; k < links.size(); k = next++) {
        try {
          call(*links[k]);
        } catch (const std::exception& error) {
          if (!despite) return note_failure(error.what());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void Stage::settle(const std::vector<Link*>& links) {
  for (const Link* link : links) link->settled.wait(1);
}

pid_t Stage::hire(const std::function<void()>& act) {
  const pid_t pid = fork();
  if (pid < 0) fail_with_errno("fork");
  if (pid > 0) {
    children_.push_back(pid);
    return pid;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  children_.clear();
  try {
    act();
  } catch (const std::exception& error) {
    note_failure(error.what());
    _exit(1);
  }
  _exit(0);
}

void Stage::see_off(pid_t pid, std::uint64_t from_ns) {
  waitpid(pid, nullptr, 0);
  ledger_.close_held_by(pid, from_ns, now_ns());
  std::erase(children_, pid);
}

void Stage::kill(pid_t pid) {
  const std::uint64_t from_ns = now_ns();
  ::kill(pid, SIGKILL);
  see_off(pid, from_ns);
}

void Stage::note_failure(const char* why) {
  Part& part = ledger_.parts()[number_];
  if (part.failed.exchange(true)) return;
  std::snprintf(part.failure.data(), part.failure.size(), "%s", why);
}

Link& admit(Ledger& ledger, int fd, std::uint32_t service, std::uint64_t entered_ns, std::uint64_t accepted_ns) {
  Link& link = ledger.accepted_from(service, peer_of(fd));
  link.tid = gettid();
  link.local = Endpoint::local_of(fd);
  link.accept_entered_ns = entered_ns;
  link.accepted_ns = accepted_ns;
  link.holder = getpid();
  link.pid = getpid();
  return link;
}

Accepted accept_one(Ledger& ledger, int listener, std::uint32_t service, int flags) {
  for (;;) {
    const std::uint64_t entered_ns = now_ns();
    UniqueFd fd{accept4(listener, nullptr, nullptr, flags)};
    const std::uint64_t accepted_ns = now_ns();
    if (!fd && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (!fd && (errno == EAGAIN || errno == EINVAL)) return {};  // EINVAL: it listens no more
    if (!fd) fail_with_errno("accept");
    Link& link = admit(ledger, fd.get(), service, entered_ns, accepted_ns);
    return {&link, fd.release()};
  }
}

}  // namespace workload::mix
