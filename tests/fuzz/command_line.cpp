// SPDX-License-Identifier: BSD-2-Clause
// A command line of arbitrary words, one per line of the input: yields options, or one line with the error.
#include <string>
#include <variant>
#include <vector>

#include "cli/options.hpp"
#include "target.hpp"

using namespace acceptscope;
using fuzz::promise;

namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words{"acceptscope"};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    words.emplace_back(text.substr(0, std::min(end, text.find('\0'))));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

void expect_one_line(const cli::ExitNow& refusal) {
  promise(refusal.status == 2, "a usage error is status 2");
  promise(refusal.text.starts_with("acceptscope: "), "it says who speaks");
  promise(refusal.text.find('\n') == refusal.text.size() - 1, "a usage error is one line");
  promise(fuzz::is_tame(refusal.text), "a usage error has no control characters");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> words = words_of({reinterpret_cast<const char*>(data), size});
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  const auto parsed = cli::parse(static_cast<int>(argv.size()), argv.data());
  if (const auto* refusal = std::get_if<cli::ExitNow>(&parsed)) {
    if (refusal->to_stderr)
      expect_one_line(*refusal);
    else
      promise(refusal->status == 0, "help and version are no errors");
    return 0;
  }
  const auto& options = std::get<cli::Options>(parsed);
  promise(options.interval.count() > 0 && options.window.count() > 0, "times are positive");
  promise(!options.duration || options.duration->count() > 0, "a duration is positive");
  promise(options.capacity.connections > 0 && options.capacity.ring_bytes >= 4096, "sizes are usable");
  return 0;
}
