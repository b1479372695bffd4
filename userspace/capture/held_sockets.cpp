// SPDX-License-Identifier: BSD-2-Clause
#include "capture/held_sockets.hpp"

#include <fstream>
#include <string_view>
#include <system_error>

#include "util/parse_number.hpp"

namespace acceptscope {
void for_each_socket(const std::filesystem::path& process, const std::function<void(std::uint64_t)>& each) {
  constexpr std::string_view start = "socket:[";
  std::error_code error;
  for (std::filesystem::directory_iterator fd(process / "fd", error), end; !error && fd != end; fd.increment(error)) {
    std::error_code unreadable;
    const std::string target = std::filesystem::read_symlink(fd->path(), unreadable);
    if (unreadable || !target.starts_with(start) || !target.ends_with(']')) continue;
    const std::string_view inode = std::string_view(target).substr(start.size(), target.size() - start.size() - 1);
    if (const auto number = parse_number<std::uint64_t>(inode)) each(*number);
  }
}

void for_each_process(const std::string& proc, Nanoseconds budget,
                      const std::function<void(std::uint32_t, const std::filesystem::path&)>& each) {
  const MonotonicTime deadline = monotonic_now() + budget;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(proc, error), end; !error && entry != end; entry.increment(error)) {
    if (monotonic_now() >= deadline) break;
    if (const auto pid = parse_number<std::uint32_t>(entry->path().filename().string())) each(*pid, entry->path());
  }
}

std::string comm_of(const std::filesystem::path& process) {
  std::ifstream file(process / "comm");
  std::string comm;
  std::getline(file, comm);
  return comm;
}

}  // namespace acceptscope
