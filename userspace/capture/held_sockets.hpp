// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "util/clock.hpp"

namespace acceptscope {

/// Calls `each` with the inode number of every socket that the process holds. \param process its directory in /proc
void for_each_socket(const std::filesystem::path& process, const std::function<void(std::uint64_t inode)>& each);

/// Calls `each` with the pid and the directory of every process in /proc, until `budget` is over.
void for_each_process(const std::string& proc, Nanoseconds budget,
                      const std::function<void(std::uint32_t pid, const std::filesystem::path& directory)>& each);

/// The command name; empty if it cannot be read.
[[nodiscard]] std::string comm_of(const std::filesystem::path& process);

}  // namespace acceptscope
