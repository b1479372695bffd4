// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "util/result.hpp"

namespace acceptscope {

/// Calls `each(key, value)` for every entry of a BPF hash map, many per system call (BPF_MAP_LOOKUP_BATCH, 5.6).
/// Entries that come or go meanwhile may be missed.
template <class Key, class Value, class Each>
Result<void> for_each_entry(int map_fd, const std::string& name, Each&& each) {
  constexpr std::size_t kBatchBytes = std::size_t{512} * 1024;  // few system calls for many entries, little memory for large ones
  auto capacity = static_cast<std::uint32_t>(std::clamp<std::size_t>(kBatchBytes / (sizeof(Key) + sizeof(Value)), 64, 4096));
  std::vector<Key> keys(capacity);
  std::vector<Value> values(capacity);
  std::uint32_t position = 0;
  bool first = true;
  for (;;) {
    std::uint32_t count = capacity;
    std::uint32_t next = 0;
    const int error =
        bpf_map_lookup_batch(map_fd, first ? nullptr : &position, &next, keys.data(), values.data(), &count, nullptr);
    if (error == -ENOSPC) {  // a bucket of the hash holds more than fits: again from the same place with more room
      capacity *= 2;
      keys.resize(capacity);
      values.resize(capacity);
      continue;
    }
    if (error != 0 && error != -ENOENT) return system_failure(error, "cannot read BPF map " + name);
    for (std::uint32_t i = 0; i < count; ++i) each(keys[i], values[i]);
    if (error == -ENOENT) return {};  // that was the last batch
    position = next;
    first = false;
  }
}

}  // namespace acceptscope
