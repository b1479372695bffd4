// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace acceptscope {

/// A bar of `part` of `whole`, at most `width` columns, in eighths of a column (ASCII: in whole columns); never empty
/// if `part` is not 0. Not padded.
[[nodiscard]] std::string bar(double part, double whole, std::size_t width, bool ascii);

/// One column that shows `part` of `whole` by one of eight heights: the lowest for the smallest values above 0, the
/// highest for `whole`. 0 is a dot.
[[nodiscard]] std::string spark(std::uint64_t part, std::uint64_t whole, bool ascii);

/// The height of spark(): 0 for nothing, otherwise 1 to 8.
[[nodiscard]] std::size_t spark_level(std::uint64_t part, std::uint64_t whole);

}  // namespace acceptscope
