// SPDX-License-Identifier: BSD-2-Clause
#include "model/pairing.hpp"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "model/diff.hpp"

namespace acceptscope {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A service on 0.0.0.0:8080 with two workers.
struct Build {
  ServiceRow row;

  explicit Build(std::uint32_t netns) {
    row.endpoint = {IpAddress::parse("0.0.0.0").value(), 8080};
    row.netns = netns;
    row.counts.accepts = 10;
    row.workers.resize(2);
    for (WorkerRow& worker : row.workers) worker.comm = "python3";
  }
  Build& commands(const std::string& cmdline, const std::string& comm) {
    for (WorkerRow& worker : row.workers) worker.cmdline = cmdline, worker.comm = comm;
    return *this;
  }
  Build& container(const std::string& label) {
    for (WorkerRow& worker : row.workers) worker.container = label;
    return *this;
  }
  Build& processes(std::uint32_t first, std::int64_t started_s) {
    for (WorkerRow& worker : row.workers) worker.pid = first++, worker.start_time = Instant{started_s * 1'000'000'000};
    return *this;
  }
  Build& named(const std::string& netns_name) {
    row.netns_name = netns_name;
    return *this;
  }
};

Snapshot dump(const std::vector<Build>& services) {
  Snapshot snapshot;
  for (const Build& service : services) snapshot.services.push_back(service.row);
  return snapshot;
}

/// The index in BEFORE of each service of AFTER, -1 if it has none, and what says so.
std::vector<std::pair<int, PairedBy>> pairs(const Snapshot& before, const Snapshot& after,
                                            const std::vector<AskedPair>& asked = {}) {
  std::vector<std::pair<int, PairedBy>> found;
  const Pairing pairing = pair_services(before, after, asked).value();
  for (const std::optional<Pair>& pair : pairing.of_after)
    found.emplace_back(pair ? static_cast<int>(pair->before) : -1, pair ? pair->by : PairedBy::address);
  return found;
}

const Build kWeb = Build(1).commands("python3 web.py", "web");
const Build kApi = Build(2).commands("python3 api.py", "api");

TEST(Pairing, TheNumberOfANamespaceIsReusedAndSaysNothing) {
  Build api = kApi, web = kWeb;
  api.row.netns = 1;  // restarted in the other order
  web.row.netns = 2;
  EXPECT_THAT(pairs(dump({kWeb, kApi}), dump({api, web})),
              ElementsAre(std::pair(1, PairedBy::command), std::pair(0, PairedBy::command)));
}

TEST(Pairing, AProcessThatIsInBothSaysIt) {
  const auto before = dump({Build(1).processes(7, 100), Build(2).processes(9, 100)});
  const auto after = dump({Build(2).processes(9, 100), Build(1).processes(7, 100)});
  EXPECT_THAT(pairs(before, after), ElementsAre(std::pair(1, PairedBy::processes), std::pair(0, PairedBy::processes)));
  const auto restarted = dump({Build(1).processes(9, 200), Build(2).processes(7, 200)});
  EXPECT_THAT(pairs(before, restarted), ElementsAre(std::pair(-1, PairedBy::address), std::pair(-1, PairedBy::address)))
      << "the same pids of other processes";
}

TEST(Pairing, NamesSayIt) {
  const auto before = dump({Build(1).container("docker web"), Build(2).container("docker api")});
  const auto after = dump({Build(1).container("docker api"), Build(2).container("docker web")});
  EXPECT_THAT(pairs(before, after), ElementsAre(std::pair(1, PairedBy::name), std::pair(0, PairedBy::name)));
  EXPECT_THAT(pairs(dump({Build(1).named("blue"), Build(2).named("green")}),
                    dump({Build(1).named("green"), Build(2).named("blue")})),
              ElementsAre(std::pair(1, PairedBy::name), std::pair(0, PairedBy::name)));
}

TEST(Pairing, TheOneThatIsLeftIsAGuess) {
  const auto before =
      dump({Build(1).container("docker web"), Build(2).container("docker 0123456789ab").commands("old", "old")});
  const auto after = dump({Build(1).container("docker 456789abcdef"), Build(2).container("docker web")});
  EXPECT_THAT(pairs(before, after), ElementsAre(std::pair(1, PairedBy::rest), std::pair(0, PairedBy::name)));
}

TEST(Pairing, OfServicesThatAreAlikeNoneIsPaired) {
  const auto before = dump({Build(1), Build(2)});
  const auto after = dump({Build(1), Build(2)});
  const Pairing pairing = pair_services(before, after, {}).value();
  EXPECT_THAT(pairing.of_after, ::testing::Each(std::nullopt));
  EXPECT_THAT(pairing.ambiguous_before, ElementsAre(true, true));
  const Diff diff = compare(before, after);
  EXPECT_TRUE(diff.services.empty());
  ASSERT_EQ(diff.only_after.size(), 2U);
  EXPECT_TRUE(diff.only_after[0].ambiguous);
}

TEST(Pairing, WhichIsWhichTheUserSays) {
  const auto before = dump({Build(1), Build(2)});
  const auto after = dump({Build(7).container("docker web"), Build(8)});
  EXPECT_THAT(pairs(before, after, {{"2", "docker web"}, {"1", "8"}}),
              ElementsAre(std::pair(1, PairedBy::user), std::pair(0, PairedBy::user)));
}

TEST(Pairing, ANameThatIsNotOfOneServiceIsAnError) {
  const auto two = dump({Build(1).named("blue"), Build(2)});
  const auto error = [&](const std::string& before, const std::string& after) {
    return pair_services(two, two, std::vector<AskedPair>{{before, after}}).error().message().raw();
  };
  EXPECT_THAT(error("3", "1"), HasSubstr("'3' names no service of BEFORE"));
  EXPECT_THAT(error("1", "0.0.0.0:8080"), HasSubstr("'0.0.0.0:8080' names several services of AFTER"));
  EXPECT_THAT(error("3", "1"), HasSubstr("0.0.0.0:8080 in network namespace 1 'blue'"));
  EXPECT_THAT(pair_services(two, two, std::vector<AskedPair>{{"1", "1"}, {"blue", "2"}}).error().message().raw(),
              HasSubstr("a second time"));
}

}  // namespace
}  // namespace acceptscope
