// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace workload {

/// An operation that the workload cannot perform, with the reason. Ends the program with status 1.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void fail_with_errno(const std::string& what) {
  throw Failure(what + ": " + std::error_code(errno, std::generic_category()).message());
}

}  // namespace workload
