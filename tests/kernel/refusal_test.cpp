// SPDX-License-Identifier: BSD-2-Clause
// Kernels without any usable backend: the program and doctor both exit with status 3 and the reason.
#include <fmt/format.h>
#include <unistd.h>

#include "abilities.hpp"
#include "session.hpp"

namespace acceptscope::test {
namespace {

class Refusal : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
  }

  /// Runs the program through `launcher`, tracing and as doctor; expects that both refuse with `reason`.
  static void expect_refusal(const Arguments& launcher, const std::string& reason) {
    for (const Arguments& arguments : {Arguments{"--view", "none", "--duration", "1"}, Arguments{"doctor"}}) {
      Arguments command = launcher;
      command.push_back(acceptscope_path());
      command.insert(command.end(), arguments.begin(), arguments.end());
      const Finished finished = run(command);
      SCOPED_TRACE(arguments.back() + ": " + finished.output + finished.errors);
      EXPECT_EQ(finished.exit_status, 3);
      EXPECT_NE((finished.output + finished.errors).find(reason), std::string::npos);
    }
  }
};

TEST_F(Refusal, WithoutTypeInformation) {
  // Hides the kernel's BTF in a mount namespace that ends with the command.
  expect_refusal({"unshare", "--mount", "sh", "-ec", R"(mount -t tmpfs none /sys/kernel/btf; exec "$@")", "sh"},
                 "this kernel gives no type information (BTF)");
}

TEST_F(Refusal, WithoutRingBuffers) {
  if (const auto reason = takes_no_preloaded_library(acceptscope_path())) GTEST_SKIP() << *reason;
  // In sanitizer builds, the preload library precedes the sanitizer runtime: disable the check of that order.
  expect_refusal({"env", "ASAN_OPTIONS=verify_asan_link_order=0", std::string("LD_PRELOAD=") + NO_RING_BUFFER},
                 "this kernel has no BPF ring buffer");
}

}  // namespace
}  // namespace acceptscope::test
