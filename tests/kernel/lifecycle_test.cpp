// SPDX-License-Identifier: BSD-2-Clause
// Start and end of a run: signals, duration, command, two runs at once; nothing of ours stays in the kernel.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>

#include "shared.hpp"

namespace acceptscope::test {
namespace {

using Ids = std::set<std::uint64_t>;

/// Ids of kernel objects. The kernel does not reuse them, so objects of other processes cannot be mistaken for ours.
struct KernelObjects {
  Ids programs;
  Ids maps;
  Ids links;
};

json bpftool(const Arguments& arguments) {
  Arguments command{"bpftool", "-j"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const Finished finished = run(command);
  json document = json::parse(finished.output, nullptr, false);
  if (finished.exit_status != 0 || !document.is_array()) {
    throw std::runtime_error(fmt::format("{}: {}{}", fmt::join(command, " "), finished.output, finished.errors));
  }
  return document;
}

/// The kernel objects of a process: its file descriptors, and the programs and maps behind them.
KernelObjects objects_of(pid_t pid) {
  KernelObjects objects;
  for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fdinfo", pid))) {
    std::ifstream file(entry.path());
    std::string key;
    std::string value;
    while (file >> key) {
      Ids* ids = key == "prog_id:"   ? &objects.programs
                 : key == "map_id:"  ? &objects.maps
                 : key == "link_id:" ? &objects.links
                                     : nullptr;
      if (ids != nullptr && file >> value) ids->insert(std::stoull(value));
    }
  }
  for (const json& program : bpftool({"prog", "show"})) {
    if (!objects.programs.contains(program["id"].get<std::uint64_t>())) continue;
    for (const json& map : program.value("map_ids", json::array())) objects.maps.insert(map.get<std::uint64_t>());
  }
  return objects;
}

/// The objects of `ours` that a bpftool listing contains.
Ids still_in(const Ids& ours, const json& listing) {
  Ids left;
  for (const json& entry : listing) {
    if (const auto id = entry["id"].get<std::uint64_t>(); ours.contains(id)) left.insert(id);
  }
  return left;
}

/// Programs still attached to a cgroup.
Ids attached_to_cgroups(const Ids& ours) {
  Ids left;
  for (const json& cgroup : bpftool({"cgroup", "tree"})) left.merge(still_in(ours, cgroup["programs"]));
  return left;
}

/// Description of the objects of `ours` that are left; empty if none are.
std::string left_of(const KernelObjects& ours) {
  const Ids programs = still_in(ours.programs, bpftool({"prog", "show"}));
  const Ids maps = still_in(ours.maps, bpftool({"map", "show"}));
  const Ids links = still_in(ours.links, bpftool({"link", "show"}));
  const Ids attached = attached_to_cgroups(ours.programs);
  if (programs.empty() && maps.empty() && links.empty() && attached.empty()) return {};
  return fmt::format("programs {}, maps {}, links {}, on cgroups {}", programs, maps, links, attached);
}

class Lifecycle : public TruthTest {
 protected:
  /// Starts the program on a workload, ends it in some way, and expects that no kernel object of it remains.
  void expect_nothing_left_after(const std::function<void(Tracer&)>& end, const Arguments& arguments = {}) {
    Workload workload({"--workers", "2", "--connections", "20", "--end", "peer,hold"});
    Arguments options{"--port", workload.ports()};
    options.insert(options.end(), arguments.begin(), arguments.end());
    Tracer tracer(backend(), options);
    SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
    const KernelObjects ours = objects_of(tracer.pid());
    ASSERT_FALSE(ours.programs.empty()) << "the program has no BPF program: is this test looking in the right place?";
    ASSERT_FALSE(ours.maps.empty());
    workload.make_traffic();
    end(tracer);
    expect_nothing_left(ours);
  }

  static void expect_nothing_left(const KernelObjects& ours) {
    std::string left;
    EXPECT_TRUE(eventually([&] { return (left = left_of(ours)).empty(); })) << left;
  }
};

/// The way in which a run ends is independent of the backend.
class Ending : public Lifecycle {};

TEST_P(Ending, NothingIsLeftAfterTheDuration) {
  expect_nothing_left_after(
      [](Tracer& tracer) {
        const Traced traced = tracer.stop(std::nullopt);
        EXPECT_EQ(traced.exit_status, 0);
        EXPECT_EQ(traced.dump["run"]["end_reason"], "duration");
      },
      {"--duration", "1500ms"});
}

TEST_P(Lifecycle, NothingIsLeftAfterSigkill) {
  expect_nothing_left_after([](Tracer& tracer) {
    const Traced traced = tracer.stop(SIGKILL);
    EXPECT_EQ(traced.exit_status, 128 + SIGKILL);
    EXPECT_TRUE(traced.dump.is_null()) << "the dump appears complete or not at all";
  });
}

TEST_P(Ending, EverySignalThatAsksForTheEndEndsTheRunNormally) {
  // SIGHUP opens the log again, which every run here writes: see tests/e2e/test_long_run.py.
  for (const int signal : {SIGINT, SIGTERM}) {
    SCOPED_TRACE(strsignal(signal));
    Workload workload({"--workers", "2", "--connections", "10"});
    Tracer tracer(backend(), {"--port", workload.ports()});
    SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
    const Truth truth = truth_of(workload.make_traffic());
    const Traced traced = tracer.stop(signal);
    expect_truth(truth, traced);
    if (HasFailure()) return;
    EXPECT_EQ(traced.dump["run"]["end_reason"], "signal");
  }
}

TEST_P(Lifecycle, TwoAtOnceSeeTheSameAndNothingIsLeftOfTheOneThatEnds) {
  Workload workload({"--workers", "4", "--connections", "60", "--end", "peer,local,hold"});
  Tracer one(backend(), {"--port", workload.ports()});
  SKIP_IF_REFUSED(!one.starts(), one.refusal());
  Tracer other(backend(), {"--port", workload.ports()});
  ASSERT_TRUE(other.starts()) << other.refusal();
  const KernelObjects of_one = objects_of(one.pid());
  ASSERT_FALSE(of_one.programs.empty());
  const Truth truth = truth_of(workload.make_traffic());
  const Traced first = one.stop(SIGINT);
  expect_truth(truth, first);
  expect_nothing_left(of_one);
  // The end of the first run does not end the second.
  const Truth later = truth_of(workload.finish());
  expect_truth(later, other.stop());
}

TEST_P(Ending, ACommandIsTracedFromItsBeginningToItsEnd) {
  const TemporaryDirectory directory;
  Process tracer(
      {.argv = {acceptscope_path(), "--backend", backend(), "--view", "none", "--output", directory.file("dump.json"),
                "--", workload_path(), "--workers", "3", "--connections", "50"}});
  const int status = tracer.wait();
  SKIP_IF_REFUSED(status == 3, tracer.errors());
  ASSERT_EQ(status, 0) << tracer.errors();
  const json document = json::parse(tracer.output());
  std::ifstream file(directory.file("dump.json"));
  const Traced traced{.exit_status = status, .dump = json::parse(file)};
  const json& dump = traced.dump;
  EXPECT_EQ(dump["run"]["end_reason"], "command");
  EXPECT_EQ(dump["run"]["command"]["exit_status"], 0);
  if (programs_skipped(dump) > 0) return expect_bounded_truth(truth_of(document), part_of(traced, document));
  json ours = json::array();
  for (const json& record : connections_of(dump)) {
    if (record["local"]["port"] == document["services"][0]["port"]) ours.push_back(record);
  }
  expect_true_connections(truth_of(document), ours);
}

/// Tests that change the whole machine: run only in a guest of tests/vm.
class Upheaval : public Ending {
 protected:
  void SetUp() override {
    if (std::getenv("ACCEPTSCOPE_GUEST") == nullptr) GTEST_SKIP() << "changes the whole machine: in a guest only";
    Ending::SetUp();
  }
};

/// Sets CLOCK_REALTIME; the monotonic clock is not affected.
void move_clock(std::chrono::seconds by) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  now.tv_sec += by.count();
  ASSERT_EQ(clock_settime(CLOCK_REALTIME, &now), 0) << strerror(errno);
}

TEST_P(Upheaval, AClockThatIsSetBackMovesNothing) {
  Workload workload({"--connections", "24", "--hold-ms", "0,30", "--end", "peer,hold"});
  Tracer tracer(backend(), {"--port", workload.ports()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const Truth before = truth_of(workload.make_traffic());
  ASSERT_NO_FATAL_FAILURE(move_clock(-std::chrono::hours{1}));
  Truth truth = truth_of(workload.finish());
  truth.realtime_minus_monotonic_ns = before.realtime_minus_monotonic_ns;
  const Traced traced = tracer.stop();
  ASSERT_NO_FATAL_FAILURE(move_clock(std::chrono::hours{1}));
  expect_truth(truth, traced);
  EXPECT_LT(traced.dump["run"]["started_at"], traced.dump["run"]["ended_at"]);
}

TEST_P(Upheaval, AProcessorThatIsTakenAwayTakesNoCountWithIt) {
  const char* const second = "/sys/devices/system/cpu/cpu1/online";
  if (!std::filesystem::exists(second)) GTEST_SKIP() << "there is no second CPU to take offline";
  Workload workload({"--workers", "4", "--connections", "60", "--end", "peer,hold"});
  Tracer tracer(backend(), {"--port", workload.ports()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  workload.make_traffic();
  std::ofstream(second) << 0 << std::flush;
  const Truth truth = truth_of(workload.finish());
  const Traced traced = tracer.stop();
  std::ofstream(second) << 1 << std::flush;
  expect_truth(truth, traced);
}

SHARED_PLAN(Lifecycle, TheDumpNamesTheBackendThatRan, {.workload = {"--connections", "1"}});
TEST_P(Lifecycle, TheDumpNamesTheBackendThatRan) {
  expect_truth_of_shared_plan();
  if (IsSkipped() || HasFailure()) return;
  EXPECT_EQ(outcome_.traced.dump["run"]["backend"], backend());
}

INSTANTIATE_TEST_SUITE_P(, Lifecycle, all_backends(), backend_name);
INSTANTIATE_TEST_SUITE_P(, Ending, testing::Values("auto"), backend_name);
INSTANTIATE_TEST_SUITE_P(, Upheaval, testing::Values("auto"), backend_name);

TEST(AutomaticBackend, IsOneThatWorks) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const Outcome outcome = trace("auto", {.workload = {"--connections", "30"}});
  ASSERT_FALSE(outcome.refusal) << *outcome.refusal;
  expect_truth(truth_of(outcome.truth), outcome.traced);
}

}  // namespace
}  // namespace acceptscope::test
