// SPDX-License-Identifier: BSD-2-Clause
#include "text/escape.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "text/styled_line.hpp"
#include "util/outside_text.hpp"

namespace acceptscope {
namespace {

using namespace std::string_literals;

// Text from outside has no other way out than escape_text().
static_assert(!std::is_constructible_v<std::string, OutsideText>);
static_assert(!std::is_constructible_v<std::string_view, OutsideText>);
static_assert(!std::is_constructible_v<StyledLine, OutsideText>);
static_assert(!fmt::is_formattable<OutsideText>::value);

TEST(Escape, TextFromOutsideCanBeExtendedAndJoined) {
  OutsideText text = "a\n";
  text += "b";
  EXPECT_EQ(escape_text(text + "\x1b"), R"(a\nb\x1b)");
  EXPECT_EQ(joined(std::vector<OutsideText>{"ab", "", "-n 1"}, " "), "ab  -n 1");
  EXPECT_EQ(joined({}, " "), "");
}

TEST(Escape, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(escape_text("python3 -m uvicorn app:app"), "python3 -m uvicorn app:app");
  EXPECT_EQ(escape_text("søker 日本 é"), "søker 日本 é");
  EXPECT_EQ(escape_text(""), "");
}

TEST(Escape, MakesControlBytesVisible) {
  EXPECT_EQ(escape_text("\x1b[31m\a\0\x7f"s), R"(\x1b[31m\x07\x00\x7f)");
  EXPECT_EQ(escape_text("a\nb\tc\rd"), R"(a\nb\tc\rd)");
  EXPECT_EQ(escape_text("\u009b2J"), R"(\u009b2J)") << "C1: some terminals take it for ESC [";
}

TEST(Escape, BackslashesCannotFakeAnEscape) { EXPECT_EQ(escape_text(R"(\x1b)"), R"(\\x1b)"); }

TEST(Escape, MakesInvisibleAndReorderingCharactersVisible) {
  EXPECT_EQ(escape_text("\u202egpj.exe"), R"(\u202egpj.exe)");
  EXPECT_EQ(escape_text("a\u200bb\u2066c\ufeff"), R"(a\u200bb\u2066c\ufeff)");
  EXPECT_EQ(escape_text("e\u0301"), R"(e\u0301)") << "combining accent";
  EXPECT_EQ(escape_text("\U000e0041"), R"(\U000e0041)") << "tag letter";
}

TEST(Escape, MakesInvalidUtf8Visible) {
  EXPECT_EQ(escape_text("\xff\xfe"), R"(\xff\xfe)");
  EXPECT_EQ(escape_text("\xc0\xaf"), R"(\xc0\xaf)") << "overlong";
  EXPECT_EQ(escape_text("\xe0\x80\xaf"), R"(\xe0\x80\xaf)") << "overlong";
  EXPECT_EQ(escape_text("\xed\xa0\x80"), R"(\xed\xa0\x80)") << "surrogate";
  EXPECT_EQ(escape_text("\xf4\x90\x80\x80"), R"(\xf4\x90\x80\x80)") << "beyond Unicode";
  EXPECT_EQ(escape_text("ab\xe6\x97"), R"(ab\xe6\x97)") << "cut off";
}

TEST(Escape, InAsciiNothingElseIsLeft) { EXPECT_EQ(escape_text("é日", {.ascii = true}), R"(\u00e9\u65e5)"); }

TEST(Escape, CutsToAWidthWithAnEllipsis) {
  EXPECT_EQ(escape_text("gunicorn", {.max_width = 8}), "gunicorn");
  EXPECT_EQ(escape_text("gunicorn", {.max_width = 7}), "gunico…");
  EXPECT_EQ(escape_text("gunicorn", {.max_width = 7, .ascii = true}), "guni...");
  EXPECT_EQ(escape_text("日本日本", {.max_width = 6}), "日本…") << "wide characters are not halved";
  EXPECT_EQ(escape_text("abc\x1b\x1b", {.max_width = 8}), R"(abc\x1b…)") << "neither are escapes";
  EXPECT_EQ(escape_text("gunicorn", {.max_width = 0}), "");
  EXPECT_EQ(escape_text("gunicorn", {.max_width = 2, .ascii = true}), "..");
}

TEST(Escape, NoTextIsWiderThanAsked) {
  const std::string all = "a日\x1b\xffé\u202e\U0001f600z\\"s;
  for (std::size_t width = 0; width < 40; ++width)
    for (const bool ascii : {false, true})
      for (std::size_t start = 0; start < all.size(); ++start)
        EXPECT_LE(display_width(escape_text(all.substr(start), {width, ascii})), width);
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("340µs"), 5U);
  EXPECT_EQ(display_width("█▌…≥"), 4U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("😀"), 2U);
}

TEST(Sentence, ReplacesItsOwnSignsInAsciiAndEscapesTheRest) {
  EXPECT_EQ(sentence("median age ≥ 1.3 s, wait 340 µs", false), "median age ≥ 1.3 s, wait 340 µs");
  EXPECT_EQ(sentence("median age ≥ 1.3 s, wait 340 µs", true), "median age >= 1.3 s, wait 340 us");
  EXPECT_EQ(sentence("é\x1b", true), "\\u00e9\\x1b");
}

TEST(StyledLine, CutsAcrossStyles) {
  StyledLine line("abc", Style::strong);
  line.add("日本").add("tail", Style::warning);
  line.cut(6, false);

  EXPECT_EQ(line.text(false), "abc日…");
  EXPECT_EQ(line.text(true), "\x1b[1mabc\x1b[0m日…");
  EXPECT_EQ(line.width(), 6U);
}

TEST(StyledLine, DropsSpacesAtTheEnd) {
  StyledLine line("abc");
  line.add_left("", 5, Style::bar).add_spaces(3);
  line.cut(100, false);

  EXPECT_EQ(line.text(true), "abc");
  EXPECT_EQ(line.width(), 3U);
}

TEST(MadeFit, WhatNobodyEscapedIsEscapedAndNothingTwice) {
  EXPECT_EQ(made_fit("plain text, 100 %"), "plain text, 100 %");
  EXPECT_EQ(made_fit("\x1b[2J\a\x9b"), "\\x1b[2J\\x07\\x9b");
  EXPECT_EQ(made_fit(escape_text("\x1b[2J \\ \n")), escape_text("\x1b[2J \\ \n"));
  EXPECT_EQ(made_fit("≥ 4.1 ms ▏"), "≥ 4.1 ms ▏");
  EXPECT_EQ(made_fit("\u202eevil"), "\\u202eevil");
}

}  // namespace
}  // namespace acceptscope
