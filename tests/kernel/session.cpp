// SPDX-License-Identifier: BSD-2-Clause
#include "session.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace acceptscope::test {
namespace {

constexpr int kCannotHere = 3;  // the contract's exit status for "this kernel or these privileges cannot"

std::string path_from(const char* variable, const char* otherwise) {
  const char* path = std::getenv(variable);
  return path == nullptr ? otherwise : path;
}

Arguments operator+(Arguments first, const Arguments& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::string acceptscope_path() { return path_from("ACCEPTSCOPE", DEFAULT_ACCEPTSCOPE); }
std::string workload_path() { return path_from("ACCEPTSCOPE_WORKLOAD", DEFAULT_WORKLOAD); }

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "acceptscope-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Workload::Workload(const Arguments& arguments, const std::string& cgroup, const Arguments& launcher)
    : process_({.argv = launcher + Arguments{workload_path(), "--interactive"} + arguments, .cgroup = cgroup}) {
  truth_ = json::parse(process_.read_line());
}

std::uint16_t Workload::port(std::size_t service) const {
  return truth_["services"][service]["port"].get<std::uint16_t>();
}

std::string Workload::ports() const {
  std::string list;
  for (const json& service : truth_["services"]) {
    list += fmt::format("{}{}", list.empty() ? "" : ",", service["port"].get<int>());
  }
  return list;
}

const json& Workload::proceed() {
  if (!under_way_) process_.write_line("go");
  under_way_ = false;
  truth_ = json::parse(process_.read_line());
  return truth_;
}

void Workload::begin_traffic() {
  process_.write_line("go");
  under_way_ = true;
}

const json& Workload::make_traffic() {
  proceed_to("traffic_done");
  return truth_;
}

const json& Workload::finish() {
  proceed_to("finished");
  if (const int status = process_.wait(); status != 0) throw std::runtime_error("workload: " + process_.errors());
  return truth_;
}

void Workload::proceed_to(const std::string& phase) {
  while (truth_["phase"] != phase) proceed();
}

namespace {

/// An emulated CPU takes seconds to clear maps of the default size, and every test starts the program again.
Arguments smaller_maps() {
  if (time_factor() <= 4) return {};
  return {"--max-connections", "4096", "--max-workers", "256", "--ring-bytes", "1048576"};
}

}  // namespace

Tracer::Tracer(const std::string& backend, const Arguments& arguments)
    : process_({.argv = Arguments{acceptscope_path(), "--backend", backend, "--view", "plain", "--output",
                                  directory_.file("dump.json"), "--log", directory_.file("log.jsonl")} +
                        smaller_maps() + arguments}) {}

bool Tracer::starts() {
  // Tracing has begun when the first block of the live view appears.
  if (process_.collect_until([&] { return !process_.output().empty(); })) return true;
  if (process_.exit_status() == kCannotHere) return false;
  throw std::runtime_error(fmt::format("acceptscope does not start: exit status {}, {}",
                                       process_.exit_status().value_or(-1), process_.errors()));
}

std::string Tracer::refusal() const { return process_.errors(); }

Traced Tracer::stop(std::optional<int> signal) {
  if (signal) process_.signal(*signal);
  Traced traced;
  traced.exit_status = process_.wait();
  traced.output = process_.output();
  traced.errors = process_.errors();
  traced.dump = json::parse(read_file(directory_.file("dump.json")), nullptr, false);
  if (traced.dump.is_discarded()) traced.dump = nullptr;
  std::istringstream lines(read_file(directory_.file("log.jsonl")));
  for (std::string line; std::getline(lines, line);) traced.log.push_back(json::parse(line));
  return traced;
}

Outcome trace(const std::string& backend, const Plan& plan) {
  Workload workload(plan.workload);
  if (plan.queued_before) workload.proceed();
  Tracer tracer(backend, Arguments{"--port", workload.ports()} + plan.tracer);
  if (!tracer.starts()) return {.refusal = tracer.refusal()};
  Outcome outcome;
  outcome.truth = workload.make_traffic();
  if (plan.finish_while_traced) outcome.truth = workload.finish();
  outcome.traced = tracer.stop();
  if (!plan.finish_while_traced) workload.finish();
  return outcome;
}

std::uint64_t programs_skipped(const json& dump) {
  return dump.is_null() ? 0 : dump["losses"].value("program_skipped", std::uint64_t{0});
}

Outcome play_until(const std::function<bool(const Outcome&)>& suits, int attempts,
                   const std::function<Outcome()>& scene) {
  Outcome outcome = scene();
  for (int i = 1; i < attempts && !suits(outcome); ++i) outcome = scene();
  return outcome;
}

Outcome undisturbed(const std::function<Outcome()>& scene) {
  return play_until([](const Outcome& outcome) { return programs_skipped(outcome.traced.dump) == 0; }, 5, scene);
}

bool backend_is_required(const std::string& backend) {
  const std::string list = path_from("ACCEPTSCOPE_REQUIRED_BACKENDS", "");
  return fmt::format(",{},", list).find(fmt::format(",{},", backend)) != std::string::npos;
}

int kernel_version() {
  utsname name{};
  uname(&name);
  int major = 0;
  int minor = 0;
  return std::sscanf(name.release, "%d.%d", &major, &minor) == 2 ? major * 100 + minor : 0;
}

bool knows_writes(const std::string& backend) { return backend != "tracepoint" || kernel_version() >= 603; }

void BackendTest::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_TRUE(std::filesystem::exists(acceptscope_path()))
      << "no program at '" << acceptscope_path() << "'; ACCEPTSCOPE names it";
}

std::string backend_name(const testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace acceptscope::test
