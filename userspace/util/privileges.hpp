// SPDX-License-Identifier: BSD-2-Clause
/// Privileges of this process: reduced once everything is attached. The user stays the same (usually root).
#pragma once

#include <cstdint>
#include <initializer_list>

#include "util/result.hpp"

namespace acceptscope {

/// Permanently drops every capability that is in neither list, and the ability to regain one in execve()
/// (no_new_privs: start children that need privileges before). Capabilities of `in_force` stay in effect; those of
/// `in_reserve` are in effect only while a RaisedCapabilities holds them. The numbers are from linux/capability.h.
/// Capabilities that the process does not have are not added.
[[nodiscard]] Result<void> drop_privileges(std::initializer_list<int> in_force, std::initializer_list<int> in_reserve);

/// Puts capabilities into effect while this object lives, if they are permitted.
class RaisedCapabilities {
 public:
  explicit RaisedCapabilities(std::initializer_list<int> capabilities);
  RaisedCapabilities(const RaisedCapabilities&) = delete;
  RaisedCapabilities& operator=(const RaisedCapabilities&) = delete;
  ~RaisedCapabilities();

 private:
  std::uint64_t before_ = 0;
};

}  // namespace acceptscope
