// SPDX-License-Identifier: BSD-2-Clause
/// Which system calls this process may still make: a filter in the kernel (seccomp), in force until the process ends.
#pragma once

#include <cstddef>

#include "util/result.hpp"

namespace acceptscope {

/// Leaves this process what a run needs once everything is attached: to read maps and /proc, to write outputs, to use
/// the terminal, to talk over what is open already. No new program, process, thread or socket, no mount, no look into
/// the memory of others. Every other call fails with ENOSYS, and changes nothing. Needs no_new_privs: see
/// drop_privileges(). Returns how many calls are left; an error if the kernel has no filters, and then nothing changed.
[[nodiscard]] Result<std::size_t> filter_system_calls();

}  // namespace acceptscope
