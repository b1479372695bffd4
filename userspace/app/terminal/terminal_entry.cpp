// SPDX-License-Identifier: BSD-2-Clause
#include "app/terminal/terminal_entry.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "util/unique_fd.hpp"

namespace acceptscope {
namespace {

struct BuiltIn {
  std::string_view name, hex;
};
constexpr BuiltIn kBuiltIn[] = {
#include "terminal_entries.inc"
};

constexpr std::array kDirectories = {"/etc/terminfo",
                                     "/lib/terminfo",
                                     "/usr/share/terminfo",
                                     "/usr/lib/terminfo",
                                     "/usr/share/lib/terminfo",
                                     "/usr/share/misc/terminfo",
                                     "/usr/local/share/terminfo",
                                     "/run/current-system/sw/share/terminfo"};

constexpr std::size_t kLargestEntry = 32768;  // of ncurses (MAX_ENTRY_SIZE)

/// A regular file of a size that an entry may have.
std::optional<std::string> read_entry(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  std::string entry(kLargestEntry + 1, '\0');
  const ssize_t size = ::read(fd.get(), entry.data(), entry.size());
  if (size <= 0 || static_cast<std::size_t>(size) > kLargestEntry) return std::nullopt;
  entry.resize(static_cast<std::size_t>(size));
  return entry;
}

std::string hex_of(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) fmt::format_to(std::back_inserter(hex), "{:02X}", static_cast<unsigned char>(byte));
  return hex;
}

constexpr const char* kVariable = "TERMINFO";

}  // namespace

const std::span<const char* const> kTerminfoDirectories = kDirectories;

std::optional<std::string> terminal_entry(const std::string& name, std::span<const char* const> directories) {
  if (name.empty() || name.starts_with('.') || name.find('/') != std::string::npos) return std::nullopt;
  const auto initial = static_cast<unsigned char>(name[0]);
  for (const char* directory : directories)
    for (const std::string& folder :
         {std::string(1, name[0]), fmt::format("{:02x}", initial)})  // case ignored: by code
      if (const auto entry = read_entry(fmt::format("{}/{}/{}", directory, folder, name)))
        return "hex:" + hex_of(*entry);
  for (const BuiltIn& entry : kBuiltIn)
    if (entry.name == name) return fmt::format("hex:{}", entry.hex);
  return std::nullopt;
}

EntryForCurses::EntryForCurses(const std::string& entry) {
  if (const char* const value = std::getenv(kVariable); value != nullptr) before_ = value;
  setenv(kVariable, entry.c_str(), 1);
}

EntryForCurses::~EntryForCurses() {
  if (before_)
    setenv(kVariable, before_->c_str(), 1);
  else
    unsetenv(kVariable);
}

}  // namespace acceptscope
