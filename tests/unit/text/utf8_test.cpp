// SPDX-License-Identifier: BSD-2-Clause
#include "text/utf8.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace acceptscope {
namespace {

using testing::ElementsAre;

/// The lengths of the invalid pieces; 0 for a character.
std::vector<std::size_t> pieces(std::string_view text) {
  std::vector<std::size_t> found;
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    found.push_back(character.valid ? 0 : character.bytes);
    text.remove_prefix(character.bytes);
  }
  return found;
}

TEST(Utf8, ReadsCharactersOfEveryLength) {
  for (const auto& [text, code] : std::vector<std::pair<std::string, char32_t>>{{"~", U'~'},
                                                                                {"\u00e9", U'\u00e9'},
                                                                                {"\ud7ff", U'\ud7ff'},
                                                                                {"\uffff", U'\uffff'},
                                                                                {"\U0010ffff", U'\U0010ffff'}}) {
    const Utf8Character character = first_character(text + "z");

    EXPECT_TRUE(character.valid) << text;
    EXPECT_EQ(character.code, code) << text;
    EXPECT_EQ(character.bytes, text.size()) << text;
  }
}

TEST(Utf8, CountsInvalidBytesAsFarAsTheyBeginACharacter) {
  EXPECT_THAT(pieces("\xff\x80z"), ElementsAre(1, 1, 0));
  EXPECT_THAT(pieces("\xe6\x97z"), ElementsAre(2, 0)) << "cut off";
  EXPECT_THAT(pieces("\xf0\x9f\x98"), ElementsAre(3)) << "cut off at the end";
  EXPECT_THAT(pieces("\xc3\xc3\xa9"), ElementsAre(1, 0)) << "a character begins in place of the second byte";
  EXPECT_THAT(pieces("\xc0\xaf"), ElementsAre(1, 1)) << "overlong";
  EXPECT_THAT(pieces("\xe0\x80\xaf"), ElementsAre(1, 1, 1)) << "overlong";
  EXPECT_THAT(pieces("\xed\xa0\x80"), ElementsAre(1, 1, 1)) << "a surrogate";
  EXPECT_THAT(pieces("\xf4\x90\x80\x80"), ElementsAre(1, 1, 1, 1)) << "beyond Unicode";
}

}  // namespace
}  // namespace acceptscope
