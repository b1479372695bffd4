// SPDX-License-Identifier: BSD-2-Clause
#include "output/markdown/markdown.hpp"

#include <gmock/gmock.h>

#include "unit/output/golden.hpp"
#include "unit/output/sample.hpp"

namespace acceptscope {
namespace {

using testing::HasSubstr;
using testing::Not;

const TextOptions kOptions{.final = true, .host_netns = sample::kHostNetns};

TEST(Markdown, Summary) { expect_golden("summary.md", render_markdown(sample::uneven(), kOptions)); }

TEST(Markdown, SummaryWithEverything) {
  expect_golden("summary_complete.md", render_markdown(sample::complete(), kOptions));
}

TEST(Markdown, Comparison) {
  const Diff diff = compare(sample::snapshot({sample::pinned_service()}), sample::uneven());
  expect_golden("diff.md", render_markdown_diff(diff, kOptions));
}

TEST(Markdown, TheWidthDoesNotMatter) {
  TextOptions narrow = kOptions;
  narrow.width = 40;
  EXPECT_EQ(render_markdown(sample::complete(), narrow), render_markdown(sample::complete(), kOptions));
}

TEST(Markdown, TextStaysText) {
  EXPECT_EQ(markdown_escape("a|b"), "a\\|b");
  EXPECT_EQ(markdown_escape("*a* _b_ `c` [d](e) <f> &amp; ~~g~~"),
            "\\*a\\* \\_b\\_ \\`c\\` \\[d\\](e) \\<f\\> \\&amp; \\~\\~g\\~\\~");
  EXPECT_EQ(markdown_escape("- a"), "\\- a");
  EXPECT_EQ(markdown_escape("12. a"), "12\\. a");
  EXPECT_EQ(markdown_escape("12.5 % - 7"), "12.5 % - 7");
  EXPECT_EQ(markdown_escape("127.0.0.1:8000"), "127.0.0.1:8000");
  EXPECT_EQ(markdown_escape("http://x www.y"), "http\\://x www<!-- -->.y");
  EXPECT_EQ(markdown_escape("@everybody"), "@<!-- -->everybody");
}

TEST(Markdown, NamesFromOutsideAreEscaped) {
  Snapshot s = sample::uneven();
  s.services[0].workers[0].comm = "</td>|`*\n";
  s.services[0].workers[0].cmdline.reset();
  s.host.hostname = "<b>@all\x1b[31m";
  const std::string text = render_markdown(s, kOptions);
  EXPECT_THAT(text, HasSubstr("\\</td\\>\\|\\`\\*\\\\n"));
  EXPECT_THAT(text, HasSubstr("\\<b\\>@<!-- -->all\\\\x1b\\[31m"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Markdown, NothingAccepted) {
  EXPECT_THAT(render_markdown(sample::snapshot({}), kOptions), HasSubstr("\n\nNothing was accepted in 60.0 s"));
}

}  // namespace
}  // namespace acceptscope
