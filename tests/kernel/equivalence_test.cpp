// SPDX-License-Identifier: BSD-2-Clause
// The same script gives the same dump, except for times, with every backend and kernel. The reference dump is in
// tests/data/kernel; UPDATE_GOLDEN=1 in the environment writes it instead of comparing. Unavoidable differences between
// kernels are listed in differences.json beside it, the source of the README's table.
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <regex>

#include "comparison.hpp"
#include "script.hpp"

namespace acceptscope::test {
namespace {

class Equivalence : public BackendTest {};

std::string data_file(const char* name) { return std::string(KERNEL_TEST_DATA) + "/" + name; }

json read_json(const std::string& path) {
  std::ifstream file(path);
  return json::parse(file);
}

/// Whether a difference at `path` (a JSON pointer) is listed for this backend. A row whose "path" is null concerns a
/// feature that the script omits, because it differs between kernels; other tests cover it.
bool is_named(const json& named, const std::string& backend, const std::string& path) {
  for (const json& row : named) {
    if (row.contains("before") && kernel_version() >= row["before"].get<int>()) continue;
    if (row["path"].is_null() || (row["backend"] != "all" && row["backend"] != backend)) continue;
    if (std::regex_match(path, std::regex(row["path"].get<std::string>()))) return true;
  }
  return false;
}

/// Where the kernel skipped programs, whether or not this made a difference, the verdict is not_told.
bool is_verdict(const std::string& path) {
  static const std::regex kVerdict("/services/[0-9]+/(findings|verdict)(/.*)?");
  return std::regex_match(path, kVerdict);
}

/// The unlisted differences between the two dumps, one per line.
std::string differences(const json& expected, const json& actual, const std::string& backend, bool were_skipped) {
  const json named = read_json(data_file("differences.json"));
  std::string text;
  for (const json& step : json::diff(expected, actual)) {
    const std::string path = step["path"].get<std::string>();
    if (is_named(named, backend, path) || (were_skipped && is_verdict(path))) continue;
    const json::json_pointer pointer(path);
    text += fmt::format("{} {}: expected {}, got {}\n", step["op"].get<std::string>(), path,
                        expected.contains(pointer) ? expected[pointer].dump() : "nothing",
                        step.contains("value") ? step["value"].dump() : "nothing");
  }
  return text;
}

// If the kernel skips programs, the script is repeated until no relevant one was skipped, up to a limit.
TEST_P(Equivalence, TheSameScriptGivesTheSameDump) {
  const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  Names names;
  json dump;
  std::string found;
  const auto suits = [&](const Outcome& outcome) {
    if (outcome.traced.exit_status != 0 || outcome.traced.dump.is_null()) return true;
    dump = without_times(outcome.traced.dump, names);
    dump["losses"]["program_skipped"] = 0;
    const bool were_skipped = programs_skipped(outcome.traced.dump) != 0;
    found = differences(read_json(data_file("script.json")), dump, backend(), were_skipped);
    return !were_skipped || (!update && found.empty());
  };
  const Outcome outcome = play_until(suits, 10, [&] { return trace_script(backend(), names = {}); });
  SKIP_IF_REFUSED(outcome.refusal, *outcome.refusal);
  ASSERT_EQ(outcome.traced.exit_status, 0) << outcome.traced.errors;
  ASSERT_FALSE(outcome.traced.dump.is_null()) << outcome.traced.errors;
  ASSERT_TRUE(suits(outcome)) << "the kernel skipped programs each time; last: " << found;
  if (update) {
    std::ofstream(data_file("script.json")) << dump.dump(1) << "\n";
    return;
  }
  EXPECT_EQ(found, "");
}

INSTANTIATE_TEST_SUITE_P(, Equivalence, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
