// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace acceptscope {

/// Compares `text` with the whole file tests/data/output/`name`. UPDATE_GOLDEN=1 in the environment writes the file
/// instead: read the difference before you commit it.
inline void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(TEST_DATA_DIR) + "/output/" + name;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, expected) << "in " << path;
}

}  // namespace acceptscope
