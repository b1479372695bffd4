// SPDX-License-Identifier: BSD-2-Clause
#include "app/diff.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "app/app.hpp"
#include "app/dump_file.hpp"
#include "app/terminal.hpp"
#include "output/json.hpp"
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
  const Result<Snapshot> before = load_dump(options.files[0]);
  if (!before) return failed(before.error());
  const Result<Snapshot> after = load_dump(options.files[1]);
  if (!after) return failed(after.error());
  Diff diff = compare(*before, *after);
  diff.tool.version = version();
  diff.conditions = check(options.fail_if, *before, *after, diff);

  PlainView view(STDOUT_FILENO, options, /*host_netns=*/0);
  const Result<void> shown = options.json ? print_json(diff) : view.close(diff);
  if (!shown) return failed(shown.error());
  if (options.json) report(diff);
  if (!options.fail_if.empty() && after->services.empty())
    return failed({"--fail-if has nothing to judge: AFTER has no service", {}, "was there traffic?"});
  const bool holds = std::any_of(diff.conditions.begin(), diff.conditions.end(),
                                 [](const ConditionOutcome& outcome) { return outcome.holds.value_or(false); });
  return holds ? kExitCondition : kExitOk;
}

}  // namespace acceptscope
