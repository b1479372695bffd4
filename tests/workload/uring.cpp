// SPDX-License-Identifier: BSD-2-Clause
#include "uring.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "failure.hpp"

namespace workload {
namespace {

enum Operation : std::uint64_t { kAccept = 1, kStop = 2 };

[[noreturn]] void fail_with(int negative_errno, const char* what) {
  errno = -negative_errno;
  fail_with_errno(what);
}

}  // namespace

UringAcceptor::UringAcceptor(int listener, int stop, bool multishot) : listener_(listener), multishot_(multishot) {
  if (const int error = io_uring_queue_init(64, &ring_, 0); error != 0) fail_with(error, "io_uring_queue_init");
  submit_stop(stop);
  submit_accept();
}

UringAcceptor::~UringAcceptor() { io_uring_queue_exit(&ring_); }

std::optional<UringAcceptor::Accepted> UringAcceptor::next() {
  for (;;) {
    io_uring_cqe* entry = nullptr;
    const int error = io_uring_wait_cqe(&ring_, &entry);
    if (error == -EINTR) continue;
    if (error != 0) fail_with(error, "io_uring_wait_cqe");
    const std::uint64_t accepted_ns = now_ns();
    const std::uint64_t operation = entry->user_data;
    const int result = entry->res;
    const bool goes_on = (entry->flags & IORING_CQE_F_MORE) != 0;
    io_uring_cqe_seen(&ring_, entry);
    if (operation == kStop) return std::nullopt;
    const std::uint64_t entered_ns = submitted_ns_;
    if (result < 0 && result != -ECONNABORTED && result != -EINTR) fail_with(result, "io_uring accept");
    if (!goes_on) submit_accept();
    if (result >= 0) return Accepted{UniqueFd{result}, entered_ns, accepted_ns};
  }
}

void UringAcceptor::submit_accept() {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  if (multishot_) {
    io_uring_prep_multishot_accept(entry, listener_, nullptr, nullptr, SOCK_CLOEXEC);
  } else {
    io_uring_prep_accept(entry, listener_, nullptr, nullptr, SOCK_CLOEXEC);
  }
  entry->user_data = kAccept;
  submitted_ns_ = now_ns();
  if (const int count = io_uring_submit(&ring_); count != 1) fail_with(count, "io_uring_submit");
}

void UringAcceptor::submit_stop(int stop) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  io_uring_prep_poll_add(entry, stop, POLLIN);
  entry->user_data = kStop;
  if (const int count = io_uring_submit(&ring_); count != 1) fail_with(count, "io_uring_submit");
}

}  // namespace workload
