// SPDX-License-Identifier: BSD-2-Clause
#include "capture/wait_functions.hpp"

#include <charconv>
#include <fstream>
#include <string_view>
#include <utility>

namespace acceptscope {
namespace {

/// The address in "ffffffff816f6d00 t pollwake", if that is the name; a module's symbol has its name after a tab.
std::uint64_t address_in(std::string_view line, std::string_view name) {
  const std::size_t end = line.find(' ');
  if (end == std::string_view::npos || line.size() != end + 3 + name.size() || !line.ends_with(name)) return 0;
  std::uint64_t address = 0;
  const char* const last = line.data() + end;
  return std::from_chars(line.data(), last, address, 16).ptr == last ? address : 0;
}

}  // namespace

WaitFunctions read_wait_functions(const std::string& kallsyms) {
  WaitFunctions found;
  const std::pair<std::string_view, std::uint64_t&> wanted[] = {{"ep_poll_callback", found.epoll},
                                                                {"pollwake", found.poll},
                                                                {"io_poll_wake", found.uring[0]},
                                                                {"io_async_wake", found.uring[1]}};
  std::ifstream file(kallsyms, std::ios::binary);
  for (std::string line; std::getline(file, line);)
    for (const auto& [name, address] : wanted)
      if (address == 0) address = address_in(line, name);
  return found;
}

}  // namespace acceptscope
