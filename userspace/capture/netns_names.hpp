// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "util/outside_text.hpp"

namespace acceptscope {

/// Names of network namespaces, as ip-netns(8) keeps them: mounts in /run/netns.
class NetnsNames {
 public:
  /// \param root the host's root directory, "" for "/"
  explicit NetnsNames(std::string root) : directory_(std::move(root) + "/run/netns") {}

  /// The names of those of `wanted` (inode numbers) that have one. The directory is read only if one of them is new.
  [[nodiscard]] const std::map<std::uint32_t, OutsideText>& of(const std::set<std::uint32_t>& wanted);

 private:
  std::string directory_;
  std::set<std::uint32_t> looked_for_;
  std::map<std::uint32_t, OutsideText> names_;
};

}  // namespace acceptscope
