// SPDX-License-Identifier: BSD-2-Clause
// io_uring accepts into direct descriptors, which are in a table of the ring: no process has a file descriptor of the
// connection, and no walk finds it. The test itself is the server.
#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "abilities.hpp"
#include "listener.hpp"
#include "session.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope::test {
namespace {

using namespace std::chrono_literals;

enum class Slot { chosen_by_us, chosen_by_the_kernel, of_a_multishot };

/// A server that accepts with a ring of its own.
class DirectServer {
 public:
  /// Why this kernel cannot; empty if it can.
  [[nodiscard]] std::optional<std::string> problem() {
    if (ring_.error != 0) return std::string("this kernel has no io_uring: ") + std::strerror(-ring_.error);
    if (io_uring_register_files_sparse(&ring_.ring, 64) != 0) return "this kernel has no sparse tables of files";
    return std::nullopt;
  }
  [[nodiscard]] const Listener& listener() const { return listener_; }

  /// The slot of the accepted connection of a new client; negative: an errno.
  int accept_one(Slot how) {
    constexpr int kOurSlot = 40;
    io_uring_sqe* const entry = io_uring_get_sqe(&ring_.ring);
    switch (how) {
      case Slot::chosen_by_us: io_uring_prep_accept_direct(entry, listener_.fd(), nullptr, nullptr, 0, kOurSlot); break;
      case Slot::chosen_by_the_kernel:
        io_uring_prep_accept_direct(entry, listener_.fd(), nullptr, nullptr, 0, 0);
        entry->file_index = IORING_FILE_INDEX_ALLOC;  // liburing 2.3 makes 0 of it, which is a file descriptor
        break;
      case Slot::of_a_multishot:
        io_uring_prep_multishot_accept_direct(entry, listener_.fd(), nullptr, nullptr, 0);
        break;
    }
    io_uring_submit(&ring_.ring);
    clients_.push_back(connect_to(listener_.port()));
    const int result = wait();
    const int slot = how == Slot::chosen_by_us && result == 0 ? kOurSlot : result;
    client_of_[slot] = clients_.size() - 1;
    return slot;
  }
  /// Returns once the client sees the end: Linux 6.1 closes the connection later than the slot.
  void close(int slot) {
    io_uring_prep_close_direct(io_uring_get_sqe(&ring_.ring), static_cast<unsigned>(slot));
    io_uring_submit(&ring_.ring);
    EXPECT_EQ(wait(), 0);
    char byte = 0;
    EXPECT_EQ(recv(clients_[client_of_[slot]].get(), &byte, 1, 0), 0);
  }

 private:
  int wait() {
    io_uring_cqe* done = nullptr;
    if (io_uring_wait_cqe(&ring_.ring, &done) != 0) return -1;
    const int result = done->res;
    io_uring_cqe_seen(&ring_.ring, done);
    return result;
  }

  Listener listener_;
  Ring ring_;
  std::vector<UniqueFd> clients_;
  std::map<int, std::size_t> client_of_;  ///< by slot
};

class DirectDescriptors : public BackendTest {};

TEST_P(DirectDescriptors, AreOfTheProcessThatAccepted) {
  DirectServer server;
  if (const auto problem = server.problem()) GTEST_SKIP() << *problem;
  Tracer tracer(backend(), {"--port", server.listener().port_text()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const int first = server.accept_one(Slot::chosen_by_us);
  ASSERT_GE(first, 0) << std::strerror(-first);
  const int second = server.accept_one(Slot::chosen_by_the_kernel);
  ASSERT_GE(second, 0) << std::strerror(-second);
  ASSERT_GE(server.accept_one(Slot::of_a_multishot), 0);
  server.close(first);
  const Traced traced = tracer.stop();

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  if (programs_skipped(traced.dump) != 0) GTEST_SKIP() << "the kernel skipped programs";
  EXPECT_EQ(traced.dump["totals"]["accepts"], 3);
  EXPECT_EQ(traced.dump["totals"]["closes"], 1);
  EXPECT_EQ(traced.dump["losses"]["unattributed_accept"], 0);
  for (const json& record : traced.dump["connections"]) EXPECT_EQ(record["pid"], getpid()) << record;
}

INSTANTIATE_TEST_SUITE_P(, DirectDescriptors, all_backends(), backend_name);

class AcceptsThatNobodySees : public BackendTest {};

// Without the tracepoint of io_uring nothing tells who has such a connection; that it left the accept queue is seen.
TEST_P(AcceptsThatNobodySees, AreCountedForTheServiceAndSaidToBeNobodys) {
  DirectServer server;
  if (const auto problem = server.problem()) GTEST_SKIP() << *problem;
  Tracer tracer(backend(), {"--port", server.listener().port_text(), "--simulate-missing", "uring_trace", "--interval",
                            "100ms", "--duration", "4s"});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  for (int i = 0; i < 10; ++i) {
    const int slot = server.accept_one(Slot::chosen_by_the_kernel);
    ASSERT_GE(slot, 0) << std::strerror(-slot);
    if (i >= 8) server.close(slot);
  }
  const Traced traced = tracer.stop(std::nullopt);

  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  EXPECT_EQ(traced.dump["totals"]["accepts"], 10);
  EXPECT_EQ(traced.dump["totals"]["closes"], 2);
  EXPECT_EQ(traced.dump["totals"]["open"], 8);
  EXPECT_EQ(traced.dump["losses"]["unattributed_accept"], 10);
  const json& service = traced.dump["services"].at(0);
  EXPECT_EQ(service["accept_queue"]["waiting_now"], 0) << "they left the queue";
  EXPECT_EQ(service["verdict"]["code"], "not_told") << service["verdict"];
  EXPECT_EQ(traced.dump["consistency"]["broken"], json::array());
}

INSTANTIATE_TEST_SUITE_P(, AcceptsThatNobodySees, testing::Values("tracepoint"), backend_name);

}  // namespace
}  // namespace acceptscope::test
