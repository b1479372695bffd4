// SPDX-License-Identifier: BSD-2-Clause
#include "ledger.hpp"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <limits>

#include "../failure.hpp"

namespace workload::mix {
namespace {

long futex(const std::atomic<std::uint32_t>& word, int operation, std::uint32_t value, const timespec* timeout) {
  return syscall(SYS_futex, &word, operation, value, timeout, nullptr, 0);
}

}  // namespace

std::chrono::seconds patience() {
  static const double factor = [] {
    const char* text = std::getenv("ACCEPTSCOPE_TIME_FACTOR");
    return text == nullptr ? 1.0 : std::max(1.0, std::strtod(text, nullptr));
  }();
  return std::chrono::seconds(static_cast<long>(8 * factor));
}

void Step::reach(std::uint32_t value) {
  std::uint32_t now = word_.load();
  while (now < value && !word_.compare_exchange_weak(now, value)) {
  }
  futex(word_, FUTEX_WAKE, std::numeric_limits<int>::max(), nullptr);
}

std::uint32_t Step::advance() {
  const std::uint32_t value = word_.fetch_add(1) + 1;
  futex(word_, FUTEX_WAKE, std::numeric_limits<int>::max(), nullptr);
  return value;
}

void Step::wait_for_change(std::uint32_t value) const {
  const timespec tenth{.tv_sec = 0, .tv_nsec = 100'000'000};
  futex(word_, FUTEX_WAIT, value, &tenth);
}

void Step::wait(std::uint32_t value) const {
  const auto deadline = std::chrono::steady_clock::now() + patience();
  for (std::uint32_t now = get(); now < value; now = get()) {
    if (std::chrono::steady_clock::now() > deadline) throw Failure("the other side does not come to this step");
    wait_for_change(now);
  }
}

Ledger::Ledger(int fd) : fd_(fd) {
  if (fd_ < 0) {
    fd_ = static_cast<int>(syscall(SYS_memfd_create, "mix", 0));  // inherited by programs that are executed
    if (fd_ < 0 || ftruncate(fd_, sizeof(Pages)) != 0) fail_with_errno("memory for the truth");
  }
  void* memory = mmap(nullptr, sizeof(Pages), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (memory == MAP_FAILED) fail_with_errno("memory for the truth");
  pages_ = static_cast<Pages*>(memory);  // zeroes are the initial state of everything in it
}

std::span<Link> Ledger::links() {
  return std::span(pages_->links).first(std::min<std::size_t>(pages_->link_count.load(), kLinks));
}

std::uint32_t Ledger::add_service(const Service& service) {
  const std::uint32_t count = pages_->service_count.load();
  for (std::uint32_t i = 0; i < count; ++i) {
    const Service& known = pages_->services.at(i);
    if (known.scene == service.scene && known.netns == service.netns &&
        known.address.port() == service.address.port() && known.address.address() == service.address.address()) {
      return i;
    }
  }
  const std::uint32_t index = pages_->service_count.fetch_add(1);
  if (index >= kServices) throw Failure("more services than the ledger has room for");
  pages_->services.at(index) = service;
  return index;
}

Link& Ledger::add_link(std::uint32_t scene, std::uint32_t service) {
  const std::uint32_t index = pages_->link_count.fetch_add(1);
  if (index >= kLinks) throw Failure("more connections than the ledger has room for");
  Link& link = pages_->links.at(index);
  link.scene = scene;
  link.service = service;
  link.reasons = kWorkerExit;
  return link;
}

Link& Ledger::accepted_from(std::uint32_t service, const Endpoint& peer) {
  // The oldest one: a client that has gone leaves its port to another one, and both may wait in the queue.
  for (Link& link : links()) {
    const Fate fate = link.fate;
    if (link.service == service && link.client.length != 0 && link.client.port() == peer.port() && link.pid == 0 &&
        fate != Fate::kNeverAccepted && fate != Fate::kRefused && link.client.address() == peer.address()) {
      return link;
    }
  }
  throw Failure("a stranger connected: " + peer.address() + " port " + std::to_string(peer.port()));
}

void Ledger::close_held_by(pid_t pid, std::uint64_t from_ns, std::uint64_t to_ns) {
  for (Link& link : links()) {
    if (link.holder != pid || link.closed_ns != 0) continue;
    if (link.closing_ns == 0) link.closing_ns = from_ns;
    link.closer = pid;
    link.closed_ns = to_ns;
  }
}

}  // namespace workload::mix
