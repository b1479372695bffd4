// SPDX-License-Identifier: BSD-2-Clause
#include "app/terminal/terminal_entry.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace acceptscope {
namespace {

namespace fs = std::filesystem;

class TerminalEntry : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "acceptscope-test-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    first_ = root_ / "first";
    second_ = root_ / "second";
  }
  void TearDown() override { fs::remove_all(root_); }

  static void write(const fs::path& path, const std::string& bytes) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }
  [[nodiscard]] std::optional<std::string> find(const std::string& name) const {
    const std::array directories = {first_.c_str(), second_.c_str()};
    return terminal_entry(name, directories);
  }

  fs::path root_, first_, second_;
};

TEST_F(TerminalEntry, IsThatOfTheFirstDirectoryThatHasOne) {
  write(second_ / "v/vt52", "second");
  EXPECT_EQ(find("vt52"), "hex:7365636F6E64");
  write(first_ / "v/vt52", "\x1a\x01\xff");
  EXPECT_EQ(find("vt52"), "hex:1A01FF");
}

TEST_F(TerminalEntry, MayBeInAFolderNamedByTheCodeOfItsInitial) {
  write(first_ / "76/vt52", "x");
  EXPECT_EQ(find("vt52"), "hex:78");
}

TEST_F(TerminalEntry, IsBuiltInForTheUsualTerminals) {
  for (const char* name : {"xterm-256color", "xterm", "screen-256color", "screen", "tmux-256color", "tmux", "linux"}) {
    const auto entry = find(name);
    ASSERT_TRUE(entry) << name;
    EXPECT_TRUE(entry->starts_with("hex:1A01") || entry->starts_with("hex:1E02")) << name;  // magic: term(5)
  }
  write(first_ / "l/linux", "x");
  EXPECT_EQ(find("linux"), "hex:78");
}

TEST_F(TerminalEntry, ThatIsNoFileOfItsSizeDoesNotCount) {
  write(first_ / "v/vt52", std::string(32769, 'x'));
  write(first_ / "v/vt100", "");
  fs::create_directories(first_ / "v/vt102");
  for (const char* name : {"vt52", "vt100", "vt102", "vt220"}) EXPECT_EQ(find(name), std::nullopt) << name;
  write(second_ / "v/vt52", std::string(32768, 'x'));
  EXPECT_TRUE(find("vt52"));
}

TEST_F(TerminalEntry, NeverLiesElsewhere) {
  write(root_ / "vt52", "x");
  write(first_ / "v/vt52", "x");
  write(first_ / "./.vt52", "x");
  for (const char* name : {"", ".", "..", ".vt52", "../vt52", "/vt52", "v/vt52", "vt52/../vt52"})
    EXPECT_EQ(find(name), std::nullopt) << name;
}

TEST_F(TerminalEntry, IsInTheEnvironmentOnlyForCurses) {
  setenv("TERMINFO", "before", 1);
  {
    const EntryForCurses entry("hex:78");
    EXPECT_STREQ(std::getenv("TERMINFO"), "hex:78");
  }
  EXPECT_STREQ(std::getenv("TERMINFO"), "before");
  unsetenv("TERMINFO");
  { const EntryForCurses entry("hex:78"); }
  EXPECT_EQ(std::getenv("TERMINFO"), nullptr);
}

}  // namespace
}  // namespace acceptscope
