// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "util/result.hpp"

namespace acceptscope {

/// Calls `each(key, value)` for every entry of a BPF hash map, many per system call (BPF_MAP_LOOKUP_BATCH, 5.6).
/// Entries that are added or deleted meanwhile may be missed.
template <class Key, class Value, class Each>
Result<void> for_each_entry(int map_fd, const std::string& name, Each&& each) {
  constexpr std::size_t kBatchBytes = std::size_t{512} * 1024;  // few system calls for many entries
  constexpr auto kLargest =
      static_cast<std::uint32_t>(std::max<std::size_t>(kBatchBytes / (sizeof(Key) + sizeof(Value)), 64));
  std::uint32_t room = 0;  // most maps hold few entries: touch no more memory than these need
  std::unique_ptr<Key[]> keys;
  std::unique_ptr<Value[]> values;
  const auto make_room = [&](std::uint32_t entries) {
    if (entries <= room) return;
    room = entries;
    keys = std::make_unique_for_overwrite<Key[]>(room);
    values = std::make_unique_for_overwrite<Value[]>(room);
  };
  std::uint32_t position = 0;
  bool first = true;
  make_room(64);
  for (;;) {
    std::uint32_t count = room;
    std::uint32_t next = 0;
    const int error =
        bpf_map_lookup_batch(map_fd, first ? nullptr : &position, &next, keys.get(), values.get(), &count, nullptr);
    if (error == -ENOSPC) {  // a hash bucket holds more entries than fit: read it again with more room
      make_room(room * 2);
      continue;
    }
    if (error != 0 && error != -ENOENT) return system_failure(error, "cannot read BPF map " + name);
    for (std::uint32_t i = 0; i < count; ++i) each(keys[i], values[i]);
    if (error == -ENOENT) return {};  // that was the last batch
    position = next;
    first = false;
    make_room(std::min(room * 4, kLargest));
  }
}

/// Appends `to_counters(key, number, row)` to `out` for every entry of a map; `row_of(value)` is the number of its row
/// in the array map `rows`.
template <class Key, class Value, class Row, class Counters, class RowOf, class ToCounters>
Result<void> read_rows(const bpf_map* map, const bpf_map* rows, std::vector<Counters>& out, RowOf&& row_of,
                       ToCounters&& to_counters) {
  Result<void> failed;
  const auto read =
      for_each_entry<Key, Value>(bpf_map__fd(map), bpf_map__name(map), [&](const Key& key, const Value& value) {
        const std::uint32_t number = row_of(value);
        Row row;
        const int error = bpf_map_lookup_elem(bpf_map__fd(rows), &number, &row);
        if (error == 0) return out.push_back(to_counters(key, number, row));
        failed = system_failure(error, std::string("cannot read BPF map ") + bpf_map__name(rows));
      });
  return read ? failed : read;
}

}  // namespace acceptscope
