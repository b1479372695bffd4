// SPDX-License-Identifier: BSD-2-Clause
// Roles as a run shows them.
#include "model/roles.hpp"

#include <gmock/gmock.h>

#include <map>

#include "unit/model/builders.hpp"

namespace acceptscope::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::map<std::uint32_t, Role> roles(const ServiceRow& row) {
  std::map<std::uint32_t, Role> roles;
  for (const WorkerRow& worker : row.workers) roles.emplace(worker.tid.value_or(worker.pid), worker.role);
  return roles;
}

/// Number `look` of a master and its workers; `waiting` of them wait in accept().
TickBuilder blocking_server(std::uint32_t look, std::initializer_list<std::uint32_t> waiting,
                            std::initializer_list<std::uint32_t> busy) {
  TickBuilder result = tick(std::chrono::seconds{look});
  result.looked(look, std::chrono::seconds{look}).with(listeners(1));
  result.with(holder(worker(100)).named("master").waiting(false));
  for (const std::uint32_t pid : waiting) result.with(holder(worker(pid)).named("worker").child_of(100).blocking());
  for (const std::uint32_t pid : busy) result.with(holder(worker(pid)).named("worker").child_of(100).waiting(false));
  return result;
}

ServiceRow picture_of(std::initializer_list<Tick> ticks, WorkerUnit by = WorkerUnit::process) {
  RunOptions options;
  options.by = by;
  options.show_idle_services = true;
  auto traced = run(options);
  for (const Tick& next : ticks) traced.apply(next);
  return traced.snapshot().services.at(0);
}

TEST(Roles, AWorkerThatIsBusyAtEveryLookCountsWithItsSiblings) {
  const ServiceRow row = picture_of({blocking_server(1, {101}, {102, 103}), blocking_server(2, {102}, {101, 103})});

  EXPECT_THAT(roles(row), UnorderedElementsAre(Pair(100, Role::supervisor), Pair(101, Role::worker),
                                               Pair(102, Role::worker), Pair(103, Role::worker)));
  EXPECT_EQ(row.workers_eligible, 3u);
}

TEST(Roles, AChildThatInheritedTheSocketIsAHolderAndItsParentNoSupervisor) {
  const auto with_helpers = [](std::uint32_t look) {
    return Tick(blocking_server(look, {101, 102}, {103})
                    .with(holder(worker(201)).named("sleep").child_of(101).waiting(false))
                    .with(holder(worker(203)).named("sleep").child_of(103).waiting(false)));
  };
  const ServiceRow row = picture_of({with_helpers(1), with_helpers(2)});

  EXPECT_THAT(roles(row),
              UnorderedElementsAre(Pair(100, Role::supervisor), Pair(101, Role::worker), Pair(102, Role::worker),
                                   Pair(103, Role::worker), Pair(201, Role::holder), Pair(203, Role::holder)));
  EXPECT_EQ(row.workers_eligible, 3u);
  EXPECT_EQ(row.workers.back().role, Role::holder);
}

TEST(Roles, AHelperOfTheSameProgramThatNeverPollsIsNoWorkerWhereTheOthersAlwaysDo) {
  const auto polling = [](std::uint32_t look) {
    return Tick(tick(std::chrono::seconds{look})
                    .looked(look, std::chrono::seconds{look})
                    .with(listeners(1))
                    .with(holder(worker(101)).named("python3").child_of(100).waiting(true, false))
                    .with(holder(worker(102)).named("python3").child_of(100).waiting(false)));
  };
  const ServiceRow row = picture_of({polling(1), polling(2)});

  EXPECT_THAT(roles(row), UnorderedElementsAre(Pair(101, Role::worker), Pair(102, Role::holder)));
}

TEST(Roles, WhoTakesTheSocketOutOfItsSetWhileBusyCountsWithItsSiblings) {
  const auto with_a_mutex = [](std::uint32_t look, std::uint32_t polling) {
    TickBuilder result = tick(std::chrono::seconds{look});
    result.looked(look, std::chrono::seconds{look}).with(listeners(1));
    for (std::uint32_t pid = 101; pid <= 103; ++pid)
      result.with(holder(worker(pid)).named("nginx").child_of(100).waiting(pid == polling));
    return Tick(result);
  };
  const ServiceRow row = picture_of({with_a_mutex(1, 101), with_a_mutex(2, 102)});

  EXPECT_EQ(row.workers_eligible, 3u);
}

TEST(Roles, WhoAcceptedIsAWorkerWhateverItWaitsFor) {
  const ServiceRow row =
      picture_of({Tick(blocking_server(1, {}, {101}).with(counters_of(worker(101)).named("worker").accepts(1))),
                  Tick(blocking_server(2, {}, {101}).with(counters_of(worker(101)).named("worker").accepts(1)))});

  EXPECT_THAT(roles(row), UnorderedElementsAre(Pair(100, Role::supervisor), Pair(101, Role::worker)));
}

TEST(Roles, WhereTheKernelDoesNotTellEveryHolderButTheParentIsAWorker) {
  const auto untold = [](std::uint32_t look) {
    return Tick(tick(std::chrono::seconds{look})
                    .looked(look, std::chrono::seconds{look})
                    .with(listeners(1))
                    .with(holder(worker(100)))
                    .with(holder(worker(101)).child_of(100))
                    .with(holder(worker(102)).child_of(100)));
  };
  const ServiceRow row = picture_of({untold(1), untold(2)});

  EXPECT_THAT(roles(row),
              UnorderedElementsAre(Pair(100, Role::supervisor), Pair(101, Role::worker), Pair(102, Role::worker)));
}

TEST(Roles, ALookThatCouldTellCountsMoreThanOneThatCouldNot) {
  Tick incomplete = blocking_server(1, {101, 102}, {});
  incomplete.look.holders.push_back(holder(worker(201)).named("sleep").child_of(101));
  Tick complete = blocking_server(2, {101, 102}, {});
  complete.look.holders.push_back(holder(worker(201)).named("sleep").child_of(101).waiting(false));

  EXPECT_EQ(roles(picture_of({incomplete})).at(201), Role::worker);
  EXPECT_EQ(roles(picture_of({incomplete, complete})).at(201), Role::holder);
}

TEST(Roles, OneLookThatFindsNobodyProvesNothing) {
  EXPECT_EQ(picture_of({blocking_server(1, {}, {101, 102})}).workers_eligible, 2u);
  const ServiceRow later = picture_of({blocking_server(1, {}, {101, 102}), blocking_server(2, {}, {101, 102})});
  EXPECT_EQ(later.workers_eligible, 0u);
  EXPECT_EQ(later.workers.front().role, Role::holder);
}

TEST(Roles, SystemdIsTheSupervisorOfASupervisor) {
  const ServiceRow row = picture_of({blocking_server(1, {101}, {}).with(holder(worker(1)).waiting(false)), [] {
                                       TickBuilder result = tick(2s);
                                       result.looked(2, 2s).with(listeners(1));
                                       result.with(holder(worker(1)).waiting(false));
                                       result.with(holder(worker(100)).child_of(1).waiting(false));
                                       result.with(holder(worker(101)).child_of(100).blocking());
                                       return Tick(result);
                                     }()});

  EXPECT_THAT(roles(row),
              UnorderedElementsAre(Pair(1, Role::supervisor), Pair(100, Role::supervisor), Pair(101, Role::worker)));
}

// --- draining

ProcessInfo process_info(std::uint32_t pid, std::uint32_t parent, Nanoseconds start = 900s) {
  ProcessInfo info;
  info.worker = worker(pid, start);
  info.parent_pid = parent;
  return info;
}

/// Workers of a reload: `old` has connections and gave the socket up; 102 holds it and is younger.
TickBuilder after_a_reload(std::uint32_t look, const WorkerCountersBuilder& old, std::uint32_t parent_of_old = 100) {
  TickBuilder result = tick(std::chrono::seconds{look});
  result.looked(look, std::chrono::seconds{look}).with(listeners(1));
  result.with(holder(worker(100)).named("nginx").waiting(false));
  result.with(holder(worker(102, 950s)).named("nginx").child_of(100).waiting(true));
  result.with(WorkerCounters(old)).with(process_info(101, parent_of_old));
  return result;
}

TEST(Roles, AfterAReloadWhoHasConnectionsWithoutTheSocketIsDrainingWheneverTheReloadWas) {
  const auto before = counters_of(worker(101)).named("nginx").preexisting(30);
  const auto during = counters_of(worker(101)).named("nginx").accepts(30);
  Tick at_first = tick(1s)
                      .looked(1, 1s)
                      .with(listeners(1))
                      .with(holder(worker(100)).named("nginx").waiting(false))
                      .with(holder(worker(101)).named("nginx").child_of(100).waiting(true))
                      .with(WorkerCounters(during));
  const ServiceRow rows[] = {picture_of({after_a_reload(1, before)}),
                             picture_of({at_first, after_a_reload(2, during)})};

  for (const ServiceRow& row : rows) {
    EXPECT_THAT(roles(row),
                UnorderedElementsAre(Pair(100, Role::supervisor), Pair(101, Role::draining), Pair(102, Role::worker)));
    EXPECT_EQ(row.workers_eligible, 1u);
    EXPECT_FALSE(row.workers.front().exited || row.workers.at(1).exited);
  }
}

TEST(Roles, WhoServesForAnAcceptorIsNotDraining) {
  const auto held = counters_of(worker(101)).named("nginx").preexisting(3);
  EXPECT_EQ(roles(picture_of({after_a_reload(1, held, 102)})).at(101), Role::worker) << "the child of who accepts";

  Tick receives = after_a_reload(1, held);
  receives.open.push_back(open_connection().by(worker(102, 950s)).held_by(worker(101)));
  EXPECT_EQ(roles(picture_of({receives})).at(101), Role::worker) << "it receives connections";
}

TEST(Roles, WhoAcceptedForItsChildrenBeforeTheRunIsAnAcceptor) {
  const auto postmaster = [](std::uint32_t look) {
    TickBuilder result = tick(std::chrono::seconds{look});
    result.looked(look, std::chrono::seconds{look}).with(listeners(1));
    result.with(holder(worker(100)).named("postgres").waiting(true));
    for (const std::uint32_t pid : {101U, 102U}) {
      result.with(counters_of(worker(pid)).named("postgres").preexisting(1));
      ProcessInfo child;
      child.worker = worker(pid);
      child.parent_pid = 100;
      result.with(child);
    }
    return Tick(result.with_service_totals());
  };
  const ServiceRow row = picture_of({postmaster(1), postmaster(2)});

  EXPECT_THAT(roles(row),
              UnorderedElementsAre(Pair(100, Role::acceptor), Pair(101, Role::worker), Pair(102, Role::worker)));
  EXPECT_EQ(row.workers_eligible, 2u);
  EXPECT_EQ(row.workers_idle, 0u);
}

TEST(Roles, AWorkerThatWasBornAfterTheLastLookIsNotDraining) {
  Tick born_later = tick(900s + 2s)
                        .looked(1, -200s)
                        .with(listeners(1))
                        .with(holder(worker(100)).waiting(true))
                        .with(WorkerCounters(counters_of(worker(101)).accepts(1)));
  EXPECT_EQ(roles(picture_of({born_later})).at(101), Role::worker);
}

// --- threads

TEST(Roles, ThreadsThatWaitAreWorkersWithoutAnyAccept) {
  const auto pool = [](std::uint32_t look, std::initializer_list<std::uint32_t> sleeping) {
    return Tick(tick(std::chrono::seconds{look})
                    .looked(look, std::chrono::seconds{look})
                    .with(listeners(1))
                    .with(holder(worker(7)).with_threads(sleeping))
                    .with(WorkerCounters(counters_of(thread(7, 71)).accepts(40))));
  };
  const ServiceRow row = picture_of({pool(1, {72, 73}), pool(2, {74})}, WorkerUnit::thread);

  EXPECT_THAT(roles(row), UnorderedElementsAre(Pair(71, Role::worker), Pair(72, Role::worker), Pair(73, Role::worker),
                                               Pair(74, Role::worker)));
  EXPECT_EQ(row.workers_eligible, 4u);
  EXPECT_EQ(row.workers_idle, 3u);
  EXPECT_EQ(row.waiting_threads, 2u) << "at once";
}

TEST(Roles, AThreadThatExitedWithoutAConnectionIsNoWorkerAnyMore) {
  Tick first = tick(1s).looked(1, 1s).with(listeners(1)).with(holder(worker(7)).with_threads({71, 72}));
  Tick second = tick(2s).looked(2, 2s).with(listeners(1)).with(holder(worker(7)).with_threads({71}));
  ProcessInfo exit;
  exit.worker = thread(7, 72);
  exit.exited = true;
  second.processes.push_back(exit);

  EXPECT_THAT(roles(picture_of({first, second}, WorkerUnit::thread)), ElementsAre(Pair(71, Role::worker)));
}

TEST(Roles, ProcessesHaveNoRowsForThreads) {
  const ServiceRow row = picture_of({Tick(tick(1s).with(listeners(1)).with(holder(worker(7)).with_threads({71, 72})))});

  EXPECT_THAT(roles(row), ElementsAre(Pair(7, Role::worker)));
  EXPECT_EQ(row.waiting_threads, 2u);
}

}  // namespace
}  // namespace acceptscope::testing
