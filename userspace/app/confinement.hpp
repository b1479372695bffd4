// SPDX-License-Identifier: BSD-2-Clause
/// What is left to a run once it is attached and its COMMAND has started: few capabilities, few system calls, and no
/// way to regain others (no_new_privs).
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "util/result.hpp"

namespace acceptscope {

struct Confinement {
  std::optional<std::size_t> system_calls;  ///< number that the kernel's filter allows; none without a filter
  OutsideText problem;                      ///< why there is no filter
};

/// Permanently confines this process. A kernel without filters of system calls is no error: then `problem` tells it.
[[nodiscard]] Result<Confinement> confine();

/// What confine() would leave to a run here, in words; tried by a child process, so that this one stays as it is.
[[nodiscard]] OutsideText confinement_here();

}  // namespace acceptscope
