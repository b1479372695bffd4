// SPDX-License-Identifier: BSD-2-Clause
// An arbitrary condition of --fail-if: it is parsed, or refused with one line.
#include <string>

#include "model/condition.hpp"
#include "target.hpp"

using namespace acceptscope;
using fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Result<Condition> condition = parse_condition(text);
  if (!condition) {
    promise(!condition.error().message().raw().empty(), "an error says something");
    return 0;
  }
  promise(text.find(condition->text) != std::string::npos, "a condition keeps its words");
  promise(condition->left.figure != nullptr || condition->right.figure != nullptr, "a condition asks for a figure");
  return 0;
}
