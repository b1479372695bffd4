// SPDX-License-Identifier: BSD-2-Clause
// A random mix of everything that servers and clients do to one another. scripts/mix runs it for longer.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>

#include "mix_check.hpp"

namespace acceptscope::test {
namespace {

constexpr std::size_t kShown = 12;

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

/// ACCEPTSCOPE_MIX_SEED, or any.
std::uint64_t choose_seed() {
  const std::string given = variable("ACCEPTSCOPE_MIX_SEED");
  return given.empty() ? std::random_device{}() : std::stoull(given);
}

/// The program lies beside the workload, also in a guest.
std::string mix_path() { return std::filesystem::path(workload_path()).replace_filename("mix"); }

/// Scenes that this backend cannot tell on this kernel.
std::string beyond(const std::string& backend) {
  if (backend != "tracepoint" || kernel_version() >= 519) return "";
  // The tracepoint of io_uring was another one: such accepts are found by walking.
  if (kernel_version() >= 515) return "io-uring";
  // The listening socket of an accept is not known: it is told by the address alone, even where there were two in turn.
  return "io-uring,address-beside-wildcard";
}

std::string left_out(const std::string& backend) {
  const std::string given = variable("ACCEPTSCOPE_MIX_WITHOUT");
  const std::string known = beyond(backend);
  return given.empty() || known.empty() ? given + known : given + "," + known;
}

Arguments arguments(std::uint64_t seed, const std::string& backend) {
  Arguments list{mix_path(), "--seed", std::to_string(seed)};
  const auto pass = [&](const char* option, const std::string& value) {
    if (!value.empty()) list.insert(list.end(), {option, value});
  };
  const std::string scenes = variable("ACCEPTSCOPE_MIX_SCENES");
  pass("--scenes", scenes.empty() && time_factor() > 4 ? "8" : scenes);
  pass("--only", variable("ACCEPTSCOPE_MIX_ONLY"));
  pass("--scene", variable("ACCEPTSCOPE_MIX_SCENE"));
  pass("--without", left_out(backend));
  return list;
}

class Mix : public BackendTest {};

TEST_P(Mix, EveryConnectionIsReportedAsItsTwoSidesSawIt) {
  const std::uint64_t seed = choose_seed();
  const bool by_thread = seed % 4 == 3;
  RecordProperty("seed", std::to_string(seed));
  Process process({.argv = arguments(seed, backend())});
  const json ready = json::parse(process.read_line());
  Tracer tracer(backend(), {"--port", ready["ports"].get<std::string>(), "--by", by_thread ? "thread" : "process"});
  const bool starts = tracer.starts();
  SKIP_IF_REFUSED(!starts, tracer.refusal());
  process.write_line("go");
  json truth;
  do truth = json::parse(process.read_line());
  while (truth.contains("played"));
  const Traced traced = tracer.stop();
  process.write_line("go");

  ASSERT_FALSE(traced.dump.is_null()) << traced.errors;
  const MixCheck check(truth, traced, by_thread);
  std::cout << fmt::format("mix: seed {}, {}, {} connections, by {}, {} skipped programs, {} differences\n", seed,
                           backend(), truth["connections"].size(), by_thread ? "thread" : "process", check.skipped(),
                           check.differences().size());
  std::string shown;
  for (std::size_t i = 0; i < std::min(kShown, check.differences().size()); ++i) shown += check.differences()[i] + "\n";
  EXPECT_TRUE(check.differences().empty())
      << shown << "rerun: scripts/mix --seed " << seed << " --backend " << backend();
  EXPECT_EQ(process.wait(), 0) << process.errors();
}

INSTANTIATE_TEST_SUITE_P(, Mix, all_backends(), backend_name);

}  // namespace
}  // namespace acceptscope::test
