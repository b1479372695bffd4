// SPDX-License-Identifier: BSD-2-Clause
#include "capture/unix_listeners.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "unit/capture/fake_proc.hpp"

namespace acceptscope {
namespace {

using namespace std::chrono_literals;
using testing::FakeProc;

/// Processes with a table of Unix sockets as kernel 6.18 prints it: a listening one, a connection of it, one without a
/// name, and an abstract one that listens.
class Host {
 public:
  void process(std::uint32_t pid, const std::string& comm, const std::vector<int>& sockets) const {
    const std::string directory = proc_.add_holder(pid, comm, sockets);
    std::filesystem::create_directories(directory + "/net");
    std::ofstream(directory + "/net/unix")
        << "Num       RefCount Protocol Flags    Type St Inode Path\n"
           "0000000000000000: 00000002 00000000 00010000 0001 01 811 /run/my app.sock\n"
           "0000000000000000: 00000003 00000000 00000000 0001 03 812 /run/my app.sock\n"
           "0000000000000000: 00000002 00000000 00010000 0001 01 813\n"
           "0000000000000000: 00000002 00000000 00010000 0001 01 814 @abstract\n";
  }
  [[nodiscard]] const std::string& root() const { return proc_.root(); }

 private:
  FakeProc proc_;
};

TEST(UnixListeners, AreThoseOfTheSelectedProcessesByPath) {
  const Host host;
  host.process(12, "app", {811, 812});
  host.process(11, "app", {811, 813});
  host.process(13, "other", {814});
  const auto app = [](std::uint32_t, const std::string& comm) { return comm == "app"; };
  const auto anybody = [](std::uint32_t, const std::string&) { return true; };

  EXPECT_THAT(unix_listeners(host.root(), app, 10s),
              ::testing::ElementsAre(UnixListener{"/run/my app.sock", 11, "app", 2}));
  EXPECT_THAT(unix_listeners(host.root(), anybody, 10s),
              ::testing::ElementsAre(UnixListener{"/run/my app.sock", 11, "app", 2},
                                     UnixListener{"@abstract", 13, "other", 1}));
  EXPECT_THAT(unix_listeners(host.root(), anybody, 0s), ::testing::IsEmpty());
}

}  // namespace
}  // namespace acceptscope
