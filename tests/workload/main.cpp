// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "conductor.hpp"
#include "options.hpp"

namespace {

void tell(workload::Conductor& conductor, const char* phase) {
  fmt::print("{}\n", conductor.document(phase).dump());
  std::fflush(stdout);
}

/// Prints the ground truth so far and waits for a line; end of file means that the reader is gone.
void tell_and_wait(workload::Conductor& conductor, const char* phase) {
  tell(conductor, phase);
  std::string line;
  if (!std::getline(std::cin, line)) throw workload::Failure("standard input ended");
}

}  // namespace

int main(int argc, char** argv) {
  const workload::Options options = workload::parse_options(argc, argv);
  try {
    workload::Conductor conductor(options);
    conductor.prepare();
    if (options.interactive) tell_and_wait(conductor, "ready");
    conductor.start_traffic();
    if (options.interactive && options.gate) tell_and_wait(conductor, "queued");
    conductor.complete_traffic();
    if (options.interactive) tell_and_wait(conductor, "traffic_done");
    conductor.finish();
    tell(conductor, "finished");
  } catch (const std::exception& error) {
    fmt::print(stderr, "workload: {}\n", error.what());
    return 1;  // workers and client exit too: they requested SIGKILL on their parent's death
  }
  return 0;
}
