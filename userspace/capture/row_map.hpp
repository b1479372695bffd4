// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "util/result.hpp"

namespace acceptscope {

/// An array map of totals, read where it lies: its pages are mapped, and a row is no system call (BPF_F_MMAPABLE, 5.5).
template <class Row>
class RowMap {
 public:
  /// Maps `rows`, and enters all of them into `free_rows`, from which the programs take them.
  [[nodiscard]] static Result<RowMap> open(const bpf_map* rows, const bpf_map* free_rows) {
    const std::uint32_t count = bpf_map__max_entries(rows);
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t size = (std::size_t{count} * sizeof(Row) + page - 1) / page * page;
    void* start = mmap(nullptr, size, PROT_READ, MAP_SHARED, bpf_map__fd(rows), 0);
    if (start == MAP_FAILED)
      return system_failure(errno, std::string("cannot map the BPF map ") + bpf_map__name(rows));
    RowMap map(start, size);
    std::vector<std::uint32_t> keys(count);
    std::iota(keys.begin(), keys.end(), 0u);
    const std::vector<std::uint8_t> ones(count, 1);
    std::uint32_t entered = count;
    const int error = bpf_map_update_batch(bpf_map__fd(free_rows), keys.data(), ones.data(), &entered, nullptr);
    if (error != 0) return system_failure(error, std::string("cannot fill the BPF map ") + bpf_map__name(free_rows));
    return map;
  }

  RowMap(RowMap&& other) noexcept : start_(std::exchange(other.start_, nullptr)), size_(other.size_) {}
  RowMap& operator=(RowMap&& other) noexcept {
    std::swap(start_, other.start_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~RowMap() {
    if (start_ != nullptr) munmap(start_, size_);
  }

  /// A copy: the kernel goes on counting. `row` is below the map's number of entries.
  [[nodiscard]] Row at(std::uint32_t row) const { return static_cast<const Row*>(start_)[row]; }

 private:
  RowMap(void* start, std::size_t size) : start_(start), size_(size) {}

  void* start_;
  std::size_t size_;
};

}  // namespace acceptscope
