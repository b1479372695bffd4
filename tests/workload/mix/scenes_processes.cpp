// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "../failure.hpp"
#include "scenes.hpp"
#include "worker.hpp"

namespace workload::mix {
namespace {

void serve_and_leave(Link& link, int fd) {
  Side side(link, fd, Side::Role::kServer);
  if (!serve(side)) link.closing_ns = now_ns();
  static_cast<void>(side.release());  // what is held is closed by the exit
}

/// The accepting process has closed its file descriptor; `holder` closes the connection.
void hand_over(Link& link, int fd, pid_t holder) {
  ::close(fd);
  link.holder = holder;
  link.handed.reach(1);
}

/// A message that is the number of a link, with room for a file descriptor.
struct DescriptorMessage {
  explicit DescriptorMessage(std::uint32_t& link) : part{&link, sizeof link} {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }
  DescriptorMessage(const DescriptorMessage&) = delete;  // the header points into it
  DescriptorMessage& operator=(const DescriptorMessage&) = delete;

  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec part;
  msghdr header{};
};

void send_descriptor(int channel, int fd, std::uint32_t link) {
  DescriptorMessage message(link);
  cmsghdr* header = CMSG_FIRSTHDR(&message.header);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  if (sendmsg(channel, &message.header, 0) != sizeof link) fail_with_errno("pass a file descriptor");
}

int receive_descriptor(int channel, std::uint32_t& link) {
  int fd = -1;
  DescriptorMessage message(link);
  const ssize_t count = recvmsg(channel, &message.header, MSG_CMSG_CLOEXEC);
  if (count != sizeof link || CMSG_FIRSTHDR(&message.header) == nullptr) fail_with_errno("receive a file descriptor");
  std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message.header)), sizeof fd);
  return fd;
}

std::array<UniqueFd, 2> make_channel() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) fail_with_errno("socketpair");
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

/// Becomes this program again, which serves `link` on `fd`.
[[noreturn]] void execute(Ledger& ledger, const Link& link, int fd) {
  const std::string memory = std::to_string(ledger.fd());
  const std::string index = std::to_string(ledger.index_of(link));
  const std::string number = std::to_string(fd);
  execl("/proc/self/exe", "mix", "--serve", memory.c_str(), index.c_str(), number.c_str(), nullptr);
  fail_with_errno("execute this program again");
}

}  // namespace

void child_per_connection(Stage& stage) {
  const Door door = stage.listen(stage.listening_address(), stage.port());
  const std::vector<Link*> links = stage.plan_some(door.service, stage.chance().between(4, 20));
  const pid_t parent = stage.hire([&] {
    for (std::size_t i = 0; i < links.size(); ++i) {
      const Accepted accepted = accept_one(stage.ledger(), door.fd.get(), door.service);
      const pid_t child = stage.hire([&] {
        accepted.link->handed.wait(1);
        serve_and_leave(*accepted.link, accepted.fd);
      });
      hand_over(*accepted.link, accepted.fd, child);
    }
    while (wait(nullptr) > 0) {
    }
  });
  stage.call_all(links, stage.chance().between(1, 6));
  Stage::settle(links);
  stage.see_off(parent, now_ns());
}

void passed_on(Stage& stage) {
  const Door door = stage.listen(stage.listening_address(), stage.port());
  const std::vector<Link*> links = stage.plan_some(door.service, stage.chance().between(4, 20));
  const std::array<UniqueFd, 2> channel = make_channel();
  const pid_t server = stage.hire([&] {
    for (std::size_t i = 0; i < links.size(); ++i) {
      std::uint32_t index = 0;
      const int fd = receive_descriptor(channel[1].get(), index);
      Link& link = stage.ledger().links()[index];
      link.handed.wait(1);
      serve_and_leave(link, fd);
    }
  });
  const pid_t acceptor = stage.hire([&] {
    for (std::size_t i = 0; i < links.size(); ++i) {
      const Accepted accepted = accept_one(stage.ledger(), door.fd.get(), door.service);
      send_descriptor(channel[0].get(), accepted.fd, stage.ledger().index_of(*accepted.link));
      hand_over(*accepted.link, accepted.fd, server);
    }
  });
  stage.call_all(links, stage.chance().between(1, 6));
  Stage::settle(links);
  stage.see_off(acceptor, now_ns());
  stage.see_off(server, now_ns());
}

/// The process executes another program, which serves the connection, or without which it is closed (O_CLOEXEC).
void exec_after_accept(Stage& stage) {
  const Door door = stage.listen(stage.listening_address(), stage.port());
  for (std::uint32_t i = stage.chance().between(2, 6); i > 0; --i) {
    const bool closes = stage.chance().one_in(3);
    Link& link = stage.plan(door.service, closes ? "local" : "");
    if (closes) link.script.turns = 0;
    const std::uint64_t from_ns = now_ns();
    const pid_t worker = stage.hire([&] {
      const Accepted accepted = accept_one(stage.ledger(), door.fd.get(), door.service, closes ? SOCK_CLOEXEC : 0);
      if (closes) link.closing_ns = now_ns();
      execute(stage.ledger(), link, closes ? -1 : accepted.fd);
    });
    stage.call(link);
    Stage::settle({&link});
    stage.see_off(worker, from_ns);
  }
}

void serve_after_exec(Ledger& ledger, std::size_t index, int fd) {
  Link& link = ledger.links()[index];
  if (fd >= 0) return serve_and_leave(link, fd);
  link.closer = getpid();
  link.reasons = kLocal;
  link.closed_ns = now_ns();
  link.settled.reach(1);
}

}  // namespace workload::mix
