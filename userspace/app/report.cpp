// SPDX-License-Identifier: BSD-2-Clause
#include "app/report.hpp"

#include <unistd.h>

#include "app/app.hpp"
#include "app/dump_file.hpp"
#include "app/terminal.hpp"
#include "output/html/html.hpp"

namespace acceptscope {
namespace {

int failed(const Error& error) {
  complain(error.message());
  return kExitFailed;
}

}  // namespace

int run_report(const cli::Options& options) {
  Result<std::optional<OutputFile>> page = open_page(options.html);
  if (!page) return failed(page.error());
  HtmlOptions html;
  const Result<LoadedDump> dump = load_dump(options.files.front(), *page ? html.max_lanes : 0);
  if (!dump) return failed(dump.error());
  if (!options.html || !is_standard_output(*options.html)) {
    PlainView view(STDOUT_FILENO, options, /*host_netns=*/0);
    if (const Result<void> shown = view.close(dump->snapshot); !shown) return failed(shown.error());
  }
  if (!*page) return kExitOk;
  html.left_out = dump->left_out;
  const Result<void> written = write_page(**page, render_html(dump->snapshot, html));
  return written ? kExitOk : failed(written.error());
}

}  // namespace acceptscope
