// SPDX-License-Identifier: BSD-2-Clause
#include "worker.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <optional>
#include <thread>

#include "../failure.hpp"
#include "../uring.hpp"

namespace workload::mix {
namespace {

/// Waits for the listening socket or the hang-up of `stop`; false for the latter.
class Waiter {
 public:
  Waiter(int listener, int stop, Waiting waiting) : listener_(listener), stop_(stop) {
    fcntl(listener, F_SETFL, O_NONBLOCK);
    if (waiting == Waiting::kPoll) return;
    set_.reset(epoll_create1(EPOLL_CLOEXEC));
    watch(listener, EPOLLIN | (waiting == Waiting::kEpollExclusive ? std::uint32_t{EPOLLEXCLUSIVE} : 0U));
    watch(stop, EPOLLIN);
  }

  [[nodiscard]] bool wait() const { return set_ ? wait_in_epoll() : wait_in_poll(); }

 private:
  void watch(int fd, std::uint32_t events) const {
    epoll_event event{.events = events, .data = {.fd = fd}};
    if (epoll_ctl(set_.get(), EPOLL_CTL_ADD, fd, &event) != 0) fail_with_errno("epoll_ctl");
  }

  [[nodiscard]] bool wait_in_epoll() const {
    epoll_event event{};
    while (epoll_wait(set_.get(), &event, 1, -1) < 1) {
    }
    return event.data.fd != stop_;
  }

  [[nodiscard]] bool wait_in_poll() const {
    std::array<pollfd, 2> entries{pollfd{.fd = listener_, .events = POLLIN, .revents = 0},
                                  pollfd{.fd = stop_, .events = POLLIN, .revents = 0}};
    while (poll(entries.data(), entries.size(), -1) < 1) {
    }
    return entries[1].revents == 0;
  }

  int listener_;
  int stop_;
  UniqueFd set_;
};

void serve_one(const Accepted& accepted, std::vector<Side>& held) {
  Side side(*accepted.link, accepted.fd, Side::Role::kServer);
  if (!serve(side)) held.push_back(std::move(side));
}

void work_blocking(Ledger& ledger, const Door& door, std::vector<Side>& held) {
  for (;;) {
    const Accepted accepted = accept_one(ledger, door.fd.get(), door.service);
    if (accepted.link != nullptr) {
      serve_one(accepted, held);
    } else if (errno == EAGAIN) {  // another worker has made it non-blocking
      wait_for(door.fd.get(), POLLIN);
    } else {
      return;
    }
  }
}

void work_with_uring(Ledger& ledger, const Door& door, int stop, std::vector<Side>& held) {
  UringAcceptor acceptor(door.fd.get(), stop, false);
  while (std::optional<UringAcceptor::Accepted> accepted = acceptor.next()) {
    const int fd = accepted->fd.release();
    Link& link = admit(ledger, fd, door.service, accepted->entered_ns, accepted->accepted_ns);
    serve_one({&link, fd}, held);
  }
}

}  // namespace

Waiting any_waiting(Chance& chance) {
  static const std::array<Waiting, 4> kAll{Waiting::kAccept, Waiting::kPoll, Waiting::kEpoll, Waiting::kEpollExclusive};
  return chance.pick(kAll);
}

void work(Ledger& ledger, const Door& door, Waiting waiting, int stop, std::vector<Side>& held) {
  if (waiting == Waiting::kAccept) return work_blocking(ledger, door, held);
  if (waiting == Waiting::kUring) return work_with_uring(ledger, door, stop, held);
  const Waiter waiter(door.fd.get(), stop, waiting);
  while (waiter.wait()) {
    const Accepted accepted = accept_one(ledger, door.fd.get(), door.service);
    if (accepted.link != nullptr) serve_one(accepted, held);
  }
}

Staff::Staff(Stage& stage) : stage_(stage) {}

void Staff::run(Ledger& ledger, const Door& door, Waiting waiting, int bell, std::uint32_t threads) {
  std::exception_ptr failure;
  std::vector<std::vector<Side>> held(threads);
  std::vector<std::thread> crew;
  for (std::uint32_t i = 0; i < threads; ++i) {
    crew.emplace_back([&, i] {
      try {
        work(ledger, door, waiting, bell, held[i]);
      } catch (...) {
        failure = std::current_exception();
      }
    });
  }
  for (std::thread& thread : crew) thread.join();
  if (failure) std::rethrow_exception(failure);
  std::uint64_t order = kExit;  // so it is if the listening socket was shut down
  static_cast<void>(!::read(bell, &order, sizeof order));
  for (std::vector<Side>& sides : held) {
    for (Side& side : sides) {
      if (order == kClose) side.close();
      static_cast<void>(side.release());
    }
  }
}

void Staff::add(Waiting waiting, const std::function<void(int bell)>& act) {
  UniqueFd bell{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  if (!bell) fail_with_errno("eventfd");
  const pid_t pid = stage_.hire([&] { act(bell.get()); });
  workers_.push_back({pid, std::move(bell), waiting != Waiting::kAccept});
}

void Staff::hire(const Door& door, Waiting waiting, std::uint32_t threads) {
  add(waiting, [&, threads](int bell) { run(stage_.ledger(), door, waiting, bell, threads); });
}

void Staff::hire_with_own_door(const std::string& address, std::uint16_t port, Waiting waiting) {
  const std::uint32_t before = stage_.signal(0).get();
  add(waiting, [&](int bell) {
    const Door door = stage_.listen(address, port, true);
    stage_.signal(0).advance();
    run(stage_.ledger(), door, waiting, bell, 1);
  });
  stage_.signal(0).wait(before + 1);
}

void Staff::kill(std::size_t index) {
  stage_.kill(workers_.at(index).pid);
  workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(index));
}

void Staff::end(std::size_t index, Order order) {
  const Worker& worker = workers_.at(index);
  if (!worker.hears) return kill(index);
  const std::uint64_t from_ns = now_ns();
  const std::uint64_t value = order;
  if (write(worker.bell.get(), &value, sizeof value) != sizeof value) fail_with_errno("ring a bell");
  stage_.see_off(worker.pid, from_ns);
  workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(index));
}

void Staff::end_all() {
  while (size() > 0) {
    const std::size_t index = stage_.chance().below(static_cast<std::uint32_t>(size()));
    switch (stage_.chance().below(3)) {
      case 0: close_and_exit(index); break;
      case 1: just_exit(index); break;
      default: kill(index); break;
    }
  }
}

}  // namespace workload::mix
