// SPDX-License-Identifier: BSD-2-Clause
#include "capture/procfs.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "capture/process_watch.hpp"
#include "unit/capture/fake_proc.hpp"
#include "unit/model/builders.hpp"

namespace acceptscope {
namespace {

using ::acceptscope::testing::FakeProc;
using ::acceptscope::testing::FakeProcess;
using ::acceptscope::testing::kStart;
using ::acceptscope::testing::tick;
using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

WorkerCounters counters_of(const FakeProcess& process) {
  WorkerCounters counters;
  counters.worker = FakeProc::key_of(process);
  return counters;
}

ProcessInfo exit_of(const FakeProcess& process, Nanoseconds since_start) {
  ProcessInfo exit;
  exit.worker = FakeProc::key_of(process);
  exit.exited = true;
  exit.exited_at = kStart + since_start;
  return exit;
}

ProcessInfo read(const FakeProc& proc, const FakeProcess& process) {
  ContainerNames names(proc.root());
  return ProcFs(proc.root()).read(FakeProc::key_of(process), {.pid = process.pid}, names);
}

std::optional<Nanoseconds> cpu_time(const FakeProc& proc, const FakeProcess& process) {
  return ProcFs(proc.root()).cpu_time(FakeProc::key_of(process), {.pid = process.pid});
}

TEST(ProcFs, ReadsArgumentsAndTheUnifiedCgroup) {
  FakeProc proc;
  const FakeProcess process{.pid = 7,
                            .cmdline = std::string("nginx\0-g\0daemon off;\0", 21),
                            .cgroup = "5:memory:/x\n0::/system.slice/nginx.service\n"};
  proc.add(process);

  const ProcessInfo info = read(proc, process);

  EXPECT_FALSE(info.exited);
  EXPECT_EQ(info.cmdline, "nginx -g daemon off;");
  EXPECT_EQ(info.cgroup, "/system.slice/nginx.service");
}

TEST(ProcFs, TellsTheContainerOfAnyHierarchyAndElseTheUnit) {
  FakeProc proc;
  const std::string id(64, 'a');
  const FakeProcess unified{.pid = 7, .cgroup = "0::/system.slice/docker-" + id + ".scope\n"};
  const FakeProcess version1{.pid = 8, .cgroup = "12:memory:/docker/" + id + "\n0::/system.slice/docker.service\n"};
  const FakeProcess unit{.pid = 9, .cgroup = "0::/system.slice/nginx.service\n"};
  for (const FakeProcess& process : {unified, version1, unit}) proc.add(process);

  EXPECT_EQ(read(proc, unified).container, "docker aaaaaaaaaaaa");
  EXPECT_EQ(read(proc, version1).container, "docker aaaaaaaaaaaa");
  EXPECT_EQ(read(proc, unit).container, "nginx.service");
}

TEST(ProcFs, TellsTheCpuTimeOfTheLiving) {
  FakeProc proc;
  const FakeProcess process{.pid = 7, .cpu_ticks = 150};
  proc.add(process);
  EXPECT_EQ(cpu_time(proc, process), Nanoseconds{150s} / sysconf(_SC_CLK_TCK));
  proc.remove(7);
  EXPECT_EQ(cpu_time(proc, process), std::nullopt);
}

TEST(ProcFs, ACommandsNameMayContainParenthesesAndNewlines) {
  FakeProc proc;
  const FakeProcess process{.pid = 7, .comm = "a) S 1 (b\n)"};
  proc.add(process);

  EXPECT_TRUE(cpu_time(proc, process).has_value());
}

TEST(ProcFs, AReusedPidIsNotTheWorker) {
  FakeProc proc;
  const FakeProcess former{.pid = 7, .start_ticks = 100};
  proc.add({.pid = 7, .start_ticks = 101});

  const ProcessInfo info = read(proc, former);

  EXPECT_TRUE(info.exited);
  EXPECT_EQ(info.cmdline, std::nullopt);
}

TEST(ProcFs, AZombieHasExited) {
  FakeProc proc;
  const FakeProcess process{.pid = 7, .state = 'Z'};
  proc.add(process);

  EXPECT_FALSE(cpu_time(proc, process).has_value());
}

TEST(ProcFs, AKernelThreadHasNoCommandLine) {
  FakeProc proc;
  const FakeProcess process{.pid = 7};
  proc.add(process);

  EXPECT_EQ(read(proc, process).cmdline, std::nullopt);
}

TEST(ProcFs, FindsDescendantsOfAnyDepthAndNobodyElse) {
  FakeProc proc;
  proc.add({.pid = 10, .parent = 1});
  proc.add({.pid = 11, .parent = 10});
  proc.add({.pid = 12, .parent = 11});
  proc.add({.pid = 20, .parent = 1});

  EXPECT_THAT(ProcFs(proc.root()).with_descendants({10}), UnorderedElementsAre(10, 11, 12));
}

TEST(ProcFs, APidThatDoesNotExistIsKeptInTheSelection) {
  FakeProc proc;
  EXPECT_THAT(ProcFs(proc.root()).with_descendants({99}), UnorderedElementsAre(99));
}

/// Waits for every answer, unless `patience` is shorter.
ProcessWatch watch_of(const FakeProc& proc, WorkerUnit by = WorkerUnit::process, Nanoseconds patience = 60s,
                      bool may_hide = false) {
  Result<ProcessReader> reader = ProcessReader::start(ProcFs(proc.root()));
  if (!reader) throw std::runtime_error(reader.error().message().raw());
  return {*std::move(reader), ProcFs(proc.root()), by, may_hide, patience};
}

/// Reading its command line never comes back: it is a FIFO without a writer.
void add_hanging(FakeProc& proc, const FakeProcess& process) {
  proc.add(process);
  const std::string cmdline = proc.root() + "/" + std::to_string(process.pid) + "/cmdline";
  std::filesystem::remove(cmdline);
  ASSERT_EQ(mkfifo(cmdline.c_str(), 0600), 0);
}

TEST(ProcessWatch, AProcessThatCannotBeReadIsGivenUpAndTheOthersAreRead) {
  FakeProc proc;
  const FakeProcess hanging{.pid = 7};
  const FakeProcess process{.pid = 8, .cmdline = std::string("w\0", 2)};
  add_hanging(proc, hanging);
  proc.add(process);
  ProcessWatch watch = watch_of(proc);

  const auto news = watch.update(tick(0s).with(counters_of(hanging)).with(counters_of(process)));
  ASSERT_THAT(news, SizeIs(1));
  EXPECT_EQ(news[0].cmdline, "w");
  EXPECT_EQ(watch.unread(), 1u);
}

TEST(ProcessWatch, NobodyWaitsForOneThatCannotBeRead) {
  FakeProc proc;
  const FakeProcess hanging{.pid = 7};
  add_hanging(proc, hanging);
  ProcessWatch watch = watch_of(proc, WorkerUnit::process, 0s);

  EXPECT_THAT(watch.update(tick(0s).with(counters_of(hanging))), IsEmpty());
  EXPECT_EQ(watch.unread(), 0u);
  const auto exit = watch.update(tick(1s).with(counters_of(hanging)).with(exit_of(hanging, 900ms)));
  ASSERT_THAT(exit, SizeIs(1));
  EXPECT_EQ(exit[0].exited_at, kStart + 900ms);
}

TEST(ProcessWatch, WithoutAHelperLeftNothingIsRead) {
  FakeProc proc;
  auto one = tick(0s);
  for (std::uint32_t pid = 1; pid <= ProcessReader::kHelpers + 2; ++pid) {
    const FakeProcess hanging{.pid = pid};
    add_hanging(proc, hanging);
    one.with(counters_of(hanging));
  }
  ProcessWatch watch = watch_of(proc);

  EXPECT_THAT(watch.update(one), IsEmpty());
  EXPECT_EQ(watch.unread(), static_cast<std::uint64_t>(ProcessReader::kHelpers) + 2);
  EXPECT_THAT(watch.update(one), IsEmpty());
}

TEST(ProcessWatch, DescribesAWorkerOnceAndThenItsEnd) {
  FakeProc proc;
  const FakeProcess process{.pid = 7, .cmdline = std::string("w\0", 2)};
  proc.add(process);
  ProcessWatch watch = watch_of(proc);

  const auto first = watch.update(tick(0s).with(counters_of(process)).with(counters_of(process)));
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].cmdline, "w");
  EXPECT_THAT(watch.update(tick(0s).with(counters_of(process))), IsEmpty());

  proc.remove(7);
  const auto last = watch.update(tick(0s).with(counters_of(process)));
  ASSERT_THAT(last, SizeIs(1));
  EXPECT_TRUE(last[0].exited);
  EXPECT_THAT(watch.update(tick(0s).with(counters_of(process))), IsEmpty());
}

/// The picture of a tick in which `process`, whose pid in the kernel is 1000 more than in /proc, is a worker.
Tick translated(const FakeProcess& process, const ProcPids& shown) {
  Tick now = tick(1s);
  WorkerCounters counters = counters_of(process);
  counters.worker.pid += 1000;
  now.workers = {counters};
  now.proc_pids = shown;
  return now;
}

TEST(ProcessWatch, PidsOfAnotherNamespaceAreTranslated) {
  FakeProc proc;
  const FakeProcess process{.pid = 7, .parent = 2, .cmdline = "app"};
  proc.add(process);
  ProcessWatch watch = watch_of(proc);

  const auto news = watch.update(translated(process, {{1007, 7}, {1002, 2}}));

  ASSERT_THAT(news, SizeIs(1));
  EXPECT_EQ(news[0].worker.pid, 1007);
  EXPECT_EQ(news[0].proc_pid, 7);
  EXPECT_EQ(news[0].parent_pid, 1002);
  EXPECT_EQ(news[0].cmdline, "app");
  EXPECT_FALSE(news[0].exited);
  EXPECT_THAT(watch.take_cpu(), SizeIs(0));  // described in this update
  EXPECT_THAT(watch.update(translated(process, {{1007, 7}})), IsEmpty());
  EXPECT_THAT(watch.take_cpu(), SizeIs(1));
  proc.remove(7);
  const auto end = watch.update(translated(process, {}));
  ASSERT_THAT(end, SizeIs(1));
  EXPECT_TRUE(end[0].exited);
}

TEST(ProcessWatch, OfAProcessThatProcDoesNotShowOnlyTheKernelTellsTheEnd) {
  FakeProc proc;
  proc.add({.pid = 7});  // the pid that the kernel tells is another process here
  const FakeProcess elsewhere{.pid = 6, .start_ticks = 5};
  ProcessWatch watch = watch_of(proc);
  Tick now = translated(elsewhere, {});

  EXPECT_THAT(watch.update(now), IsEmpty());
  EXPECT_THAT(watch.update(now), IsEmpty());
  ProcessInfo exit;
  exit.worker = now.workers[0].worker;
  exit.exited = true;
  exit.exited_at = kStart + 1s;
  now.processes = {exit};
  const auto news = watch.update(now);
  ASSERT_THAT(news, SizeIs(1));
  EXPECT_TRUE(news[0].exited);
}

TEST(ProcessWatch, WhereProcHidesProcessesOneThatIsNotThereMayLive) {
  FakeProc proc;
  const FakeProcess process{.pid = 7};
  ProcessWatch watch = watch_of(proc, WorkerUnit::process, 60s, true);
  Tick now = tick(1s);
  now.workers = {counters_of(process)};

  for (const auto& news : {watch.update(now), watch.update(now)})
    for (const ProcessInfo& info : news) EXPECT_FALSE(info.exited);
}

TEST(ProcessWatch, TheKernelTellsWhenAWorkerExited) {
  FakeProc proc;
  const FakeProcess process{.pid = 7, .cmdline = std::string("w\0", 2)};
  proc.add(process);
  ProcessWatch watch = watch_of(proc);
  static_cast<void>(watch.update(tick(0s).with(counters_of(process))));

  const ProcessInfo exit = exit_of(process, 300ms);
  const auto news = watch.update(tick(1s).with(counters_of(process)).with(exit));

  ASSERT_THAT(news, SizeIs(1));
  EXPECT_TRUE(news[0].exited);
  EXPECT_EQ(news[0].exited_at, kStart + 300ms);
  EXPECT_THAT(watch.update(tick(2s).with(counters_of(process)).with(exit)), SizeIs(0));
}

TEST(ProcessWatch, AnExitThatWasSeenFirstGetsItsTimeWhenTheKernelTellsIt) {
  FakeProc proc;
  const FakeProcess process{.pid = 7};
  proc.add(process);
  ProcessWatch watch = watch_of(proc);
  static_cast<void>(watch.update(tick(0s).with(counters_of(process))));

  proc.remove(7);
  const auto seen = watch.update(tick(1s).with(counters_of(process)));
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_TRUE(seen[0].exited);
  EXPECT_EQ(seen[0].exited_at, std::nullopt);
  const auto told = watch.update(tick(2s).with(counters_of(process)).with(exit_of(process, 900ms)));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].exited_at, kStart + 900ms);
  EXPECT_THAT(watch.update(tick(3s).with(counters_of(process))), IsEmpty());
}

TEST(ProcessWatch, AnExitThatIsToldBeforeItsWorkerIsListedIsRemembered) {
  FakeProc proc;
  const FakeProcess process{.pid = 7};
  ProcessWatch watch = watch_of(proc);

  EXPECT_THAT(watch.update(tick(1s).with(exit_of(process, 900ms))), IsEmpty());
  const auto news = watch.update(tick(2s).with(counters_of(process)));
  ASSERT_THAT(news, SizeIs(1));
  EXPECT_TRUE(news[0].exited);
  EXPECT_EQ(news[0].exited_at, kStart + 900ms);
}

TEST(ProcessWatch, AHolderThatLetGoIsForgottenAndDescribedAnewWhenItComesBack) {
  FakeProc proc;
  const FakeProcess process{.pid = 7, .cmdline = std::string("w\0", 2)};
  proc.add(process);
  Holder holder;
  holder.worker = FakeProc::key_of(process);
  ProcessWatch watch = watch_of(proc);

  EXPECT_THAT(watch.update(tick(0s).with(holder)), SizeIs(1));
  EXPECT_THAT(watch.update(tick(0s).with(holder)), IsEmpty());
  EXPECT_THAT(watch.update(tick(0s)), IsEmpty());
  EXPECT_THAT(watch.update(tick(0s).with(holder)), SizeIs(1));
}

TEST(ProcessWatch, AWaitingThreadIsFollowedUntilItExitsAlsoWhileItIsBusy) {
  FakeProc proc;
  const FakeProcess process{.pid = 7};
  proc.add(process);
  proc.add({.pid = 7, .task = 71});
  Holder holder;
  holder.worker = FakeProc::key_of(process);
  Holder waiting = holder;
  waiting.threads.push_back({FakeProc::key_of({.pid = 7, .task = 71}), "pool"});
  ProcessWatch watch = watch_of(proc, WorkerUnit::thread);

  EXPECT_THAT(watch.update(tick(0s).with(waiting)), SizeIs(2));
  EXPECT_THAT(watch.update(tick(1s).with(holder)), IsEmpty());
  proc.remove(7, 71);
  const auto last = watch.update(tick(1s).with(holder));
  ASSERT_THAT(last, SizeIs(1));
  EXPECT_TRUE(last[0].exited);
  EXPECT_EQ(last[0].worker.tid, 71u);
}

}  // namespace
}  // namespace acceptscope
