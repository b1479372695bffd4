// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/markup.hpp"

#include <gmock/gmock.h>

#include <limits>

namespace acceptscope {
namespace {

TEST(HtmlText, EscapesMarkupAlsoForAttributes) {
  EXPECT_EQ(html_text("</script><img src=x onerror='alert(1)'> & \"q\""),
            "&lt;/script&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt; &amp; &quot;q&quot;");
}

TEST(HtmlText, MakesControlCharactersAndInvalidBytesVisible) {
  EXPECT_EQ(html_text("a\nb\x1b[31m\xff"), "a\\nb\\x1b[31m\\xff");
  EXPECT_EQ(html_text("\u202e"), "\\u202e");
}

TEST(HtmlText, KeepsTheWorldsLetters) { EXPECT_EQ(html_text("größer 日本"), "größer 日本"); }

TEST(HtmlText, OfVisibleTextIsNotMadeVisibleTwice) { EXPECT_EQ(html_escape("a\\nb<"), "a\\nb&lt;"); }

TEST(Coordinate, HasAtMostOneDecimal) {
  EXPECT_EQ(coordinate(12.34), "12.3");
  EXPECT_EQ(coordinate(7.0), "7");
  EXPECT_EQ(coordinate(-0.01), "0");
  EXPECT_EQ(coordinate(-2.5), "-2.5");
  EXPECT_EQ(coordinate(std::numeric_limits<double>::quiet_NaN()), "0");
  EXPECT_EQ(coordinate(std::numeric_limits<double>::infinity()), "0");
}

}  // namespace
}  // namespace acceptscope
