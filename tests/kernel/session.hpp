// SPDX-License-Identifier: BSD-2-Clause
/// The program around a workload: the one fixture of the kernel tests.
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

/// A directory of this test's own, gone with the object.
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

/// A server and its client under this test's control, phase by phase. Each phase tells the truth so far.
class Workload {
 public:
  /// `launcher` comes before the command, as in {"ip", "netns", "exec", "x"}.
  explicit Workload(const Arguments& arguments, const std::string& cgroup = {}, const Arguments& launcher = {});

  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  [[nodiscard]] const json& truth() const { return truth_; }
  [[nodiscard]] std::uint16_t port(std::size_t service = 0) const;
  /// As --port takes them.
  [[nodiscard]] std::string ports() const;

  /// To the next phase.
  const json& proceed();
  /// Starts the traffic and does not wait for its end; make_traffic() does.
  void begin_traffic();
  /// Through to the end of the traffic.
  const json& make_traffic();
  /// To the end.
  const json& finish();

 private:
  void proceed_to(const std::string& phase);

  Process process_;
  json truth_;
  bool under_way_ = false;  ///< the next phase has been asked for
};

/// What the program left: its outputs and its exit status.
struct Traced {
  int exit_status = -1;
  json dump{};  ///< null if there is no complete one
  std::vector<json> log{};
  std::string output{};  ///< live view and closing summary
  std::string errors{};
};

/// The program, tracing.
class Tracer {
 public:
  explicit Tracer(const std::string& backend, const Arguments& arguments = {});

  /// Waits until it traces; false if the kernel or the privileges do not allow this backend.
  [[nodiscard]] bool starts();
  /// What it said when it did not start.
  [[nodiscard]] std::string refusal() const;

  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  void signal(int number) const { process_.signal(number); }
  /// Ends the run by a signal, or waits for its own end.
  [[nodiscard]] Traced stop(std::optional<int> signal = SIGINT);

 private:
  TemporaryDirectory directory_;
  Process process_;
};

/// A plain run: workload, program around it, all compared by the caller.
struct Plan {
  Arguments workload{};
  Arguments tracer{};
  bool queued_before = false;        ///< connections wait in the accept queue when tracing begins (needs --gate)
  bool finish_while_traced = false;  ///< held connections end before the program does
  /// Why this plan cannot be traced with a backend on this machine, if it cannot; null: it always can.
  std::optional<std::string> (*impossible)(const std::string& backend) = nullptr;
};

struct Outcome {
  std::optional<std::string> refusal{};  ///< why this backend cannot run here
  json truth{};
  Traced traced{};
};

[[nodiscard]] Outcome trace(const std::string& backend, const Plan& plan);

/// How many runs of its programs the kernel skipped while the dump was made.
[[nodiscard]] std::uint64_t programs_skipped(const json& dump);

/// Plays `scene` until its outcome suits, `attempts` times at most. Gives the last outcome.
[[nodiscard]] Outcome play_until(const std::function<bool(const Outcome&)>& suits, int attempts,
                                 const std::function<Outcome()>& scene);

/// Plays `scene` until the kernel skipped no program in it, a few times at most: for tests that are about something
/// else and have nothing to expect of a disturbed run. Gives the last outcome.
[[nodiscard]] Outcome undisturbed(const std::function<Outcome()>& scene);

/// Whether a refused backend is one that this machine must be able to run (ACCEPTSCOPE_REQUIRED_BACKENDS).
[[nodiscard]] bool backend_is_required(const std::string& backend);

/// The running kernel's version, as 612 for 6.12.
[[nodiscard]] int kernel_version();

/// Once per backend; needs root.
class BackendTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;
  [[nodiscard]] const std::string& backend() const { return GetParam(); }
};

[[nodiscard]] inline auto all_backends() { return testing::Values("fentry", "kprobe", "tracepoint"); }
[[nodiscard]] std::string backend_name(const testing::TestParamInfo<std::string>& info);

/// Ends a test whose backend the kernel refuses, with the reason that the program gave.
#define SKIP_IF_REFUSED(refused, why)                                         \
  if (refused) {                                                              \
    if (backend_is_required(backend())) FAIL() << "must run here: " << (why); \
    GTEST_SKIP() << (why);                                                    \
  }

}  // namespace acceptscope::test
