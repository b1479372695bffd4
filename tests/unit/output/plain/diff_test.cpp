// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "model/condition.hpp"
#include "output/json/json.hpp"
#include "output/json/schema.hpp"
#include "output/plain/diff.hpp"
#include "text/escape.hpp"
#include "unit/output/golden.hpp"
#include "unit/output/sample.hpp"

namespace acceptscope {
namespace {

using testing::HasSubstr;

/// Eight workers with a pool on three of them before, and a connection each after; another service only after.
Diff sample_diff() {
  Snapshot before = sample::snapshot({sample::pinned_service()});
  std::vector<WorkerRow> workers;
  for (std::uint32_t pid = 5'001; pid <= 5'008; ++pid) workers.push_back(sample::worker(pid, 50 + pid % 3, 1));
  ServiceRow spread = sample::service("0.0.0.0", 8000, std::move(workers));
  spread.effective_workers.fair_p01 = 7.6;
  const Snapshot after = sample::snapshot({spread, sample::service("::1", 9000, {sample::worker(80, 2, 0)})});
  Diff diff = compare(before, after);
  diff.tool.version = "0.1.0";
  diff.conditions = check({parse_condition("workers_idle>0").value(), parse_condition("accept_wait_p95>100us").value(),
                           parse_condition("change.lifetime_p50>1s").value()},
                          before, after, diff);
  return diff;
}

TEST(DiffText, NoLineIsLongerThanTheWidth) {
  for (std::size_t width = 60; width <= 120; ++width) {
    std::istringstream lines(render_diff(sample_diff(), {.width = width, .final = true}));
    for (std::string line; std::getline(lines, line);) ASSERT_LE(display_width(line), width) << line;
  }
}

TEST(DiffText, WholeText) { expect_golden("diff.txt", render_diff(sample_diff(), {.width = 120, .final = true})); }

TEST(DiffText, InAscii) {
  const std::string text = render_diff(sample_diff(), {.width = 100, .ascii = true, .final = true});
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }))
      << text;
}

TEST(DiffText, HostileHostNamesAreEscaped) {
  Diff diff = sample_diff();
  diff.before.hostname = "web\x1b[31m";
  EXPECT_THAT(render_diff(diff, {.width = 100, .final = true}), HasSubstr("before  web\\x1b[31m, "));
}

TEST(DiffText, OfDumpsWithNothingInCommon) {
  const std::string text = render_diff(compare(sample::snapshot({}), sample::uneven()), {.width = 100, .final = true});
  EXPECT_THAT(text, HasSubstr("No service is in both dumps.\n"));
  EXPECT_THAT(text, HasSubstr("Only in AFTER: 0.0.0.0:8000, 1,204 connections\n"));
}

TEST(DiffJson, HasWhatTheTextHas) {
  const nlohmann::json json = nlohmann::json::parse(diff_json(sample_diff()));

  EXPECT_EQ(json["services"][0]["verdict"]["code"], "fixed");
  EXPECT_EQ(json["services"][0]["figures"][0]["figure"], "workers");
  EXPECT_EQ(json["only_after"][0]["port"], 9000);
  EXPECT_EQ(json["conditions"][1]["holds"], true);
  EXPECT_EQ(json["conditions"][2]["holds"], nullptr);
}

}  // namespace
}  // namespace acceptscope
