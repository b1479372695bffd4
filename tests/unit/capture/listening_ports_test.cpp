// SPDX-License-Identifier: BSD-2-Clause
#include "capture/listening_ports.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "unit/capture/fake_proc.hpp"

namespace acceptscope {
namespace {

using namespace std::chrono_literals;
using testing::FakeProc;

/// A /proc with uvicorn's two processes on port 8000, and sshd on 22 by IPv6.
class Host {
 public:
  Host() {
    // Of a kernel 6.18; the second socket is a connection.
    table(
        "tcp",
        "   0: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 811 1 0 100 0 0 10 0\n"
        "   1: 0100007F:1F40 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 812 1 0 20 4 30 10 -1\n");
    table("tcp6",
          "   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 "
          "00:00000000 00000000     0        0 900 1 0 100 0 0 10 0\n");
    static_cast<void>(proc_.add_holder(10, "uvicorn", {811, 812}));
    static_cast<void>(proc_.add_holder(11, "uvicorn", {811}));
    static_cast<void>(proc_.add_holder(12, "sshd", {900}));
    static_cast<void>(proc_.add_holder(13, "cat", {}));
  }
  [[nodiscard]] const std::string& root() const { return proc_.root(); }

 private:
  void table(const std::string& name, const std::string& lines) {
    std::filesystem::create_directories(root() + "/self/net");
    std::ofstream(root() + "/self/net/" + name) << "  sl  local_address rem_address   st ...\n" << lines;
  }
  FakeProc proc_;
};

TEST(ListeningInstead, TellsWhereOthersListen) {
  const Host host;
  const auto others = listening_instead(host.root(), *PortSet::parse("9999"), {}, 10s);
  ASSERT_TRUE(others.has_value());
  EXPECT_THAT(*others, ::testing::ElementsAre(ListeningPort{8000, "uvicorn", 2, {"0.0.0.0"}},
                                              ListeningPort{22, "sshd", 1, {"::"}}));
}

TEST(ListeningInstead, IsEmptyIfSomebodyListensOrNoPortWasNamed) {
  const Host host;
  EXPECT_EQ(listening_instead(host.root(), *PortSet::parse("8000-8010"), {}, 10s), std::nullopt);
  EXPECT_EQ(listening_instead(host.root(), *PortSet::parse("22"), {}, 10s), std::nullopt);
  EXPECT_EQ(listening_instead(host.root(), {}, {}, 10s), std::nullopt);
}

TEST(ListeningInstead, KnowsThePortsThoughThereWasNoTimeForTheProcesses) {
  const Host host;
  EXPECT_THAT(*listening_instead(host.root(), *PortSet::parse("9999"), {}, 0s),
              ::testing::ElementsAre(ListeningPort{22, {}, 0, {"::"}}, ListeningPort{8000, {}, 0, {"0.0.0.0"}}));
}

}  // namespace
}  // namespace acceptscope
