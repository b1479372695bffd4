// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "cli/options.hpp"

namespace acceptscope::cli {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Help, IsTheGoldenText) { EXPECT_EQ(help_text(), content_of(TEST_DATA_DIR "/cli/help.txt")); }

TEST(Help, FitsAHundredColumns) {
  std::istringstream lines(help_text());
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(Help, HidesWhatOnlyTestsNeed) { EXPECT_THAT(help_text(), testing::Not(testing::HasSubstr("--simulate-missing"))); }

}  // namespace
}  // namespace acceptscope::cli
