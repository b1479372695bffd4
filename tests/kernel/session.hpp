// SPDX-License-Identifier: BSD-2-Clause
/// The program tracing a workload: the fixture of all kernel tests.
#pragma once

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "process.hpp"

namespace acceptscope::test {

using Arguments = std::vector<std::string>;
using nlohmann::json;

[[nodiscard]] std::string acceptscope_path();
[[nodiscard]] std::string workload_path();

/// A temporary directory of this test, deleted with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// A server and its client, controlled phase by phase. Each phase reports the ground truth so far.
class Workload {
 public:
  /// `launcher` comes before the command, as in {"ip", "netns", "exec", "x"}.
  explicit Workload(const Arguments& arguments, const std::string& cgroup = {}, const Arguments& launcher = {});

  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  [[nodiscard]] const json& truth() const { return truth_; }
  [[nodiscard]] std::uint16_t port(std::size_t service = 0) const;
  /// The ports in the syntax of --port.
  [[nodiscard]] std::string ports() const;

  /// Continues to the next phase.
  const json& proceed();
  /// Starts the traffic without waiting for its end; make_traffic() waits.
  void begin_traffic();
  /// Runs until the end of the traffic.
  const json& make_traffic();
  /// Runs until the end of the workload.
  const json& finish();

 private:
  void proceed_to(const std::string& phase);

  Process process_;
  json truth_;
  bool under_way_ = false;  ///< the next phase has been requested
};

/// Results of the program: its outputs and its exit status.
struct Traced {
  int exit_status = -1;
  json dump{};  ///< null if there is no complete dump
  std::vector<json> log{};
  std::string output{};  ///< live view and closing summary
  std::string errors{};
};

/// A running tracer.
class Tracer {
 public:
  explicit Tracer(const std::string& backend, const Arguments& arguments = {});

  /// Waits until tracing has begun; false if the kernel or the privileges do not allow this backend.
  [[nodiscard]] bool starts();
  /// The error message of a failed start.
  [[nodiscard]] std::string refusal() const;

  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  void signal(int number) const { process_.signal(number); }
  /// Ends the run with a signal, or waits until it ends by itself.
  [[nodiscard]] Traced stop(std::optional<int> signal = SIGINT);

 private:
  TemporaryDirectory directory_;
  Process process_;
};

/// A simple run of workload and tracer; the caller compares the results.
struct Plan {
  Arguments workload{};
  Arguments tracer{};
  bool queued_before = false;        ///< connections wait in the accept queue when tracing begins (needs --gate)
  bool finish_while_traced = false;  ///< held connections end before the program does
  /// Returns the reason why a backend cannot trace this plan on this machine, if there is one; null: it always can.
  std::optional<std::string> (*impossible)(const std::string& backend) = nullptr;
};

struct Outcome {
  std::optional<std::string> refusal{};  ///< why this backend cannot run here
  json truth{};
  Traced traced{};
};

[[nodiscard]] Outcome trace(const std::string& backend, const Plan& plan);

/// Number of program runs that the kernel skipped while the dump was recorded.
[[nodiscard]] std::uint64_t programs_skipped(const json& dump);

/// Runs `scene` until its outcome is acceptable, at most `attempts` times. Returns the last outcome.
[[nodiscard]] Outcome play_until(const std::function<bool(const Outcome&)>& suits, int attempts,
                                 const std::function<Outcome()>& scene);

/// Runs `scene` until the kernel skipped no program in it, up to a limit: for tests of other features, which cannot
/// evaluate a run with skipped programs. Returns the last outcome.
[[nodiscard]] Outcome undisturbed(const std::function<Outcome()>& scene);

/// Whether a refused backend is required on this machine (ACCEPTSCOPE_REQUIRED_BACKENDS).
[[nodiscard]] bool backend_is_required(const std::string& backend);

/// The running kernel's version, as 612 for 6.12.
[[nodiscard]] int kernel_version();
/// If this backend sees the writes of Multipath TCP and when a write ends: tracepoints tell it from Linux 6.3 on.
[[nodiscard]] bool knows_writes(const std::string& backend);

/// Base of tests that run once per backend; needs root.
class BackendTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;
  [[nodiscard]] const std::string& backend() const { return GetParam(); }
};

[[nodiscard]] inline auto all_backends() { return testing::Values("fentry", "kprobe", "tracepoint"); }
[[nodiscard]] std::string backend_name(const testing::TestParamInfo<std::string>& info);

/// Skips a test whose backend the kernel refuses, with the reason that the program gave.
#define SKIP_IF_REFUSED(refused, why)                                         \
  if (refused) {                                                              \
    if (backend_is_required(backend())) FAIL() << "must run here: " << (why); \
    GTEST_SKIP() << (why);                                                    \
  }

}  // namespace acceptscope::test
