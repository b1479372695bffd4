// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>

#include "output/html/html.hpp"
#include "unit/output/serving_sample.hpp"

namespace acceptscope {
namespace {

using testing::HasSubstr;
using testing::Not;

Snapshot pinned() { return sample::snapshot({sample::pinned_service()}); }

std::string render(const Snapshot& before, const Snapshot& after) {
  return render_html_diff(before, after, compare(before, after));
}

TEST(RenderHtmlDiff, SaysFirstWhatBecameOfIt) {
  const Diff diff = compare(pinned(), sample::uneven());
  const std::string page = render_html_diff(pinned(), sample::uneven(), diff);
  ASSERT_EQ(diff.services.size(), 1U);
  EXPECT_LT(page.find(diff.services[0].verdict.summary.raw().substr(0, 20)), page.find("<figure"));
  for (const FigureChange& change : diff.services[0].figures)
    EXPECT_THAT(page, HasSubstr(">" + change.figure + "</th>"));
}

TEST(RenderHtmlDiff, DrawsBothSides) {
  const std::string page = render(pinned(), sample::uneven());
  EXPECT_THAT(page, HasSubstr("<h3>Connections per worker, before</h3>"));
  EXPECT_THAT(page, HasSubstr("<h3>Connections per worker, after</h3>"));
  EXPECT_THAT(page, HasSubstr("<h3>Before: <span class=\"badge critical\">"));
  EXPECT_THAT(page, HasSubstr("<h3>After: <span class=\"badge warning\">"));
}

TEST(RenderHtmlDiff, DrawsTheRequestsOfASideThatCountedThem) {
  Snapshot before = pinned();
  before.services[0].requests.reset();
  const std::string page = render(before, sample::serving());
  for (const std::string_view title : {"Busy by worker and time", "Response times", "Requests per connection"}) {
    EXPECT_THAT(page, HasSubstr("<h3>" + std::string(title) + ", after</h3>"));
    EXPECT_THAT(page, Not(HasSubstr("<h3>" + std::string(title) + ", before</h3>")));
  }
  EXPECT_THAT(page, HasSubstr("Requests were not counted in BEFORE."));
}

TEST(RenderHtmlDiff, GivesTheSameBytesForTheSameDumps) {
  EXPECT_EQ(render(pinned(), sample::uneven()), render(pinned(), sample::uneven()));
}

TEST(RenderHtmlDiff, NamesServicesThatOneDumpHasAndConditions) {
  Snapshot after = sample::complete();
  Diff diff = compare(pinned(), after);
  diff.conditions = {{"workers_idle>4", sample::endpoint("0.0.0.0", 8000), true, "workers_idle 5"}};
  const std::string page = render_html_diff(pinned(), after, diff);
  EXPECT_THAT(page, HasSubstr("Only in AFTER: [::1]:9000"));
  EXPECT_THAT(page, HasSubstr("<strong>✖ FAIL</strong> 0.0.0.0:8000  workers_idle&gt;4: workers_idle 5"));
}

TEST(RenderHtmlDiff, LetsNothingFromADumpBecomeMarkup) {
  Snapshot before = pinned();
  before.host.hostname = before.services[0].verdict.summary = before.services[0].workers[0].comm =
      "</p><img src=x onerror=alert(1)>\x1b[2J";
  const std::string page = render(before, before);
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
}

TEST(RenderHtmlDiff, OfDumpsWithNothingInCommonSaysSo) {
  EXPECT_THAT(render(Snapshot{}, sample::complete()), HasSubstr("No service is in both dumps"));
}

}  // namespace
}  // namespace acceptscope
