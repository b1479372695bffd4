// SPDX-License-Identifier: BSD-2-Clause
// Selected connections are complete; all others leave no trace.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "comparison.hpp"

namespace acceptscope::test {
namespace {

class Filtering : public BackendTest {
 protected:
  /// Traces one workload with a filter and expects the connections that `wanted` accepts.
  void expect_only(const Arguments& workload, const Arguments& filter,
                   const std::function<bool(const TrueConnection&)>& wanted) {
    Workload server(workload);
    Tracer tracer(backend(), filter);
    SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
    const Truth truth = truth_of(server.make_traffic());
    expect_selection(truth, wanted, tracer.stop());
  }

  static void expect_selection(const Truth& all, const std::function<bool(const TrueConnection&)>& wanted,
                               const Traced& traced) {
    const Truth selected = only(all, wanted);
    ASSERT_FALSE(selected.connections.empty()) << "the test selects nothing";
    ASSERT_LT(selected.connections.size(), all.connections.size()) << "the test selects everything";
    expect_truth(selected, traced);
  }
};

/// A cgroup v2 with a child cgroup, removed with the object.
class Cgroups {
 public:
  Cgroups() : outer_(fmt::format("{}/acceptscope-test-{}", mount_point(), getpid())) {
    std::filesystem::create_directories(inner());
  }
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;
  ~Cgroups() {
    // A cgroup is busy until the kernel has released the last task that exited in it.
    const bool removed = eventually([&] { return rmdir(inner().c_str()) == 0 && rmdir(outer_.c_str()) == 0; });
    if (!removed) ADD_FAILURE() << "cannot remove " << outer_;
  }
  [[nodiscard]] const std::string& outer() const { return outer_; }
  [[nodiscard]] std::string inner() const { return outer_ + "/inner"; }

 private:
  static std::string mount_point() {
    for (const char* place : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      if (std::filesystem::exists(std::string(place) + "/cgroup.controllers")) return place;
    }
    throw std::runtime_error("no cgroup version 2 is mounted");
  }
  std::string outer_;
};

/// Filters applied in userspace: no BPF program of any backend is involved.
class Selecting : public Filtering {};

TEST_P(Filtering, PortsInAListAndARangeGivenInSeveralOptions) {
  Workload workload({"--services", "6", "--workers", "1", "--connections", "8"});
  std::vector<int> ports;
  for (std::size_t i = 0; i < 6; ++i) ports.push_back(workload.port(i));
  std::ranges::sort(ports);
  Tracer tracer(backend(),
                {"-p", fmt::format("{},{}-{}", ports[0], ports[2], ports[3]), "--port=" + std::to_string(ports[5])});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const Truth truth = truth_of(workload.make_traffic());
  expect_selection(
      truth, [&](const TrueConnection& c) { return c.service_port != ports[1] && c.service_port != ports[4]; },
      tracer.stop());
}

TEST_P(Selecting, AddressesOfBothFamilies) {
  expect_only({"--listen", "127.0.0.1,127.0.0.2,::1", "--connections", "10"},
              {"--address", "127.0.0.2", "--address", "::1"},
              [](const TrueConnection& c) { return c.service_address != "127.0.0.1"; });
}

TEST_P(Selecting, ACommandNamePattern) {
  expect_only({"--workers", "4", "--comm", "alpha-1,beta,alpha-2,gamma", "--connections", "80", "--reuseport"},
              {"--comm", "alpha-*"}, [](const TrueConnection& c) { return c.comm.starts_with("alpha-"); });
}

TEST_P(Filtering, OneProcessOfSeveralAndOneWithItsDescendantsAlsoThoseBornLater) {
  Workload several({"--workers", "4", "--connections", "40", "--reuseport"});
  const int one_of_them = several.truth()["workers"][1]["pid"].get<int>();
  // The child of the shell exists when tracing begins; the child's workers do not yet.
  Workload inside({"--workers", "3", "--connections", "20", "--late-workers"}, {},
                  {"sh", "-c", "\"$@\"; exit $?", "sh"});
  Workload outside({"--workers", "3", "--connections", "20"});
  Tracer tracer(backend(), {"--pid", std::to_string(inside.pid()), "--pid", std::to_string(one_of_them)});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const int port = inside.port();
  Truth truth = together(truth_of(inside.make_traffic()), truth_of(outside.make_traffic()));
  truth = together(truth, truth_of(several.make_traffic()));
  ASSERT_NE(inside.truth()["conductor_pid"], inside.pid()) << "the shell is to be in between";
  expect_selection(
      truth, [&](const TrueConnection& c) { return c.service_port == port || c.pid == one_of_them; }, tracer.stop());
}

TEST_P(Filtering, ACgroupSubtree) {
  const Cgroups cgroups;
  Workload inside({"--workers", "2", "--connections", "20"}, cgroups.inner());
  Workload outside({"--workers", "2", "--connections", "20"});
  Tracer tracer(backend(), {"--cgroup", cgroups.outer()});
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const int port = inside.port();
  const Truth truth = together(truth_of(inside.make_traffic()), truth_of(outside.make_traffic()));
  const Traced traced = tracer.stop();
  inside.finish();
  expect_selection(
      truth, [&](const TrueConnection& c) { return c.service_port == port; }, traced);
}

TEST_P(Filtering, WithoutAFilterEveryServiceIsThere) {
  Workload one({"--workers", "2", "--connections", "20"});
  Workload other({"--workers", "2", "--connections", "20", "--listen", "::1"});
  Tracer tracer(backend());
  SKIP_IF_REFUSED(!tracer.starts(), tracer.refusal());
  const Truth truth = together(truth_of(one.make_traffic()), truth_of(other.make_traffic()));
  const Traced traced = tracer.stop();
  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  if (programs_skipped(traced.dump) > 0) {
    for (const Workload* workload : {&one, &other}) {
      expect_bounded_truth(truth_of(workload->truth()), part_of(traced, workload->truth()));
    }
    return;
  }
  // Other servers may run on this host: compare only our own.
  json ours = json::array();
  for (const json& record : connections_of(traced.dump)) {
    const int port = record["local"]["port"].get<int>();
    if (port == one.port() || port == other.port()) ours.push_back(record);
  }
  expect_true_connections(truth, ours);
}

INSTANTIATE_TEST_SUITE_P(, Filtering, all_backends(), backend_name);
INSTANTIATE_TEST_SUITE_P(, Selecting, testing::Values("auto"), backend_name);

}  // namespace
}  // namespace acceptscope::test
