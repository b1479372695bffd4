// SPDX-License-Identifier: BSD-2-Clause
#include <cstdio>
#include <new>
#include <variant>

#include "app/app.hpp"
#include "cli/options.hpp"

int main(int argc, char** argv) try {
  using namespace acceptscope;
  const auto parsed = cli::parse(argc, argv);
  if (const auto* exit_now = std::get_if<cli::ExitNow>(&parsed)) {
    std::fputs(exit_now->text.c_str(), exit_now->to_stderr ? stderr : stdout);
    return exit_now->status;
  }
  return run(std::get<cli::Options>(parsed));
} catch (const std::bad_alloc&) {
  // Caught here, so that all destructors have run: terminal, temporary files and kernel are cleaned up.
  std::fputs("acceptscope: out of memory (allow it more, or lower --max-connections and --dump-connections)\n", stderr);
  return acceptscope::kExitFailed;
}
