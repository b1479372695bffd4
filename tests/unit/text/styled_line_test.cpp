// SPDX-License-Identifier: BSD-2-Clause
#include "text/styled_line.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "text/escape.hpp"

namespace acceptscope {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> texts(const std::vector<StyledLine>& lines) {
  std::vector<std::string> result;
  for (const StyledLine& line : lines) result.push_back(line.text(false));
  return result;
}

TEST(Broken, KeepsALineThatFits) {
  EXPECT_THAT(texts(broken(StyledLine("  two words"), 11, 4)), ElementsAre("  two words"));
}

TEST(Broken, EndsBetweenWords) {
  EXPECT_THAT(texts(broken(StyledLine("  one two three four"), 12, 4)),
              ElementsAre("  one two", "    three", "    four"));
}

TEST(Broken, KeepsUnitsWithTheirNumbers) {
  EXPECT_THAT(texts(broken(StyledLine("it took 99.5 ms, and 7 %"), 13, 0)),
              ElementsAre("it took", "99.5 ms, and", "7 %"));
}

TEST(Broken, EndsBetweenPiecesWhereThereAreSome) {
  EXPECT_THAT(texts(broken(StyledLine("p50 1 ms  p90 2 ms  p95 3 ms"), 20, 0)),
              ElementsAre("p50 1 ms  p90 2 ms", "p95 3 ms"));
  EXPECT_THAT(texts(broken(StyledLine("name  a piece that is too long for one line"), 16, 2)),
              ElementsAre("name  a piece", "  that is too", "  long for one", "  line"));
}

TEST(Broken, BreaksALongWordInside) {
  EXPECT_THAT(texts(broken(StyledLine("at /a/very/long/path"), 12, 2)), ElementsAre("at /a/very/l", "  ong/path"));
  EXPECT_THAT(texts(broken(StyledLine("日本語日本語日本語"), 9, 0)), ElementsAre("日本語日", "本語日本", "語"));
}

TEST(Broken, KeepsStyles) {
  StyledLine line("WORD", Style::warning);
  line.add(": some more text");
  const std::vector<StyledLine> lines = broken(line, 12, 2);
  EXPECT_EQ(lines[0].text(true), "\x1b[1;33mWORD\x1b[0m: some");
  EXPECT_EQ(lines[1].text(true), "  more text");
}

TEST(Broken, IsNeverWiderAtAnyWidth) {
  StyledLine line("  label         ", Style::faint);
  line.add("p50 12 µs  p90 日本語日本語日本語日本語  /a/path/without/any/space/in/it, and 12,345 words");
  for (std::size_t width = 8; width < 120; ++width) {
    std::string all;
    for (const StyledLine& part : broken(line, width, 16)) {
      EXPECT_LE(display_width(part.text(false)), width);
      all += part.text(false);
    }
    std::string whole = line.text(false);
    for (std::string* text : {&all, &whole}) std::erase(*text, ' ');
    EXPECT_EQ(all, whole) << "nothing is lost at " << width;
  }
}

TEST(Wrapped, FollowsItsStart) {
  EXPECT_THAT(texts(wrapped(StyledLine("  - "), "one two three", 12)), ElementsAre("  - one two", "    three"));
}

}  // namespace
}  // namespace acceptscope
