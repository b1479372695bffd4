// SPDX-License-Identifier: BSD-2-Clause
#include "app/app.hpp"

#include <csignal>
#include <cstdio>

#include "app/demo.hpp"
#include "app/diff.hpp"
#include "app/doctor.hpp"
#include "app/report.hpp"
#include "app/terminal/charset.hpp"
#include "app/texts.hpp"
#include "app/trace.hpp"
#include "text/escape.hpp"

namespace acceptscope {

void complain(const OutsideText& message) { std::fprintf(stderr, "acceptscope: %s\n", escape_text(message).c_str()); }

int complain(const Error& error) {
  complain(error.message());
  return kExitFailed;
}

int run(const cli::Options& options) {
  use_charset_of_environment();
  std::signal(SIGPIPE, SIG_IGN);  // report a closed pipe as an error instead of exiting without a dump
  switch (options.command) {
    case cli::Command::trace: return run_trace(options).exit_status;
    case cli::Command::demo: return run_demo(options);
    case cli::Command::doctor: return run_doctor(options);
    case cli::Command::report: return run_report(options);
    case cli::Command::diff: return run_diff(options);
    case cli::Command::help: return run_help(options);
    case cli::Command::schema: return run_schema(options);
    case cli::Command::completion: return run_completion(options);
  }
  return kExitFailed;
}

}  // namespace acceptscope
