// SPDX-License-Identifier: BSD-2-Clause
#include "util/output_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace acceptscope {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uid_t kNobody = 65534;

std::string content_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

/// A directory of its own for each test.
class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string name = (fs::temp_directory_path() / "acceptscope-test-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    ::signal(SIGPIPE, SIG_IGN);
  }
  ~FileTest() override {
    ::signal(SIGPIPE, SIG_DFL);
    std::error_code ignored;
    fs::permissions(directory_, fs::perms::owner_all, ignored);
    fs::remove_all(directory_, ignored);
  }

  [[nodiscard]] std::string path(std::string_view name) const { return directory_ / name; }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_)) names.push_back(entry.path().filename());
    return names;
  }

  fs::path directory_;
};

using OutputFileTest = FileTest;
using LogFileTest = FileTest;

/// The error message of an open that must fail.
std::string open_error(const std::string& path) {
  const auto file = OutputFile::open(path, "the dump");
  return file ? "opened" : file.error().message().raw();
}

TEST_F(OutputFileTest, AppearsCompleteAtCommitAndNotBefore) {
  auto file = OutputFile::open(path("hot.json"), "the dump");
  ASSERT_TRUE(file) << file.error().message().raw();
  ASSERT_TRUE(file->write("{"));
  ASSERT_TRUE(file->write("}\n"));
  EXPECT_FALSE(fs::exists(path("hot.json")));

  const auto committed = file->commit();

  ASSERT_TRUE(committed) << committed.error().message().raw();
  EXPECT_EQ(content_of(path("hot.json")), "{}\n");
  EXPECT_EQ(mode_of(path("hot.json")), 0600u);
  EXPECT_THAT(names(), ElementsAre("hot.json"));
}

TEST_F(OutputFileTest, AbandonedLeavesNothing) {
  {
    auto file = OutputFile::open(path("hot.json"), "the dump");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("half"));
  }

  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(OutputFileTest, AnExistingFileIsReplacedOnlyAtCommit) {
  put(path("hot.json"), "old");
  auto file = OutputFile::open(path("hot.json"), "the dump");
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write("new"));
  EXPECT_EQ(content_of(path("hot.json")), "old");
  std::ifstream reader(path("hot.json"));  // a reader that has the old file open keeps it

  ASSERT_TRUE(file->commit());

  EXPECT_EQ(content_of(path("hot.json")), "new");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), "old");
  EXPECT_THAT(names(), ElementsAre("hot.json"));
}

TEST_F(OutputFileTest, AnAbandonedReplacementKeepsTheOldFile) {
  put(path("hot.json"), "old");
  { ASSERT_TRUE(OutputFile::open(path("hot.json"), "the dump")->write("half")); }

  EXPECT_EQ(content_of(path("hot.json")), "old");
  EXPECT_THAT(names(), ElementsAre("hot.json"));
}

TEST_F(OutputFileTest, ANewFileNeverReplacesAnother) {
  for (const auto staging : {OutputFile::Staging::unnamed_if_possible, OutputFile::Staging::hidden_name}) {
    auto file = OutputFile::create(path("now.json"), "the dump", staging);
    ASSERT_TRUE(file) << file.error().message().raw();
    ASSERT_TRUE(file->write("new"));
    put(path("now.json"), "somebody else's");  // meanwhile

    EXPECT_THAT(file->commit().error().message().raw(), HasSubstr("File exists"));
    EXPECT_THAT(OutputFile::create(path("now.json"), "the dump", staging).error().message().raw(),
                HasSubstr("File exists"));
    EXPECT_EQ(content_of(path("now.json")), "somebody else's");
    fs::remove(path("now.json"));

    file = OutputFile::create(path("now.json"), "the dump", staging);
    ASSERT_TRUE(file && file->write("new") && file->commit());
    EXPECT_EQ(content_of(path("now.json")), "new");
    EXPECT_EQ(mode_of(path("now.json")), 0600u);
    EXPECT_EQ(names().size(), 1u);
    fs::remove(path("now.json"));
  }
}

TEST_F(OutputFileTest, ASymbolicLinkKeepsPointingToTheNewFile) {
  put(path("real.json"), "old");
  fs::create_symlink("real.json", path("link.json"));
  auto file = OutputFile::open(path("link.json"), "the dump");
  ASSERT_TRUE(file && file->write("new") && file->commit());

  EXPECT_TRUE(fs::is_symlink(path("link.json")));
  EXPECT_EQ(content_of(path("real.json")), "new");
}

TEST_F(OutputFileTest, MovesLeaveOneOwner) {
  auto file = OutputFile::open(path("a"), "the dump");
  OutputFile moved = std::move(*file);
  moved = *OutputFile::open(path("b"), "the dump");
  ASSERT_TRUE(moved.write("b") && moved.commit());

  EXPECT_THAT(names(), ElementsAre("b"));
}

TEST_F(OutputFileTest, AHiddenNameServesWhereThereAreNoUnnamedFiles) {
  put(path("hot.json"), "old");
  auto file = OutputFile::open(path("hot.json"), "the dump", OutputFile::Staging::hidden_name);
  ASSERT_TRUE(file && file->write("new"));
  EXPECT_EQ(names().size(), 2u);
  EXPECT_EQ(content_of(path("hot.json")), "old");

  ASSERT_TRUE(file->commit());

  EXPECT_THAT(names(), ElementsAre("hot.json"));
  EXPECT_EQ(content_of(path("hot.json")), "new");
  EXPECT_EQ(mode_of(path("hot.json")), 0600u);
}

TEST_F(OutputFileTest, AnAbandonedHiddenNameIsRemoved) {
  { ASSERT_TRUE(OutputFile::open(path("a"), "the dump", OutputFile::Staging::hidden_name)); }

  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(OutputFileTest, ASecondCtrlCCanRemoveHiddenNames) {
  const auto first = OutputFile::open(path("a"), "the dump", OutputFile::Staging::hidden_name);
  const auto second = OutputFile::open(path("b"), "the page", OutputFile::Staging::hidden_name);
  ASSERT_EQ(names().size(), 2u);

  remove_temporary_files();

  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(OutputFileTest, ABadPathFailsAtOnce) {
  put(path("file"), "");
  EXPECT_EQ(open_error(directory_), "cannot open '" + directory_.string() +
                                        "' for the dump: Is a directory (it is a directory; name a file in it)");
  EXPECT_EQ(open_error(path("no/hot.json")),
            "cannot open '" + path("no/hot.json") +
                "' for the dump: No such file or directory (its directory does not exist; create it first)");
  EXPECT_EQ(open_error(path("file/hot.json")),
            "cannot open '" + path("file/hot.json") +
                "' for the dump: Not a directory (a part of the path is not a directory)");
  EXPECT_EQ(open_error(path("new/")), "cannot open '" + path("new/") + "' for the dump: Is a directory (name a file)");
  EXPECT_EQ(open_error(path(std::string(300, 'x'))),
            "cannot open '" + path(std::string(300, 'x')) + "' for the dump: File name too long");
  EXPECT_THAT(names(), ElementsAre("file"));
}

TEST_F(OutputFileTest, ADirectoryWithoutWritePermissionFailsAtOnce) {
  fs::permissions(directory_, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_exec);
  // Root may write anywhere, so a child makes the attempt as an unprivileged user; its exit status is the result.
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(2);
    ::_exit(open_error(path("hot.json")) ==
                    "cannot open '" + path("hot.json") +
                        "' for the dump: Permission denied (choose a directory that this user may write to)"
                ? 0
                : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);

  EXPECT_EQ(status, 0);
}

TEST_F(OutputFileTest, AFullDiskIsAnErrorWhenItIsWritten) {
  auto file = OutputFile::open("/dev/full", "the dump");
  ASSERT_TRUE(file);

  const auto written = file->write("{}");

  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message().raw(),
            "cannot write '/dev/full' for the dump: No space left on device (free some space or choose another file "
            "system)");
}

TEST_F(OutputFileTest, AClosedPipeIsAnErrorWhenItIsWritten) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  auto file = OutputFile::open("/dev/fd/" + std::to_string(ends[1]), "the dump");
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_TRUE(file);

  const auto written = file->write("{}");

  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, std::errc::broken_pipe);
}

TEST_F(OutputFileTest, AFifoIsWrittenDirectlyAndNeedsAReader) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(open_error(path("fifo")), testing::EndsWith("(no process reads from this pipe; start its reader first)"));
  const UniqueFd reader(::open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  auto file = OutputFile::open(path("fifo"), "the dump");
  ASSERT_TRUE(file && file->write("{}") && file->commit());

  std::array<char, 8> bytes{};
  EXPECT_EQ(::read(reader.get(), bytes.data(), bytes.size()), 2);
}

TEST_F(OutputFileTest, TheTargetBecomingADirectoryMeanwhileIsAnErrorThatLeavesNothing) {
  auto file = OutputFile::open(path("hot.json"), "the dump");
  ASSERT_TRUE(file && file->write("{}"));
  fs::create_directory(path("hot.json"));

  const auto committed = file->commit();
  file = failure("closed");

  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, std::errc::is_a_directory);
  EXPECT_THAT(names(), ElementsAre("hot.json"));
}

TEST(StandardOutput, IsKnownByItsNames) {
  for (const auto* name : {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) EXPECT_TRUE(is_standard_output(name));
  for (const auto* name : {"--", "./-", "/dev/stderr", "/dev/fd/2", "/dev/fd/", "stdout"}) {
    EXPECT_FALSE(is_standard_output(name)) << name;
  }
}

TEST_F(LogFileTest, ExistsFromTheStartAndGrowsByWholeLinesAtEachFlush) {
  put(path("log"), "from an earlier run\n");
  auto log = LogFile::open(path("log"), "the log");
  ASSERT_TRUE(log) << log.error().message().raw();
  EXPECT_EQ(content_of(path("log")), "");

  log->append("one");
  log->append("two");
  EXPECT_EQ(content_of(path("log")), "");
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(content_of(path("log")), "one\ntwo\n");
  log->append("three");
  ASSERT_TRUE(log->flush());

  EXPECT_EQ(content_of(path("log")), "one\ntwo\nthree\n");
  EXPECT_EQ(log->lines_written(), 3u);
  EXPECT_EQ(log->lines_lost(), 0u);
}

TEST_F(LogFileTest, IsForItsOwnerOnly) {
  ASSERT_TRUE(LogFile::open(path("log"), "the log"));

  EXPECT_EQ(mode_of(path("log")), 0600u);
}

TEST_F(LogFileTest, ManyLinesReachTheFileWithoutAFlush) {
  auto log = LogFile::open(path("log"), "the log");
  ASSERT_TRUE(log);
  for (int i = 0; i < 3000; ++i) log->append(std::string(1000, 'x'));

  EXPECT_GT(fs::file_size(path("log")), 2'000'000u);
}

TEST_F(LogFileTest, AFailureIsReportedOnceAndWhatIsLostIsCounted) {
  auto log = LogFile::open("/dev/full", "the log");
  ASSERT_TRUE(log);
  log->append("one");

  const auto first = log->flush();
  log->append("two");
  const auto second = log->flush();

  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().message().raw(),
            "cannot write '/dev/full' for the log: No space left on device (free some space or choose another file "
            "system)");
  EXPECT_TRUE(second);
  EXPECT_EQ(log->lines_lost(), 2u);
  EXPECT_EQ(log->lines_written(), 0u);
}

TEST_F(LogFileTest, ABadPathFailsAtOnce) {
  const auto log = LogFile::open(directory_, "the log");

  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().message().raw(), "cannot open '" + directory_.string() +
                                             "' for the log: Is a directory (it is a directory; name a file in it)");
}

}  // namespace
}  // namespace acceptscope
