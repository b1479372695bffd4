// SPDX-License-Identifier: BSD-2-Clause
// The capabilities that doctor says a backend needs: they are enough, and none of them is too many.
#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <fstream>

#include "shared.hpp"

namespace acceptscope::test {
namespace {

using Names = std::vector<std::string>;

/// Runs the program as root with these capabilities only, with tracefs and cgroup2 mounted where they usually are, and
/// kernel.perf_event_paranoid as it is.
Finished run_with(const Names& capabilities, const Arguments& arguments) {
  std::string set = "-all";
  for (const std::string& name : capabilities) {
    std::string lower = name.substr(std::string("CAP_").size());
    for (char& letter : lower) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    set += ",+" + lower;
  }
  Arguments command{"unshare",
                    "--mount",
                    "sh",
                    "-ec",
                    "grep -q ' tracefs ' /proc/mounts || mount -t tracefs tracefs /sys/kernel/tracing; "
                    "grep -q ' cgroup2 ' /proc/mounts || mount -t cgroup2 cgroup2 /sys/fs/cgroup; "
                    "exec setpriv --bounding-set \"$@\"",
                    "sh",
                    set,
                    acceptscope_path()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run(command);
}

/// Sets kernel.perf_event_paranoid for as long as it lives.
class Paranoia {
 public:
  explicit Paranoia(int value) {
    std::ifstream(kFile) >> before_;
    std::ofstream(kFile) << value;
  }
  Paranoia(const Paranoia&) = delete;
  Paranoia& operator=(const Paranoia&) = delete;
  ~Paranoia() { std::ofstream(kFile) << before_; }

 private:
  static constexpr const char* kFile = "/proc/sys/kernel/perf_event_paranoid";
  int before_ = 0;
};

class Privileges : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
  }

  static bool traces(const Names& capabilities) {
    const Finished finished = run_with(capabilities, {"--backend", GetParam(), "--view", "none", "--duration", "1ms"});
    if (finished.exit_status != 0) said_ = finished.errors;
    return finished.exit_status == 0;
  }

  /// What doctor says that the backend needs; empty if it does not run here.
  static Names needed() {
    const json found = json::parse(run({acceptscope_path(), "doctor", "--json"}).output);
    for (const json& backend : found["backends"])
      if (backend["name"] == GetParam() && backend["works"]["present"] == true) return backend["needs"].get<Names>();
    return {};
  }

  static void expect_all_and_no_more() {
    const Names names = needed();
    if (names.empty()) GTEST_SKIP() << "this backend does not run here";
    EXPECT_TRUE(traces(names)) << said_;
    for (const std::string& left_out : names) {
      Names others;
      for (const std::string& name : names)
        if (name != left_out) others.push_back(name);
      EXPECT_FALSE(traces(others)) << left_out << " is not needed";
      EXPECT_NE(said_.find(left_out), std::string::npos) << "the message does not name " << left_out << ": " << said_;
    }
  }

  static inline std::string said_;
};

TEST_P(Privileges, ThatDoctorNamesAreNeededAndEnough) { expect_all_and_no_more(); }

TEST_P(Privileges, LessIsEnoughWherePerfEventsAreNotRestricted) {
  if (std::getenv("ACCEPTSCOPE_GUEST") == nullptr) GTEST_SKIP() << "changes the whole machine: in a guest only";
  const Paranoia less(2);
  expect_all_and_no_more();
}

INSTANTIATE_TEST_SUITE_P(, Privileges, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
