// SPDX-License-Identifier: BSD-2-Clause
#include "capture/wait_functions.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "fake_proc.hpp"

namespace acceptscope {
namespace {

WaitFunctions read(const std::string& text) {
  const testing::FakeProc proc;
  const std::string path = proc.root() + "/kallsyms";
  std::ofstream(path, std::ios::binary) << text;
  return read_wait_functions(path);
}

TEST(WaitFunctions, AreFoundByTheirWholeNames) {
  const WaitFunctions found = read(
      "ffffffff816f6c00 t do_pollwake\n"
      "ffffffff816f6d00 t pollwake\n"
      "ffffffff816f6e00 t pollwake_not\n"
      "ffffffff81750750 t ep_poll_callback\n"
      "ffffffff81b93be0 t io_poll_wake\n");

  EXPECT_TRUE(found.known());
  EXPECT_EQ(found.poll, 0xffffffff816f6d00u);
  EXPECT_EQ(found.epoll, 0xffffffff81750750u);
  EXPECT_EQ(found.uring[0], 0xffffffff81b93be0u);
  EXPECT_EQ(found.uring[1], 0u);
}

TEST(WaitFunctions, HiddenAddressesAreNotKnown) {
  EXPECT_FALSE(read("0000000000000000 t pollwake\n0000000000000000 t ep_poll_callback\n").known());
  EXPECT_FALSE(read("").known());
  EXPECT_FALSE(read_wait_functions("/nonexistent").known());
}

}  // namespace
}  // namespace acceptscope
