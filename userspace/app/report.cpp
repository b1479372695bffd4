// SPDX-License-Identifier: BSD-2-Clause
#include "app/report.hpp"

#include <unistd.h>

#include "app/app.hpp"
#include "app/dump_file.hpp"
#include "app/outputs.hpp"
#include "app/terminal/plain_view.hpp"

namespace acceptscope {

int run_report(const cli::Options& options) {
  Result<Outputs> outputs = Outputs::open(options);
  if (!outputs) return complain(outputs.error());
  const Result<LoadedDump> dump = load_dump(options.files.front(), outputs->most_connections());
  if (!dump) return complain(dump.error());
  int status = kExitOk;
  if (!outputs->take_standard_output()) {
    PlainView view(STDOUT_FILENO, options, /*host_netns=*/0);
    if (const Result<void> shown = view.close(dump->snapshot); !shown) status = complain(shown.error());
  }
  for (const Error& error : outputs->write(dump->picture())) status = complain(error);
  return status;
}

}  // namespace acceptscope
