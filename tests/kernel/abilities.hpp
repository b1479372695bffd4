// SPDX-License-Identifier: BSD-2-Clause
/// What this kernel can do, for tests that need it.
#pragma once

#include <liburing.h>

#include <optional>
#include <string>

namespace acceptscope::test {

/// The reason why there is no Multipath TCP here, if so.
[[nodiscard]] std::optional<std::string> no_mptcp();

/// Why LD_PRELOAD has no effect on `program`, the path of an ELF file; nothing if it has.
[[nodiscard]] std::optional<std::string> takes_no_preloaded_library(const std::string& program);

/// An io_uring instance, destroyed with the object.
struct Ring {
  io_uring ring{};
  int error = io_uring_queue_init(4, &ring, 0);  ///< 0, or a negative errno
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() {
    if (error == 0) io_uring_queue_exit(&ring);
  }
};

}  // namespace acceptscope::test
