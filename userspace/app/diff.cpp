// SPDX-License-Identifier: BSD-2-Clause
#include "app/diff.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "app/app.hpp"
#include "app/dump_file.hpp"
#include "app/terminal.hpp"
#include "output/html/html.hpp"
#include "output/json/json.hpp"
#include "util/output_file.hpp"
#include "util/version.hpp"

namespace acceptscope {
namespace {

int failed(const Error& error) {
  complain(error.message());
  return kExitFailed;
}

Result<void> print_json(const Diff& diff) {
  Result<OutputFile> out = OutputFile::open("-", "the comparison");
  if (!out) return tl::unexpected(out.error());
  const Result<void> written = out->write(diff_json(diff));
  return written ? out->commit() : written;
}

/// Says which conditions hold where the text did not.
void report(const Diff& diff) {
  for (const ConditionOutcome& outcome : diff.conditions)
    if (outcome.holds.value_or(false))
      complain(outcome.condition + " holds for " + outcome.endpoint.to_string() + ": " + outcome.figures);
}

}  // namespace

int run_diff(const cli::Options& options) {
  Result<std::optional<OutputFile>> page = open_page(options.html);
  if (!page) return failed(page.error());
  HtmlOptions html;
  const std::size_t most_connections = *page ? html.max_lanes : 0;
  const Result<LoadedDump> before = load_dump(options.files[0], most_connections);
  if (!before) return failed(before.error());
  const Result<LoadedDump> after = load_dump(options.files[1], most_connections);
  if (!after) return failed(after.error());
  Diff diff = compare(before->snapshot, after->snapshot);
  diff.tool.version = version();
  diff.conditions = check(options.fail_if, before->snapshot, after->snapshot, diff);

  const bool page_only = options.html && is_standard_output(*options.html);
  if (!page_only) {
    PlainView view(STDOUT_FILENO, options, /*host_netns=*/0);
    const Result<void> shown = options.json ? print_json(diff) : view.close(diff);
    if (!shown) return failed(shown.error());
  }
  if (*page) {
    html.left_out_before = before->left_out;
    html.left_out = after->left_out;
    const Result<void> written = write_page(**page, render_html_diff(before->snapshot, after->snapshot, diff, html));
    if (!written) return failed(written.error());
  }
  if (options.json || page_only) report(diff);
  if (!options.fail_if.empty() && after->snapshot.services.empty())
    return failed({"--fail-if has nothing to judge: AFTER has no service", {}, "was there traffic?"});
  const bool holds = std::any_of(diff.conditions.begin(), diff.conditions.end(),
                                 [](const ConditionOutcome& outcome) { return outcome.holds.value_or(false); });
  return holds ? kExitCondition : kExitOk;
}

}  // namespace acceptscope
