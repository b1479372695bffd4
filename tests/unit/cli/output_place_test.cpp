// SPDX-License-Identifier: BSD-2-Clause
#include "util/output_place.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace acceptscope {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr uid_t kNobody = 65534;

/// A directory tree of its own for each test: "home", and "target/file", where a trap may lead.
class OutputPlaceTest : public testing::Test {
 protected:
  OutputPlaceTest() {
    std::string name = (fs::temp_directory_path() / "acceptscope-test-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    make_directory("home", 0755);
    make_directory("target", 0755);
    put("target/file");
  }
  ~OutputPlaceTest() override {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  [[nodiscard]] std::string path(std::string_view name) const { return root_ / name; }
  void put(std::string_view name) const { std::ofstream(path(name)) << "text"; }
  void make_directory(std::string_view name, mode_t mode) const {
    ASSERT_EQ(::mkdir(path(name).c_str(), 0700), 0);
    ASSERT_EQ(::chmod(path(name).c_str(), mode), 0);  // whatever the umask
  }
  void link(std::string_view name, const std::string& text) const {
    ASSERT_EQ(::symlink(text.c_str(), path(name).c_str()), 0);
  }
  void give_away(std::string_view name) const { ASSERT_EQ(::lchown(path(name).c_str(), kNobody, kNobody), 0); }

  /// Whether `place` is the file `name`.
  [[nodiscard]] bool is(const Result<OutputPlace>& place, std::string_view name) const {
    struct stat expected {};
    return place && place->entry && ::stat(path(name).c_str(), &expected) == 0 &&
           expected.st_ino == place->status.st_ino && expected.st_dev == place->status.st_dev;
  }
  [[nodiscard]] std::string refusal(std::string_view name) const {
    const Result<OutputPlace> place = find_place(path(name), LastLink::follow);
    return place ? "found" : place.error().what.raw();
  }
  [[nodiscard]] std::string because(std::string_view link, const std::string& why) const {
    return std::string("'").append(path(link)) + "' is a link, and another user may have placed it there: " + why;
  }
  [[nodiscard]] std::string group_may_write_to(std::string_view name) const {
    struct stat status {};
    EXPECT_EQ(::stat(path(name).c_str(), &status), 0);
    return "group " + std::to_string(status.st_gid) + " may write to '" + path(name) + "'";
  }

  fs::path root_;
};

/// What only root can prepare: entries of somebody else.
class OutputPlaceOfOthersTest : public OutputPlaceTest {
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can make files of another user";
  }
};

TEST_F(OutputPlaceTest, IsTheFileOrWhereItWouldBe) {
  EXPECT_TRUE(is(find_place(path("target/file"), LastLink::follow), "target/file"));
  const auto place = find_place(path("home/new"), LastLink::follow);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->name, "new");
  EXPECT_FALSE(place->entry);
  EXPECT_FALSE(place->is_shared);
  EXPECT_EQ(::mkdirat(place->directory.get(), "new", 0700), 0);
  EXPECT_TRUE(fs::exists(path("home/new")));
}

TEST_F(OutputPlaceTest, DotsSlashesAndRelativePathsLeadWhereTheyDoInTheKernel) {
  const fs::path before = fs::current_path();
  fs::current_path(path("home"));
  EXPECT_TRUE(is(find_place("../target/file", LastLink::follow), "target/file"));
  EXPECT_TRUE(is(find_place(".././home//../target/./file", LastLink::follow), "target/file"));
  EXPECT_EQ(find_place("new", LastLink::follow)->name, "new");
  fs::current_path(before);
  link("home/away", "../target");
  EXPECT_TRUE(is(find_place(path("home/away/../target/file"), LastLink::follow), "target/file"));
}

TEST_F(OutputPlaceTest, OnesOwnLinksAreFollowed) {
  link("home/file", "../target/file");
  link("home/chain", path("home/file"));
  link("home/directory", "../target/");
  link("home/dangling", "new");
  EXPECT_TRUE(is(find_place(path("home/file"), LastLink::follow), "target/file"));
  EXPECT_TRUE(is(find_place(path("home/chain"), LastLink::follow), "target/file"));
  EXPECT_TRUE(is(find_place(path("home/directory/file"), LastLink::follow), "target/file"));
  EXPECT_EQ(find_place(path("home/dangling"), LastLink::follow)->name, "new");
}

TEST_F(OutputPlaceTest, TheLastLinkCanBeKept) {
  link("home/file", "../target/file");
  link("home/directory", "../target");
  const auto kept = find_place(path("home/file"), LastLink::keep);
  ASSERT_TRUE(kept);
  EXPECT_TRUE(S_ISLNK(kept->status.st_mode));
  EXPECT_TRUE(is(find_place(path("home/directory/file"), LastLink::keep), "target/file"));
}

TEST_F(OutputPlaceTest, ErrorsAreThoseOfTheKernel) {
  link("home/round", "round");
  const auto error_of = [this](std::string_view name) {
    return find_place(path(name), LastLink::follow).error().code.value();
  };
  EXPECT_EQ(error_of("home/round"), ELOOP);
  EXPECT_EQ(error_of("home"), EISDIR);
  EXPECT_EQ(error_of("home/"), EISDIR);
  EXPECT_EQ(error_of("home/."), EISDIR);
  EXPECT_EQ(error_of("home/.."), EISDIR);
  EXPECT_EQ(error_of("home/new/"), EISDIR);
  EXPECT_EQ(error_of("home/new/file"), ENOENT);
  EXPECT_EQ(error_of("target/file/x"), ENOTDIR);
  EXPECT_EQ(error_of("target/file/"), ENOTDIR);
  EXPECT_EQ(error_of("home/" + std::string(300, 'x')), ENAMETOOLONG);
  EXPECT_EQ(find_place("", LastLink::follow).error().code.value(), ENOENT);
}

TEST_F(OutputPlaceTest, ALinkInADirectoryThatAGroupMayWriteToIsNotFollowed) {
  make_directory("team", 0775);
  link("team/file", path("target/file"));
  link("team/directory", path("target"));
  EXPECT_EQ(refusal("team/file"), because("team/file", group_may_write_to("team")));
  EXPECT_EQ(refusal("team/directory/file"), because("team/directory", group_may_write_to("team")));
  EXPECT_EQ(find_place(path("team/file"), LastLink::follow).error().hint,
            "name the file that it leads to, or choose another place");
}

TEST_F(OutputPlaceTest, NoLinkBelowADirectoryOfOthersIsFollowed) {
  make_directory("team", 0777);
  make_directory("team/inner", 0755);
  link("team/inner/file", path("target/file"));
  link("home/file", path("target/file"));
  const std::string why = "every user may write to '" + path("team") + "'";
  EXPECT_EQ(refusal("team/inner/file"), because("team/inner/file", why));
  EXPECT_EQ(refusal("team/inner/../../home/file"), because("team/inner/../../home/file", why));
  link("home/team", "../team");
  EXPECT_EQ(refusal("home/team/inner/file"),
            because("home/../team/inner/file", "every user may write to '" + path("home/../team") + "'"));
}

TEST_F(OutputPlaceTest, ASharedDirectoryIsFineForFilesOfOnesOwn) {
  make_directory("team", 0775);
  make_directory("tmp", 01777);
  put("team/file");
  put("tmp/file");
  for (const auto* name : {"team/file", "tmp/file", "team/new", "tmp/new"}) {
    const auto place = find_place(path(name), LastLink::follow);
    ASSERT_TRUE(place) << name;
    EXPECT_TRUE(place->is_shared) << name;
    EXPECT_EQ(place->doubt, "") << name;
  }
}

TEST_F(OutputPlaceTest, AStickyDirectoryKeepsOnesOwnLinks) {
  make_directory("tmp", 01777);
  make_directory("tmp/own", 0700);
  link("tmp/file", path("target/file"));
  link("tmp/own/file", path("target/file"));
  link("tmp/directory", path("target"));
  for (const auto* name : {"tmp/file", "tmp/own/file", "tmp/directory/file"})
    EXPECT_TRUE(is(find_place(path(name), LastLink::follow), "target/file")) << name;
}

TEST_F(OutputPlaceTest, ASecondNameInASharedDirectoryIsDoubted) {
  make_directory("tmp", 01777);
  fs::create_hard_link(path("target/file"), path("tmp/file"));
  link("home/link", "../target/file");
  ASSERT_EQ(::link(path("home/link").c_str(), path("tmp/link").c_str()), 0);
  EXPECT_EQ(find_place(path("tmp/file"), LastLink::follow)->doubt,
            std::string("'").append(path("tmp/file")) +
                "' exists, and another user may have placed it there: it has 2 names (hard links)");
  EXPECT_EQ(refusal("tmp/link"), because("tmp/link", "it has 2 names (hard links)"));
  EXPECT_EQ(find_place(path("target/file"), LastLink::follow)->doubt, "");
}

TEST_F(OutputPlaceTest, LinksOfTheSystemAreFollowed) {
  if (!fs::is_symlink("/var/run")) GTEST_SKIP() << "/var/run is no link here";
  EXPECT_TRUE(find_place("/var/run/acceptscope-test", LastLink::follow));
}

TEST_F(OutputPlaceTest, ALinkToADescriptorNamesTheDescriptor) {
  link("home/out", "/dev/stdout");
  link("home/minus", "-");
  EXPECT_EQ(find_place("/dev/fd/7", LastLink::follow)->descriptor, 7);
  EXPECT_EQ(find_place("-", LastLink::follow)->descriptor, 1);
  EXPECT_EQ(find_place(path("home/out"), LastLink::follow)->descriptor, 1);
  EXPECT_EQ(find_place(path("home/minus"), LastLink::follow)->descriptor, -1);
}

TEST_F(OutputPlaceTest, TheKernelFollowsTheLinksOfProcfs) {
  const std::string self = "/proc/" + std::to_string(::getpid());
  EXPECT_TRUE(is(find_place(self + "/root" + path("target/file"), LastLink::follow), "target/file"));
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const auto place = find_place(self + "/fd/" + std::to_string(ends[1]), LastLink::follow);
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_TRUE(place);
  EXPECT_TRUE(S_ISFIFO(place->status.st_mode));
  EXPECT_FALSE(place->directory);
}

TEST_F(OutputPlaceTest, WhatIsReopenedIsWhatWasFound) {
  put("home/file");
  const auto place = find_place(path("home/file"), LastLink::follow);
  ASSERT_TRUE(place);
  fs::remove(path("home/file"));
  fs::create_symlink(path("target/file"), path("home/file"));
  const UniqueFd fd(place->reopen(O_WRONLY));
  struct stat status {};
  ASSERT_EQ(::fstat(fd.get(), &status), 0);
  EXPECT_EQ(status.st_ino, place->status.st_ino);
}

TEST_F(OutputPlaceOfOthersTest, NoLinkInAnothersDirectoryIsFollowed) {
  make_directory("bob", 0755);
  link("bob/theirs", path("target/file"));
  link("bob/own", path("target/file"));
  link("bob/directory", path("target"));
  for (const auto* name : {"bob", "bob/theirs", "bob/directory"}) give_away(name);
  const std::string why = "user 65534 may write to '" + path("bob") + "'";
  EXPECT_EQ(refusal("bob/theirs"), because("bob/theirs", "it belongs to user 65534"));
  EXPECT_EQ(refusal("bob/own"), because("bob/own", why));
  EXPECT_EQ(refusal("bob/directory/file"), because("bob/directory", "it belongs to user 65534"));
}

TEST_F(OutputPlaceOfOthersTest, AnothersDirectoryIsAPlaceForANewFileButItsFilesAreDoubted) {
  make_directory("bob", 0755);
  put("bob/theirs");
  put("bob/own");
  give_away("bob");
  give_away("bob/theirs");
  EXPECT_TRUE(find_place(path("bob/new"), LastLink::follow)->is_shared);
  EXPECT_EQ(find_place(path("bob/own"), LastLink::follow)->doubt, "");
  EXPECT_THAT(find_place(path("bob/theirs"), LastLink::follow)->doubt, HasSubstr("it belongs to user 65534"));
}

TEST_F(OutputPlaceOfOthersTest, AnothersLinkIsNotFollowedAnywhere) {
  make_directory("tmp", 01777);
  link("tmp/directory", path("target"));
  link("home/file", path("target/file"));
  give_away("tmp/directory");
  give_away("home/file");
  EXPECT_EQ(refusal("tmp/directory/file"), because("tmp/directory", "it belongs to user 65534"));
  EXPECT_EQ(refusal("home/file"), because("home/file", "it belongs to user 65534"));
}

TEST_F(OutputPlaceOfOthersTest, AStickyDirectoryOfAnotherKeepsNothing) {
  make_directory("tmp", 01777);
  link("tmp/own", path("target/file"));
  give_away("tmp");
  EXPECT_EQ(refusal("tmp/own"), because("tmp/own", "user 65534 may write to '" + path("tmp") + "'"));
}

}  // namespace
}  // namespace acceptscope
