// SPDX-License-Identifier: BSD-2-Clause
#include "transfer.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "../failure.hpp"
#include "../sockets.hpp"

namespace workload::mix {
namespace {

/// Of a thread: it neither reads nor writes it, so nobody minds what is in it.
std::array<char, kMostAtOnce>& buffer() {
  thread_local std::array<char, kMostAtOnce> bytes;
  return bytes;
}

/// Two parts of the buffer.
std::array<iovec, 2> halves(std::size_t bytes) {
  const std::size_t first = bytes / 2;
  return {iovec{buffer().data(), first}, iovec{buffer().data() + first, bytes - first}};
}

struct Pipe {
  UniqueFd out;
  UniqueFd in;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail_with_errno("pipe");
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

/// What a pipe of the usual capacity takes for certain, with one page for each byte in the worst case.
constexpr std::size_t kSplice = 16;

ssize_t splice_from(int fd, std::size_t bytes) {
  const Pipe pipe = make_pipe();
  return splice(fd, nullptr, pipe.in.get(), nullptr, std::min(bytes, kMostAtOnce), 0);
}

ssize_t splice_to(int fd, std::size_t bytes) {
  const Pipe pipe = make_pipe();
  const std::size_t part = std::min(bytes, kSplice);
  if (::write(pipe.in.get(), buffer().data(), part) != static_cast<ssize_t>(part)) fail_with_errno("write to a pipe");
  return splice(pipe.out.get(), nullptr, fd, nullptr, part, 0);
}

ssize_t send_file(int fd, std::size_t bytes) {
  static const int file = [] {
    const int memory = static_cast<int>(syscall(SYS_memfd_create, "file", 1U));
    if (memory < 0 || ftruncate(memory, kMostAtOnce) != 0) fail_with_errno("a file in memory");
    return memory;
  }();
  off_t from = 0;
  return sendfile(fd, file, &from, bytes);
}

/// The rest of it is zero.
msghdr message_of(std::array<iovec, 2>& parts) {
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return message;
}

}  // namespace

ssize_t read_by(std::uint8_t way, int fd, std::size_t bytes) {
  const std::size_t most = std::min(bytes, kMostAtOnce);
  std::array<iovec, 2> parts = halves(most);
  msghdr message = message_of(parts);
  switch (way % kReadWays) {
    case 0: return recv(fd, buffer().data(), most, 0);
    case 1: return ::read(fd, buffer().data(), most);
    case 2: return readv(fd, parts.data(), static_cast<int>(parts.size()));
    case 3: return recvmsg(fd, &message, 0);
    case 4: return recv(fd, nullptr, most, MSG_TRUNC);  // throws the bytes away
    default: return splice_from(fd, most);
  }
}

ssize_t write_by(std::uint8_t way, int fd, std::size_t bytes) {
  const std::size_t most = std::min(bytes, kMostAtOnce);
  std::array<iovec, 2> parts = halves(most);
  msghdr message = message_of(parts);
  switch (way % kWriteWays) {
    case 0: return send(fd, buffer().data(), most, MSG_NOSIGNAL);
    case 1: return ::write(fd, buffer().data(), most);
    case 2: return writev(fd, parts.data(), static_cast<int>(parts.size()));
    case 3: return sendmsg(fd, &message, MSG_NOSIGNAL);
    case 4: return send(fd, buffer().data(), std::min<std::size_t>(most, 777), MSG_NOSIGNAL);  // many small ones
    case 5: return send_file(fd, most);
    default: return most <= kSplice * 64 ? splice_to(fd, most) : send(fd, buffer().data(), most, MSG_NOSIGNAL);
  }
}

void close_by(std::uint8_t way, int fd) {
  const auto number = static_cast<unsigned>(fd);
  switch (way % kCloseWays) {
    case 1:
      if (syscall(436 /* close_range(), Linux 5.9 */, number, number, 0) == 0) return;
      break;
    case 2:  // another file takes its place
      if (const UniqueFd other{open("/dev/null", O_RDONLY | O_CLOEXEC)}; other && dup2(other.get(), fd) == fd) break;
      break;
    case 3:
      if (const UniqueFd other{dup(fd)}; other) ::close(std::exchange(fd, -1));  // `other` is the last one
      break;
    default: break;
  }
  if (fd >= 0) ::close(fd);
}

}  // namespace workload::mix
