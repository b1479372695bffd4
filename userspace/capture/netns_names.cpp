// SPDX-License-Identifier: BSD-2-Clause
#include "capture/netns_names.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace acceptscope {
namespace {

constexpr std::size_t kMostNames = 16384;

}  // namespace

const std::map<std::uint32_t, OutsideText>& NetnsNames::of(const std::set<std::uint32_t>& wanted) {
  if (std::ranges::includes(looked_for_, wanted)) return names_;
  looked_for_ = wanted;
  names_.clear();
  std::error_code error;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator entry(directory_, error), end; !error && entry != end;
       entry.increment(error)) {
    if (++count > kMostNames) break;
    struct stat info {};
    if (stat(entry->path().c_str(), &info) != 0 || !wanted.contains(static_cast<std::uint32_t>(info.st_ino))) continue;
    names_.emplace(static_cast<std::uint32_t>(info.st_ino), entry->path().filename().string());
  }
  return names_;
}

}  // namespace acceptscope
