// SPDX-License-Identifier: BSD-2-Clause
#include "util/privileges.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace acceptscope {
namespace {

/// Capability sets, one bit per capability.
struct Sets {
  std::uint64_t effective = 0;
  std::uint64_t permitted = 0;
  std::uint64_t inheritable = 0;
};

using Words = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

std::uint64_t joined(std::uint32_t low, std::uint32_t high) { return low | static_cast<std::uint64_t>(high) << 32; }

Sets read_sets() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  Words words{};
  if (syscall(SYS_capget, &header, words.data()) != 0) return {};
  return {joined(words[0].effective, words[1].effective), joined(words[0].permitted, words[1].permitted),
          joined(words[0].inheritable, words[1].inheritable)};
}

bool write_sets(const Sets& sets) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  Words words{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i].effective = static_cast<std::uint32_t>(sets.effective >> (32 * i));
    words[i].permitted = static_cast<std::uint32_t>(sets.permitted >> (32 * i));
    words[i].inheritable = static_cast<std::uint32_t>(sets.inheritable >> (32 * i));
  }
  return syscall(SYS_capset, &header, words.data()) == 0;
}

std::uint64_t bits_of(std::initializer_list<int> capabilities) {
  std::uint64_t bits = 0;
  for (const int capability : capabilities) bits |= std::uint64_t{1} << capability;
  return bits;
}

}  // namespace

Result<void> drop_privileges(std::initializer_list<int> in_force, std::initializer_list<int> in_reserve) {
  const std::uint64_t permitted = read_sets().permitted & (bits_of(in_force) | bits_of(in_reserve));
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !write_sets({permitted & bits_of(in_force), permitted, 0}))
    return system_failure(errno, "cannot give up privileges");
  return {};
}

RaisedCapabilities::RaisedCapabilities(std::initializer_list<int> capabilities) {
  Sets sets = read_sets();
  before_ = sets.effective;
  sets.effective |= sets.permitted & bits_of(capabilities);
  if (sets.effective != before_) static_cast<void>(write_sets(sets));
}

RaisedCapabilities::~RaisedCapabilities() {
  Sets sets = read_sets();
  if (sets.effective == before_) return;
  sets.effective = before_;
  static_cast<void>(write_sets(sets));
}

}  // namespace acceptscope
