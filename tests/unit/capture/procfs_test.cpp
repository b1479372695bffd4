// SPDX-License-Identifier: BSD-2-Clause
#include "capture/procfs.hpp"

#include <gmock/gmock.h>

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

TEST(ProcFs, ReadsArgumentsAndTheUnifiedCgroup) {
  FakeProc proc;
  const FakeProcess process{.pid = 7,
                            .cmdline = std::string("nginx\0-g\0daemon off;\0", 21),
                            .cgroup = "5:memory:/x\n0::/system.slice/nginx.service\n"};
  proc.add(process);

  const ProcessInfo info = ProcFs(proc.root()).read(FakeProc::key_of(process));

  EXPECT_FALSE(info.exited);
  EXPECT_EQ(info.cmdline, "nginx -g daemon off;");
  EXPECT_EQ(info.cgroup, "/system.slice/nginx.service");
}

TEST(ProcFs, ACommandsNameMayContainParenthesesAndNewlines) {
  FakeProc proc;
  const FakeProcess process{.pid = 7, .comm = "a) S 1 (b\n)"};
  proc.add(process);

  EXPECT_TRUE(ProcFs(proc.root()).alive(FakeProc::key_of(process)));
}

TEST(ProcFs, AReusedPidIsNotTheWorker) {
  FakeProc proc;
  const FakeProcess former{.pid = 7, .start_ticks = 100};
  proc.add({.pid = 7, .start_ticks = 101});

  const ProcessInfo info = ProcFs(proc.root()).read(FakeProc::key_of(former));

  EXPECT_TRUE(info.exited);
  EXPECT_EQ(info.cmdline, std::nullopt);
}

TEST(ProcFs, AZombieHasExited) {
  FakeProc proc;
  const FakeProcess process{.pid = 7, .state = 'Z'};
  proc.add(process);

  EXPECT_FALSE(ProcFs(proc.root()).alive(FakeProc::key_of(process)));
}

TEST(ProcFs, AKernelThreadHasNoCommandLine) {
  FakeProc proc;
  const FakeProcess process{.pid = 7};
  proc.add(process);

  EXPECT_EQ(ProcFs(proc.root()).read(FakeProc::key_of(process)).cmdline, std::nullopt);
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

TEST(ProcessWatch, DescribesAWorkerOnceAndThenItsEnd) {
  FakeProc proc;
  const FakeProcess process{.pid = 7, .cmdline = std::string("w\0", 2)};
  proc.add(process);
  ProcessWatch watch{ProcFs(proc.root()), WorkerUnit::process};

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

TEST(ProcessWatch, TheKernelTellsWhenAWorkerExited) {
  FakeProc proc;
  const FakeProcess process{.pid = 7, .cmdline = std::string("w\0", 2)};
  proc.add(process);
  ProcessWatch watch{ProcFs(proc.root()), WorkerUnit::process};
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
  ProcessWatch watch{ProcFs(proc.root()), WorkerUnit::process};
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
  ProcessWatch watch{ProcFs(proc.root()), WorkerUnit::process};

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
  ProcessWatch watch{ProcFs(proc.root()), WorkerUnit::process};

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
  ProcessWatch watch{ProcFs(proc.root()), WorkerUnit::thread};

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
