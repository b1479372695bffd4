// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace acceptscope {

/// Addresses of the kernel functions by which an entry of a wait queue tells what waits; 0 if not known.
struct WaitFunctions {
  std::uint64_t epoll = 0;               ///< ep_poll_callback()
  std::uint64_t poll = 0;                ///< pollwake(), of poll() and select()
  std::array<std::uint64_t, 2> uring{};  ///< io_poll_wake(), and until 5.17 io_async_wake()
  /// Whether epoll sets and callers of poll() can be told; a kernel may lack io_uring.
  [[nodiscard]] bool known() const { return epoll != 0 && poll != 0; }
};

/// From /proc/kallsyms, which shows zeros to those who may not know addresses (kptr_restrict, CAP_SYSLOG).
[[nodiscard]] WaitFunctions read_wait_functions(const std::string& kallsyms);

}  // namespace acceptscope
