// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace acceptscope {

/// A bar of `part` of `whole`, at most `width` columns, in eighths of a column (ASCII: in whole ones); never empty when
/// `part` is not 0. Not padded.
[[nodiscard]] std::string bar(double part, double whole, std::size_t width, bool ascii);

/// One column that stands for `part` of `whole`: one of eight heights, the lowest for all that is not 0, the highest
/// for `whole`. 0 is a dot.
[[nodiscard]] std::string spark(std::uint64_t part, std::uint64_t whole, bool ascii);

/// 0 for nothing, 1 to 8: the height of spark().
[[nodiscard]] std::size_t spark_level(std::uint64_t part, std::uint64_t whole);

}  // namespace acceptscope
