// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace acceptscope {

/// Allocator for vectors of many megabytes that grow while the host is busy. The kernel backs their memory with 2 MiB
/// pages instead of 4 KiB ones; a page fault costs more than processing the record that triggers it.
/// This is only advice (madvise(2), MADV_HUGEPAGE): without huge pages it behaves like any other allocator.
template <class T>
struct HugePageAllocator {
  using value_type = T;

  HugePageAllocator() = default;
  template <class U>
  explicit HugePageAllocator(const HugePageAllocator<U>&) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    const std::size_t bytes = (count * sizeof(T) + kPage - 1) / kPage * kPage;
    void* const start = count > max_count() ? nullptr : std::aligned_alloc(kPage, bytes);
    if (start == nullptr) throw std::bad_alloc();
    static_cast<void>(madvise(start, bytes, MADV_HUGEPAGE));
    return static_cast<T*>(start);
  }
  void deallocate(T* start, std::size_t) { std::free(start); }

  bool operator==(const HugePageAllocator&) const = default;

 private:
  static constexpr std::size_t kPage = std::size_t{2} << 20;
  static constexpr std::size_t max_count() { return (static_cast<std::size_t>(-1) - kPage) / sizeof(T); }
};

}  // namespace acceptscope
