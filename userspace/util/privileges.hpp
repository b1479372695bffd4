// SPDX-License-Identifier: BSD-2-Clause
/// What this process may do: less, once everything is attached. The user stays who it is (root, as a rule).
#pragma once

#include <cstdint>
#include <initializer_list>

#include "util/result.hpp"

namespace acceptscope {

/// Gives up, for good, every capability that is in neither list, and what execve() could give back (no_new_privs: a
/// child that needs privileges is started before). Those of `in_force` stay in effect; those of `in_reserve` are in
/// effect only while a RaisedCapabilities has them. Numbers are those of linux/capability.h; what the process does not
/// have it does not get.
[[nodiscard]] Result<void> drop_privileges(std::initializer_list<int> in_force, std::initializer_list<int> in_reserve);

/// Capabilities in effect while this object lives, as far as they are permitted.
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
