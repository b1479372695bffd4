// SPDX-License-Identifier: BSD-2-Clause
#include "app/report.hpp"

#include <unistd.h>

#include "app/app.hpp"
#include "app/dump_file.hpp"
#include "app/terminal.hpp"

namespace acceptscope {

int run_report(const cli::Options& options) {
  const Result<Snapshot> snapshot = load_dump(options.files.front());
  if (!snapshot) {
    complain(snapshot.error().message());
    return kExitFailed;
  }
  PlainView view(STDOUT_FILENO, options, /*host_netns=*/0);
  if (const Result<void> shown = view.close(*snapshot); !shown) {
    complain(shown.error().message());
    return kExitFailed;
  }
  return kExitOk;
}

}  // namespace acceptscope
