// SPDX-License-Identifier: BSD-2-Clause
#include "side.hpp"

#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "../failure.hpp"
#include "ends.hpp"
#include "transfer.hpp"

namespace workload::mix {
namespace {

/// A call that blocks for longer fails with EAGAIN.
void set_deadline(int fd) {
  const timeval limit{.tv_sec = patience().count(), .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool is_gone(int error) { return error == ECONNRESET || error == EPIPE || error == ENOTCONN || error == ECONNABORTED; }

}  // namespace

Side::Side(Link& link, int fd, Role role) : link_(&link), fd_(fd), role_(role) { set_deadline(fd); }

Side::Side(Side&& other) noexcept : link_(other.link_), fd_(other.release()), role_(other.role_) {}

Side::~Side() {
  if (fd_ >= 0) ::close(fd_);
}

int Side::release() { return std::exchange(fd_, -1); }

void Side::talk() {
  for (std::size_t i = 0; i < script().turns; ++i) {
    if (is_server()) {
      read_exactly(script().request.at(i));
      write(script().response.at(i));
    } else {
      write(script().request.at(i));
      read_exactly(script().response.at(i));
    }
  }
}

Side::Got Side::read_some(std::uint64_t limit, std::uint64_t& bytes) {
  for (;;) {
    const ssize_t count = read_by(script().read_way, fd_, std::min<std::uint64_t>(limit, kMostAtOnce));
    if (count > 0) {
      bytes += static_cast<std::uint64_t>(count);
      if (is_server()) link_->read += static_cast<std::uint64_t>(count);
      return Got::kData;
    }
    if (count == 0) return Got::kEnd;
    if (is_gone(errno)) return Got::kReset;
    if (errno != EINTR) fail_with_errno("read");
  }
}

void Side::read_exactly(std::uint64_t bytes) {
  for (std::uint64_t done = 0; done < bytes;) {
    if (read_some(bytes - done, done) != Got::kData) throw Failure("the stream ended within a turn");
  }
}

bool Side::read_to_end() {
  for (std::uint64_t done = 0;;) {
    switch (read_some(std::numeric_limits<std::uint64_t>::max(), done)) {
      case Got::kData: break;
      case Got::kReset: return true;
      case Got::kEnd:
        if (is_server()) link_->saw_end = true;
        return false;
    }
  }
}

void Side::read_what_is_there() {
  std::uint64_t done = 0;
  while (read_some(std::numeric_limits<std::uint64_t>::max(), done) == Got::kData) {
  }
}

void Side::peek(std::uint64_t bytes) {
  std::vector<char> buffer(bytes);
  for (ssize_t count = 0; count < static_cast<ssize_t>(bytes);) {
    count = recv(fd_, buffer.data(), buffer.size(), MSG_PEEK | MSG_WAITALL);
    if (count < 0 && errno != EINTR) fail_with_errno("peek");
  }
}

bool Side::write(std::uint64_t bytes) {
  std::atomic<std::uint64_t>& sum = is_server() ? link_->written : link_->client_sent;
  std::atomic<std::uint64_t>& pending = is_server() ? link_->writing : link_->client_sending;
  for (std::uint64_t left = bytes; left > 0;) {
    // If this process is killed within the call, the truth is a range.
    pending = std::min<std::uint64_t>(left, kMostAtOnce);
    const ssize_t count = write_by(script().write_way, fd_, left);
    const int error = errno;
    if (count > 0) {
      sum += static_cast<std::uint64_t>(count);
      left -= static_cast<std::uint64_t>(count);
    }
    pending = 0;
    if (count >= 0 || error == EINTR) continue;
    errno = error;
    if (is_gone(error)) return false;
    fail_with_errno("write");
  }
  return true;
}

void Side::write_until_full() {
  std::vector<char> bytes(kMostAtOnce);
  for (;;) {
    link_->writing = bytes.size();
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    const int error = errno;
    if (count > 0) link_->written += static_cast<std::uint64_t>(count);
    link_->writing = 0;
    errno = error;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) fail_with_errno("write");
  }
}

void Side::wait_for_hangup() {
  pollfd entry{.fd = fd_, .events = POLLRDHUP, .revents = 0};
  const int limit = static_cast<int>(std::chrono::milliseconds(patience()).count());
  if (poll(&entry, 1, limit) != 1) fail_with_errno("no hang-up");
}

void Side::shut(int how) {
  if (shutdown(fd_, how) != 0 && errno != ENOTCONN) fail_with_errno("shutdown");
}

void Side::disconnect() {
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  if (is_server()) link_->closing_ns = now_ns();
  if (connect(fd_, &nowhere, sizeof nowhere) != 0) fail_with_errno("connect to nowhere");
}

void Side::reset_when_closed() { reset_on_close(fd_); }

void Side::meet() {
  constexpr int kSpins = 20'000;  // then the other side may need this CPU
  link_->arrived.advance();
  const auto deadline = std::chrono::steady_clock::now() + patience();
  for (int i = 0; link_->arrived.get() < 2; ++i) {
    if (i > kSpins) sched_yield();
    if (std::chrono::steady_clock::now() > deadline) throw Failure("the other side does not come to close");
  }
  // Not always at the very same moment: the order of a few instructions is what matters.
  const std::uint32_t late = is_server() ? script().last % 50 : script().last / 50;
  for (std::atomic<std::uint32_t> i = 0; i < late; ++i) {
  }
}

void Side::duplicate() {
  const int other = dup(fd_);
  if (other < 0) fail_with_errno("dup");
  ::close(std::exchange(fd_, other));
}

void Side::close() {
  if (!is_server()) return close_by(0, release());
  if (link_->closing_ns == 0) link_->closing_ns = now_ns();
  link_->closer = getpid();
  link_->reasons = ends().at(script().end).reasons;
  close_by(script().close_way, release());
  link_->closed_ns = now_ns();
  link_->settled.reach(1);
}

void Side::let_go() { ::close(release()); }

}  // namespace workload::mix
