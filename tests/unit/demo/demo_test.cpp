// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "demo/client.hpp"
#include "demo/prefork_server.hpp"
#include "demo/process.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope::demo {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

UniqueFd connect_to(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

/// The response to `request`, which is short enough to come whole.
std::string ask(int fd, std::string_view request) {
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  std::array<char, 1024> bytes{};
  const ssize_t n = ::recv(fd, bytes.data(), bytes.size(), 0);
  return {bytes.data(), static_cast<std::size_t>(n > 0 ? n : 0)};
}

/// The pid in "... worker 123\n"; 0 if there is none.
pid_t worker_in(const std::string& response) {
  const auto at = response.rfind("worker ");
  return at == std::string::npos ? 0 : std::stoi(response.substr(at + 7));
}

bool exists(pid_t pid) { return ::kill(pid, 0) == 0; }

/// Whether `pid` exits within a time limit that only a failure reaches. Zombies count as exited: the demo is not
/// responsible for reaping an orphan.
bool is_soon_gone(pid_t pid) {
  for (int i = 0; i < 1000 && exists(pid); ++i) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(stat), {}};
    if (text.find(") Z ") != std::string::npos) return true;
    std::this_thread::sleep_for(milliseconds{5});
  }
  return !exists(pid);
}

TEST(DemoServer, AWorkerAnswersOverOneConnectionUntilItIsClosed) {
  const auto server = DemoServer::start(3);
  ASSERT_TRUE(server) << server.error().message().raw();
  EXPECT_EQ(server->worker_pids().size(), 3u);
  const UniqueFd fd = connect_to(server->port());

  const std::string first = ask(fd.get(), "GET / HTTP/1.1\r\n\r\n");
  const std::string last = ask(fd.get(), "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");

  EXPECT_THAT(first, testing::AllOf(testing::StartsWith("HTTP/1.1 200 OK\r\n"), testing::HasSubstr("keep-alive")));
  EXPECT_THAT(last, testing::HasSubstr("Connection: close"));
  EXPECT_THAT(server->worker_pids(), testing::Contains(worker_in(first)));
  EXPECT_EQ(worker_in(first), worker_in(last));
  EXPECT_EQ(ask(fd.get(), "GET / HTTP/1.1\r\n\r\n"), "");
}

TEST(DemoServer, ItsWorkersEndWithIt) {
  std::vector<pid_t> pids;
  {
    auto server = DemoServer::start(2);
    ASSERT_TRUE(server);
    const DemoServer moved = std::move(*server);
    pids = moved.worker_pids();
    for (const pid_t pid : pids) EXPECT_TRUE(exists(pid));
  }

  for (const pid_t pid : pids) EXPECT_FALSE(exists(pid));
}

TEST(DemoServer, ItsWorkersEndWithAParentThatIsKilled) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    const auto server = DemoServer::start(1);
    const pid_t worker = server ? server->worker_pids().front() : 0;
    if (::write(ends[1], &worker, sizeof worker) > 0) ::pause();
    ::_exit(1);
  }
  ::close(ends[1]);
  pid_t worker = 0;
  ASSERT_EQ(::read(ends[0], &worker, sizeof worker), static_cast<ssize_t>(sizeof worker));
  ::close(ends[0]);
  ASSERT_GT(worker, 0);

  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);

  EXPECT_TRUE(is_soon_gone(worker));
}

TEST(DemoServer, RefusesToRunWithoutWorkers) {
  EXPECT_EQ(DemoServer::start(0).error().message().raw(), "the demo cannot run 0 workers (1 to 256)");
}

class DemoClient : public testing::TestWithParam<ClientKind> {};

TEST_P(DemoClient, EndsByItselfAfterItsTime) {
  const auto server = DemoServer::start(2);
  ASSERT_TRUE(server);

  const auto pid = start_client(GetParam(), server->port(), milliseconds{200});
  ASSERT_TRUE(pid) << pid.error().message().raw();
  int status = -1;
  ASSERT_EQ(::waitpid(*pid, &status, 0), *pid);

  EXPECT_EQ(status, 0);
}

TEST_P(DemoClient, CanBeEndedEarly) {
  const auto server = DemoServer::start(2);
  ASSERT_TRUE(server);
  const auto pid = start_client(GetParam(), server->port(), seconds{600});
  ASSERT_TRUE(pid);

  end_process(*pid);

  EXPECT_FALSE(exists(*pid));
}

INSTANTIATE_TEST_SUITE_P(Kinds, DemoClient, testing::Values(ClientKind::pinned, ClientKind::spread),
                         [](const auto& kind) { return kind.param == ClientKind::pinned ? "Pinned" : "Spread"; });

}  // namespace
}  // namespace acceptscope::demo
