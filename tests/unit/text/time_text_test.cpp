// SPDX-License-Identifier: BSD-2-Clause
#include "text/time_text.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace acceptscope {
namespace {

std::string text_of(std::int64_t unix_ns) {
  InstantText text;
  std::string out;
  text.append(out, Instant{unix_ns});
  return out;
}

TEST(InstantText, IsRfc3339OverTheWholeRange) {
  EXPECT_EQ(text_of(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(text_of(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(text_of(-86'400'000'000'000), "1969-12-31T00:00:00.000000000Z");
  EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::min()), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::max()), "2262-04-11T23:47:16.854775807Z");
}

}  // namespace
}  // namespace acceptscope
