// SPDX-License-Identifier: BSD-2-Clause
#include "abilities.hpp"

#include <elf.h>

#include <fstream>
#include <string>

namespace acceptscope::test {

std::optional<std::string> no_mptcp() {
  std::ifstream enabled("/proc/sys/net/mptcp/enabled");
  char value = '0';
  if (enabled >> value && value == '1') return std::nullopt;
  return "this kernel has no Multipath TCP, or it is switched off";
}

std::optional<std::string> takes_no_preloaded_library(const std::string& program) {
  std::ifstream file(program, std::ios::binary);
  Elf64_Ehdr header{};
  Elf64_Phdr segment{};
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return program + " cannot be read";
  for (int i = 0; i < header.e_phnum; ++i) {
    file.seekg(static_cast<std::streamoff>(header.e_phoff + static_cast<std::size_t>(i) * sizeof segment));
    if (file.read(reinterpret_cast<char*>(&segment), sizeof segment) && segment.p_type == PT_INTERP)
      return std::nullopt;
  }
  return "the program is linked statically: no library can be preloaded into it";
}

}  // namespace acceptscope::test
