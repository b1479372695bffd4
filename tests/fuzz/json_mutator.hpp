// SPDX-License-Identifier: BSD-2-Clause
/// Changes to JSON texts that leave them JSON: a change of random bytes in a dump is refused by the parser as a rule,
/// and never comes to the code that reads fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>

namespace acceptscope::fuzz {

using Dice = std::minstd_rand;

/// Changes some bytes of a text, as the fuzzer likes.
using Bytewise = std::function<std::string(std::string)>;

/// `text` with one to four values, elements or members changed; nothing if it is no JSON, or too deep to be treated.
[[nodiscard]] std::string mutate_json(std::string_view text, Dice& dice, const Bytewise& bytewise);

/// `text` with a value replaced by one of `other`, as a rule of the same name.
[[nodiscard]] std::string cross_json(std::string_view text, std::string_view other, Dice& dice);

}  // namespace acceptscope::fuzz
