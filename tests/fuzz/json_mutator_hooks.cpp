// SPDX-License-Identifier: BSD-2-Clause
// libFuzzer's hooks: three of four changes keep the text JSON, the others change its bytes.
#include <algorithm>
#include <cstring>
#include <string_view>

#include "json_mutator.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

using acceptscope::fuzz::Dice;

/// Changes a string in place, which has room to grow.
std::string by_bytes(std::string text) {
  const std::size_t size = text.size();
  text.resize(size + 64);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, text.size()));
  return text;
}

/// The new size; 0 if `text` is empty or too long.
std::size_t put(const std::string& text, std::uint8_t* out, std::size_t max_size) {
  if (text.size() > max_size) return 0;
  std::copy(text.begin(), text.end(), out);
  return text.size();
}

std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed) {
  Dice dice(seed);
  std::size_t changed = 0;
  if (dice() % 4 != 0) changed = put(acceptscope::fuzz::mutate_json(view(data, size), dice, by_bytes), data, max_size);
  return changed > 0 ? changed : LLVMFuzzerMutate(data, size, max_size);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1, std::size_t size1,
                                                 const std::uint8_t* data2, std::size_t size2, std::uint8_t* out,
                                                 std::size_t max_out_size, unsigned int seed) {
  Dice dice(seed);
  return put(acceptscope::fuzz::cross_json(view(data1, size1), view(data2, size2), dice), out, max_out_size);
}
