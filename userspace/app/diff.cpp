// SPDX-License-Identifier: BSD-2-Clause
#include "app/diff.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "app/app.hpp"
#include "app/dump_file.hpp"
#include "app/outputs.hpp"
#include "app/terminal/plain_view.hpp"
#include "app/texts.hpp"
#include "output/json/json.hpp"
#include "util/version.hpp"

namespace acceptscope {
namespace {

/// Reports the conditions that hold, if the text did not.
void report(const Diff& diff) {
  for (const ConditionOutcome& outcome : diff.conditions)
    if (outcome.holds.value_or(false))
      complain(outcome.condition + " holds for " + outcome.endpoint.to_string() + ": " + outcome.figures);
}

}  // namespace

int run_diff(const cli::Options& options) {
  Result<Outputs> outputs = Outputs::open(options);
  if (!outputs) return complain(outputs.error());
  const Result<LoadedDump> before = load_dump(options.files[0], outputs->most_connections());
  if (!before) return complain(before.error());
  const Result<LoadedDump> after = load_dump(options.files[1], outputs->most_connections());
  if (!after) return complain(after.error());
  Result<Diff> compared = compare(before->snapshot, after->snapshot, options.pairs);
  if (!compared) return complain(compared.error());
  Diff diff = *std::move(compared);
  diff.tool.version = version();
  diff.conditions = check(options.fail_if, before->snapshot, after->snapshot, diff);

  int status = kExitOk;
  const bool text = !outputs->take_standard_output();
  if (text) {
    PlainView view(STDOUT_FILENO, options, /*host_netns=*/0);
    const Result<void> shown = options.json ? print_text(diff_json(diff), "the comparison") : view.close(diff);
    if (!shown) status = complain(shown.error());
  }
  for (const Error& error : outputs->write(before->picture(), after->picture(), diff)) status = complain(error);
  if (status != kExitOk) return status;
  if (options.json || !text) report(diff);
  if (!options.fail_if.empty() && after->snapshot.services.empty())
    return complain(Error{"--fail-if has nothing to check: AFTER has no service", {}, "was there traffic?"});
  const bool holds = std::any_of(diff.conditions.begin(), diff.conditions.end(),
                                 [](const ConditionOutcome& outcome) { return outcome.holds.value_or(false); });
  return holds ? kExitCondition : kExitOk;
}

}  // namespace acceptscope
