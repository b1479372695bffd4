// SPDX-License-Identifier: BSD-2-Clause
/// Completion scripts for shells, made of the tables of options and commands. Values that only the host knows (ports,
/// pids) the script asks of `acceptscope completion ports` and `pids`.
#pragma once

#include <string>

namespace acceptscope::manual {

[[nodiscard]] std::string bash_completion();
[[nodiscard]] std::string zsh_completion();
[[nodiscard]] std::string fish_completion();

}  // namespace acceptscope::manual
