// SPDX-License-Identifier: BSD-2-Clause
#include "manual/manual.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "cli/option_table.hpp"
#include "manual/completion.hpp"
#include "text/escape.hpp"

namespace acceptscope::manual {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const Page kPage{"a-page",
                 "8",
                 "what it is for",
                 {{"topic", "A TITLE", {Paragraph{"Use `--an-option`, it's \\ quick. Then rest."}}}}};

TEST(Roff, EscapesWhatItWouldInterpret) {
  const std::string text = roff(kPage);
  EXPECT_THAT(text, HasSubstr("\n.TH A\\-PAGE 8 "));
  EXPECT_THAT(text, HasSubstr("\n.SH A TITLE\nUse \\fB\\-\\-an\\-option\\fR, it\\(aqs \\e quick.\nThen rest.\n"));
}

TEST(Roff, NoTextLineBeginsLikeARequest) {
  Page page = kPage;
  page.sections[0].blocks = {Code{".PP\n'x\n"}, Items{{"`.SH`", "..."}}, Paragraph{"\u2265 1"}};
  const std::string text = roff(page);
  EXPECT_THAT(text, HasSubstr("\\&.PP\n\\(aqx\n"));
  EXPECT_THAT(text, HasSubstr(".TP\n\\fB.SH\\fR\n\\&...\n"));
  EXPECT_THAT(text, HasSubstr("\\[u2265] 1\n"));
}

TEST(ManualText, IsNeverWiderThanTheTerminal) {
  for (const std::string_view topic : topics())
    for (const std::size_t width : {40U, 80U, 200U})
      for (const StyledLine& line : lines(*section_about(topic), width, false))
        EXPECT_LE(line.width(), width) << topic << ": " << line.text(false);
}

TEST(ManualText, InAscii) {
  for (const std::string_view topic : topics())
    for (const StyledLine& line : lines(*section_about(topic), 80, true)) {
      const std::string text = line.text(false);
      EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; })) << topic << ": " << text;
    }
}

TEST(Manual, HasEveryOptionButThoseForTests) {
  std::string text;
  for (const StyledLine& line : lines(*section_about("options"), 1'000, false)) text += line.text(false) + '\n';
  for (const cli::OptionRow& row : cli::option_table()) {
    if (row.group == cli::Group::hidden)
      EXPECT_THAT(text, Not(HasSubstr(std::string(row.long_name))));
    else
      EXPECT_THAT(text, HasSubstr("\n  " + cli::option_names(row) + "\n      " + std::string(row.meaning)));
  }
}

TEST(Manual, KnowsNoOtherTopic) { EXPECT_FALSE(section_about("") || section_about("nothing")); }

TEST(Completion, KnowsEveryOptionButThoseForTests) {
  for (const std::string& script : {bash_completion(), zsh_completion(), fish_completion()})
    for (const cli::OptionRow& row : cli::option_table()) {
      const std::string name(row.long_name.substr(2));
      if (row.group == cli::Group::hidden)
        EXPECT_THAT(script, Not(HasSubstr(name)));
      else
        EXPECT_THAT(script, HasSubstr(name));
    }
}

}  // namespace
}  // namespace acceptscope::manual
